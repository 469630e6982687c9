"""The outbox under any order of events: relays that send, die, come too late, and operators in between."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flexsmt_site import clock, database
from flexsmt_site.extensions import db
from flexsmt_site.outbox import lease, rules, service
from flexsmt_site.outbox.lease import Claimed, LeaseLost
from flexsmt_site.outbox.message import Draft
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import Answer, Fate, State, Step

OVER = lease.LEASE + lease.DOUBT + timedelta(minutes=1)
OWNERS = st.sampled_from("abc")
ANSWERS = {
    "accepted": Answer(Step.DATA, 250),
    "refused": Answer(Step.RECIPIENT, 550),
    "later": Answer(Step.RECIPIENT, 451),
    "silence": Answer(Step.DATA, None),
    "own fault": Answer(Step.SENDER, 421),
}


class RolledBack(Exception):
    """The business transaction did not commit."""


@dataclass
class Known:
    """What the outside world knows of one mail."""

    kind: str
    taken: int = 0
    unknown: int = 0
    resent: int = 0
    gone: bool = False


@dataclass
class Relay:
    """A relay by its name, and the mails it believes to own."""

    name: str
    held: list[Claimed] = field(default_factory=list)


class OutboxMachine(RuleBasedStateMachine):
    """Real rows in a real database; the mail server and the time are the machine's."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = clock.now()
        self.mails: dict[int, Known] = {}
        self.relays: dict[str, Relay] = {}
        self.names = Counter[str]()

    @initialize()
    def begin(self) -> None:
        with database.write() as session:
            session.execute(delete(Mail))
        for owner in "abc":
            self.relays[owner] = Relay(owner)

    @rule(kind=st.sampled_from(["letter", "circular"]), commits=st.booleans())
    def receive(self, kind: str, commits: bool) -> None:  # noqa: FBT001 (Hypothesis names it)
        key = len(self.mails) + 1
        try:
            mail = service.freeze(
                kind=kind,
                dedupe_key=f"{self.names.total()}:{key}",
                message=Draft("Hello", "Text", "<p>Text</p>"),
                recipient="sales@example.com",
                now=self.now,
            )
            with database.write() as session:
                service.put(session, mail, subject_key=key)
                mail_id = session.scalars(select(Mail.id).where(Mail.dedupe_key == mail["dedupe_key"])).one()
                if not commits:
                    raise RolledBack
        except RolledBack:
            self.names["rolled back"] += 1
        else:
            self.mails[mail_id] = Known(kind)

    @rule(owner=OWNERS, limit=st.integers(1, 3))
    def claim(self, owner: str, limit: int) -> None:
        relay = self.relays[owner]
        claimed = lease.claim(relay.name, self.now, limit)
        for mail in claimed:
            assert not self.mails[mail.id].gone
            assert mail.raw
        relay.held += claimed

    @rule(owner=OWNERS, answer=st.sampled_from(sorted(ANSWERS)))
    def send(self, owner: str, answer: str) -> None:
        mail = self._begin_data(owner)
        if mail is None:
            return
        known = self.mails[mail.id]
        known.taken += answer == "accepted"
        known.unknown += answer == "silence"
        lease.settle(mail.id, self.relays[owner].name, self._fate(mail, answer), self.now)

    @rule(owner=OWNERS, taken=st.booleans())
    def die_in_data(self, owner: str, taken: bool) -> None:  # noqa: FBT001
        mail = self._begin_data(owner)
        if mail is not None:
            self.mails[mail.id].taken += taken
            self.mails[mail.id].unknown += 1
        self.die(owner)

    @rule(owner=OWNERS)
    def die(self, owner: str) -> None:
        self.names[owner] += 1
        self.relays[owner] = Relay(f"{owner}{self.names[owner]}")

    @rule(owner=OWNERS, other=OWNERS)
    def come_too_late(self, owner: str, other: str) -> None:
        """The server takes a mail, but its relay writes that down only when the lease is long over."""
        mail = self._begin_data(owner)
        if mail is None:
            return
        self.mails[mail.id].taken += 1
        self.mails[mail.id].unknown += 1
        self.now += OVER
        self.claim(other, 3)
        self.now += OVER
        self.claim(other, 3)
        lease.settle(mail.id, self.relays[owner].name, self._fate(mail, "accepted"), self.now)

    @rule(owner=OWNERS, other=OWNERS, hours=st.sampled_from([-1, 1]))
    def jump_in_data(self, owner: str, other: str, hours: int) -> None:
        """The clock jumps while a server takes a mail: nobody else may get it."""
        mail = self._begin_data(owner)
        if mail is None:
            return
        self.mails[mail.id].taken += 1
        self.now += timedelta(hours=hours)
        before = len(self.relays[other].held)
        self.claim(other, 20)
        assert mail.id not in [claimed.id for claimed in self.relays[other].held[before:]]
        assert lease.settle(mail.id, self.relays[owner].name, self._fate(mail, "accepted"), self.now)

    @rule(owner=OWNERS)
    def release(self, owner: str) -> None:
        lease.release(self.relays[owner].name)
        self.relays[owner].held = []

    @rule(minutes=st.sampled_from([1, 3, 6, 60, 300, -60]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(place=st.integers(0, 50))
    def resend(self, place: int) -> None:
        stopped = service.list_stopped()
        if stopped:
            mail_id = stopped[place % len(stopped)].id
            service.resend(str(mail_id), self.now)
            self.mails[mail_id].resent += 1

    @rule(place=st.integers(0, 50))
    def erase(self, place: int) -> None:
        rows = self._rows()
        if rows:
            row = rows[place % len(rows)]
            with database.write() as session:
                assert service.erase(session, row.kind, row.subject_key) == 1
            self.mails[row.id].gone = True

    @invariant()
    def rows_are_as_the_world_knows(self) -> None:
        rows = {row.id: row for row in self._rows()}
        assert set(rows) == {mail_id for mail_id, known in self.mails.items() if not known.gone}
        for mail_id, row in rows.items():
            known = self.mails[mail_id]
            assert (row.raw is None) == (row.state is State.ACCEPTED)
            assert (row.lease_owner is None) == (row.state is not State.SENDING)
            if row.state is State.ACCEPTED:
                assert known.taken
            assert known.kind == "circular" or row.state is not State.UNCERTAIN

    @invariant()
    def nothing_is_taken_more_often_than_its_kind_allows(self) -> None:
        for known in self.mails.values():
            again = known.unknown if known.kind == "letter" else 0
            assert known.taken <= 1 + again + known.resent

    def teardown(self) -> None:
        """Whatever happened: once a relay works undisturbed, nothing that may go is left behind."""
        if not self.relays:
            return
        self.relays["z"] = Relay("z")
        for _ in range(12):
            self.now += timedelta(hours=5)
            self.claim("z", 100)
            while self.relays["z"].held:
                self.send("z", "accepted")
        for row in self._rows():
            assert row.state not in rules.WAITING
            known = self.mails[row.id]
            stopped = known.unknown if known.kind == "circular" else 0
            assert row.state in (State.ACCEPTED, State.FAILED, State.DEAD) or stopped

    def _begin_data(self, owner: str) -> Claimed | None:
        relay = self.relays[owner]
        while relay.held:
            mail = relay.held.pop(0)
            try:
                lease.mark_in_data(mail.id, relay.name, self.now)
            except LeaseLost:
                continue
            return mail
        return None

    def _fate(self, mail: Claimed, answer: str) -> Fate:
        return rules.fate(ANSWERS[answer], mail.course, self.now, 0.5)

    def _rows(self) -> list[Mail]:
        with Session(db.engine) as session:
            return list(session.scalars(select(Mail).order_by(Mail.id)))

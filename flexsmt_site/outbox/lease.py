"""Who owns a mail while it is being sent: due, claimed, in data, settled.

The relay's side of the outbox. Each verb is one short transaction, so that none is open
while a server is spoken to.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Update, update
from sqlalchemy.orm import Session

from flexsmt_site import database
from flexsmt_site.extensions import db
from flexsmt_site.outbox import kinds, rules, statements
from flexsmt_site.outbox.models import TEXT_LENGTH, Mail
from flexsmt_site.outbox.rules import Course, Fate, Phase, State

#: Renewed by a relay that works. A conversation that takes longer loses the mail, and then sends nothing.
LEASE = timedelta(minutes=5)
#: A lease that is younger needs no renewal.
FRESH = timedelta(seconds=30)
#: A mail in data is left alone for this much longer, counted from when somebody saw its lease ended. From
#: the mark to the last answer it is two minutes at most, so a clock that jumps can not make a mail go twice.
DOUBT = timedelta(minutes=3)
_SLACK = timedelta(minutes=1)
#: No mail waits longer than this for its next attempt: where one seems to, the clock went back.
_LONGEST_WAIT = rules.LONGEST_WAIT * (1 + rules.JITTER) + _SLACK

_Row = Row[*tuple[Any, ...]]
#: Opens a transaction for one statement: ``database.writing``, or what ``database.single_writes`` gives.
Begin = Callable[[], AbstractContextManager[Connection]]


class LeaseLost(RuntimeError):
    """Another relay owns the mail: it must not be sent by this one."""


@dataclass(frozen=True)
class Claimed:
    """A mail that one relay owns until its lease ends."""

    id: int
    kind: str
    sender: str
    recipient: str
    raw: bytes
    course: Course


def is_due(now: datetime) -> bool:
    """Say whether a relay has anything to do; reads only, so it may be asked every second."""
    with db.engine.connect() as connection:
        return bool(connection.scalar(statements.IS_DUE, _moments(now)))


def claim(owner: str, now: datetime, limit: int = 20) -> list[Claimed]:
    """Take up to ``limit`` due mails for ``owner``, most urgent first.

    No other relay gets them before the lease ends. Mails that their kind wants no longer are
    cancelled here, expired ones are given up, and those of vanished relays get their fate.
    """
    moments = _moments(now)
    with database.write() as session:
        connection = session.connection()
        _recover(connection, moments, now)
        for statement in (statements.GIVE_UP, *statements.BRING_BACK):
            connection.execute(statement, moments)
        taken = _take(connection, {**moments, "owner": owner, "until": now + LEASE}, limit)
        wanted = _cancel_unwanted(session, taken)
    wanted.sort(key=lambda mail: (mail.priority, mail.not_before, mail.id))
    return [
        Claimed(mail.id, mail.kind, mail.sender, mail.recipient, mail.raw or b"", _course(mail))
        for mail in wanted
    ]


def renew(owner: str, now: datetime) -> None:
    """Prolong the leases of what ``owner`` has claimed and not begun to send."""
    with database.writing() as connection:
        connection.execute(statements.RENEW, {"owner": owner, "until": now + LEASE})


def mark_in_data(mail_id: int, owner: str, now: datetime, begin: Begin = database.writing) -> None:
    """Record that the mail is about to leave.

    From here until it is settled its outcome is unknown. Raises ``LeaseLost``.
    """
    named: dict[str, object] = {"mail": mail_id, "owner": owner, "until": now + LEASE}
    with begin() as connection:
        if connection.scalar(statements.MARK, named) is None:
            raise LeaseLost(f"mail {mail_id} is no longer {owner}'s: leave it to its next relay")


def settle(mail_id: int, owner: str, fate: Fate, now: datetime, begin: Begin = database.writing) -> bool:
    """Write what became of a mail; False when it had passed to another relay."""
    named: dict[str, object] = {
        "mail": mail_id,
        "owner": owner,
        "tried": int(fate.attempted),
        "state": fate.state,
    }
    settling = statements.SETTLE
    if fate.state is State.ACCEPTED:
        settling = statements.SETTLE_ACCEPTED
        named["accepted"] = now
    with begin() as connection:
        return connection.scalar(settling, named | _outcome(fate)) is not None


def release(owner: str) -> int:
    """Give back what ``owner`` claimed and did not begin to send; returns how many."""
    with database.writing() as connection:
        return len(connection.scalars(statements.RELEASE, {"owner": owner}).all())


def _take(connection: Connection, named: dict[str, object], limit: int) -> list[_Row]:
    """Take the due mails of one priority after the other: so an index finds them among many put off."""
    mails: list[_Row] = []
    rank = connection.scalar(statements.FIRST_PRIORITY)
    while rank is not None:
        wish = {**named, "rank": rank, "limit": limit - len(mails)}
        mails += connection.execute(statements.TAKE, wish).all()
        if len(mails) >= limit:
            break
        rank = connection.scalar(statements.NEXT_PRIORITY, {"after": rank})
    return mails


def _recover(connection: Connection, moments: dict[str, object], now: datetime) -> None:
    for mail in connection.execute(statements.LOST, moments).all():
        mine = update(Mail).where(Mail.id == mail.id)
        if mail.phase is Phase.IN_DATA:
            connection.execute(mine.values(phase=Phase.IN_DOUBT, lease_until=now + DOUBT))
        else:
            fate = rules.fate_of_lost_lease(mail.phase, _course(mail), now)
            attempts = Mail.attempts + int(fate.attempted)
            ended = _change(fate.state).where(Mail.id == mail.id).values(attempts=attempts)
            connection.execute(ended.values(_outcome(fate)))


def _cancel_unwanted(session: Session, mails: list[_Row]) -> list[_Row]:
    """Ask each kind once which of its mails it still wants; cancel the others and return these."""
    keys: dict[str, set[int]] = {}
    for mail in mails:
        keys.setdefault(mail.kind, set()).add(mail.subject_key)
    wanted = {kind: kinds.get_kind(kind).wanted(session, asked) for kind, asked in keys.items()}
    unwanted = [mail.id for mail in mails if mail.subject_key not in wanted[mail.kind]]
    if unwanted:
        session.connection().execute(_change(State.CANCELLED).where(Mail.id.in_(unwanted)).values(raw=None))
    return [mail for mail in mails if mail.subject_key in wanted[mail.kind]]


def _course(mail: _Row) -> Course:
    return Course(mail.attempts, mail.expires, kinds.get_kind(mail.kind).on_unknown)


def _moments(now: datetime) -> dict[str, object]:
    """Name what all looks at the queue are told."""
    return {
        "now": now,
        "longest_wait": now + _LONGEST_WAIT,
        "longest_lease": now + LEASE + _SLACK,
        "kinds": kinds.list_names(),
    }


def _change(state: State) -> Update:
    return update(Mail).values(state=state, phase=None, lease_owner=None, lease_until=None)


def _outcome(fate: Fate) -> dict[str, object]:
    """Name the columns that a fate fills, beside the state."""
    values: dict[str, object] = {}
    if fate.not_before:
        values["not_before"] = fate.not_before
    if fate.answer:
        values |= {"last_code": fate.answer.code, "last_text": fate.answer.text[:TEXT_LENGTH]}
    return values

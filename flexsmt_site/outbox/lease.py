"""Who owns a mail while it is being sent: due, claimed, in data, settled.

The relay's side of the outbox. Each verb is one short transaction, so that none is open
while a server is spoken to.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

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
    queued = and_(Mail.state == State.QUEUED, _is_declared())
    reasons = (Mail.not_before <= now, Mail.expires <= now, *_is_of_the_future(now))
    # One question for each reason: an index answers it, however many mails are put off.
    due = [exists().where(queued, reason) for reason in reasons]
    lost = exists().where(_is_lost(now))
    with db.engine.connect() as connection:
        return bool(connection.scalar(select(or_(*due, lost))))


def claim(owner: str, now: datetime, limit: int = 20) -> list[Claimed]:
    """Take up to ``limit`` due mails for ``owner``, most urgent first.

    No other relay gets them before the lease ends. Mails that their kind wants no longer are
    cancelled here, expired ones are given up, and those of vanished relays get their fate.
    """
    with database.write() as session:
        _recover(session, now)
        _give_up(session, now)
        _bring_back(session, now)
        wanted = _cancel_unwanted(session, _take(session, owner, now, limit))
        wanted.sort(key=lambda mail: (mail.priority, mail.not_before, mail.id))
        return [
            Claimed(mail.id, mail.kind, mail.sender, mail.recipient, mail.raw or b"", _course(mail))
            for mail in wanted
        ]


def renew(owner: str, now: datetime) -> None:
    """Prolong the leases of what ``owner`` has claimed and not begun to send."""
    with database.write() as session:
        session.connection().execute(statements.RENEW, {"owner": owner, "until": now + LEASE})


def mark_in_data(mail_id: int, owner: str, now: datetime) -> None:
    """Record that the mail is about to leave.

    From here until it is settled its outcome is unknown. Raises ``LeaseLost``.
    """
    named = {"mail": mail_id, "owner": owner, "until": now + LEASE}
    with database.write() as session:
        if not session.connection().scalar(statements.MARK, named):
            raise LeaseLost(f"mail {mail_id} is no longer {owner}'s: leave it to its next relay")


def settle(mail_id: int, owner: str, fate: Fate, now: datetime) -> bool:
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
    with database.write() as session:
        return session.connection().scalar(settling, named | _outcome(fate)) is not None


def release(owner: str) -> int:
    """Give back what ``owner`` claimed and did not begin to send; returns how many."""
    with database.write() as session:
        return len(session.connection().scalars(statements.RELEASE, {"owner": owner}).all())


def _take(session: Session, owner: str, now: datetime, limit: int) -> list[Mail]:
    """Take the due mails of one priority after the other: so an index finds them among many put off."""
    mails: list[Mail] = []
    priority: int | None = None
    while len(mails) < limit and (priority := _next_priority(session, priority)) is not None:
        mails += session.scalars(_taking(owner, now, priority, limit - len(mails))).all()
    return mails


def _next_priority(session: Session, last: int | None) -> int | None:
    lowest = select(func.min(Mail.priority)).where(Mail.state == State.QUEUED)
    return session.scalar(lowest if last is None else lowest.where(Mail.priority > last))


def _taking(owner: str, now: datetime, priority: int, limit: int) -> ReturningUpdate[Mail]:
    chosen = (
        select(Mail.id)
        .where(Mail.state == State.QUEUED, Mail.priority == priority, Mail.not_before <= now, _is_declared())
        .order_by(Mail.not_before, Mail.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
        # PostgreSQL may otherwise run the choice again for each row and pass the limit.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return (
        update(Mail)
        .where(Mail.id.in_(select(chosen.c.id)))
        .values(state=State.SENDING, phase=Phase.CLAIMED, lease_owner=owner, lease_until=now + LEASE)
        .returning(Mail)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


def _bring_back(session: Session, now: datetime) -> None:
    """Let nothing wait for a moment that a clock named before it was set back."""
    for reason in _is_of_the_future(now):
        waiting = select(Mail.id).where(Mail.state == State.QUEUED, reason).with_for_update(skip_locked=True)
        session.execute(_quietly(update(Mail).where(Mail.id.in_(waiting)).values(not_before=now)))


def _give_up(session: Session, now: datetime) -> None:
    expired = select(Mail.id).where(Mail.state == State.QUEUED, Mail.expires <= now)
    session.execute(_change(State.DEAD).where(Mail.id.in_(expired.with_for_update(skip_locked=True))))


def _recover(session: Session, now: datetime) -> None:
    lost = select(Mail).where(_is_lost(now)).with_for_update(skip_locked=True)
    for mail in session.scalars(lost).all():
        mine = _quietly(update(Mail).where(Mail.id == mail.id))
        if mail.phase is Phase.IN_DATA:
            session.execute(mine.values(phase=Phase.IN_DOUBT, lease_until=now + DOUBT))
        else:
            fate = rules.fate_of_lost_lease(mail.phase, _course(mail), now)
            attempts = Mail.attempts + int(fate.attempted)
            ended = _change(fate.state).where(Mail.id == mail.id).values(attempts=attempts)
            session.execute(ended.values(_outcome(fate)))


def _cancel_unwanted(session: Session, mails: list[Mail]) -> list[Mail]:
    """Ask each kind once which of its mails it still wants; cancel the others and return these."""
    keys: dict[str, set[int]] = {}
    for mail in mails:
        keys.setdefault(mail.kind, set()).add(mail.subject_key)
    wanted = {kind: kinds.get_kind(kind).wanted(session, asked) for kind, asked in keys.items()}
    unwanted = [mail.id for mail in mails if mail.subject_key not in wanted[mail.kind]]
    if unwanted:
        session.execute(_change(State.CANCELLED).where(Mail.id.in_(unwanted)).values(raw=None))
    return [mail for mail in mails if mail.subject_key in wanted[mail.kind]]


def _course(mail: Mail) -> Course:
    return Course(mail.attempts, mail.expires, kinds.get_kind(mail.kind).on_unknown)


def _is_of_the_future(now: datetime) -> tuple[ColumnElement[bool], ...]:
    # No mail is younger than the present, and none waits that long: where one seems to, the clock went back.
    younger = and_(Mail.created > now, Mail.attempts == 0, Mail.not_before > now)
    return younger, Mail.not_before > now + _LONGEST_WAIT


def _is_lost(now: datetime) -> ColumnElement[bool]:
    # No lease is that long: where one seems to be, the clock went back.
    ended = or_(Mail.lease_until <= now, Mail.lease_until > now + LEASE + _SLACK)
    return and_(Mail.state == State.SENDING, ended, _is_declared())


def _is_declared() -> ColumnElement[bool]:
    # A kind whose feature is gone stays where it is: nobody can say how to treat it.
    return Mail.kind.in_(kinds.list_names())


def _change(state: State) -> Update:
    return _quietly(update(Mail).values(state=state, phase=None, lease_owner=None, lease_until=None))


def _quietly(changing: Update) -> Update:
    # The rows are not held as objects: nothing has to be brought up to date.
    return changing.execution_options(synchronize_session=False)


def _outcome(fate: Fate) -> dict[str, object]:
    """Name the columns that a fate fills, beside the state."""
    values: dict[str, object] = {}
    if fate.not_before:
        values["not_before"] = fate.not_before
    if fate.answer:
        values |= {"last_code": fate.answer.code, "last_text": fate.answer.text[:TEXT_LENGTH]}
    return values

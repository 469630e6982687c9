"""Who owns a mail while it is being sent: due, claimed, in data, settled.

The relay's side of the outbox. Each verb is one short transaction, so that none is open
while a server is spoken to.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, and_, or_, select, update
from sqlalchemy.orm import Session

from flexsmt_site import database
from flexsmt_site.extensions import db
from flexsmt_site.outbox import kinds, rules
from flexsmt_site.outbox.models import TEXT_LENGTH, Mail
from flexsmt_site.outbox.rules import Course, Fate, Phase, State

#: Longer than the slowest conversation the transport allows; renewed with every mail.
LEASE = timedelta(minutes=5)


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
    due = and_(Mail.state == State.QUEUED, or_(Mail.not_before <= now, Mail.expires <= now), _is_declared())
    lost = and_(Mail.state == State.SENDING, Mail.lease_until <= now, _is_declared())
    with db.engine.connect() as connection:
        return connection.scalar(select(Mail.id).where(or_(due, lost)).limit(1)) is not None


def claim(owner: str, now: datetime, limit: int = 20) -> list[Claimed]:
    """Take up to ``limit`` due mails for ``owner``, most urgent first.

    No other relay gets them before the lease ends. Mails that their kind wants no longer are
    cancelled here, expired ones are given up, and those of vanished relays get their fate.
    """
    with database.write() as session:
        _recover(session, now)
        session.execute(_change(State.DEAD).where(Mail.state == State.QUEUED, Mail.expires <= now))
        mails = session.scalars(_claiming(owner, now, limit)).all()
        wanted = [mail for mail in mails if _is_wanted(session, mail)]
        wanted.sort(key=lambda mail: (mail.priority, mail.not_before, mail.id))
        return [
            Claimed(mail.id, mail.kind, mail.sender, mail.recipient, mail.raw or b"", _course(mail))
            for mail in wanted
        ]


def mark_in_data(mail_id: int, owner: str, now: datetime) -> None:
    """Record that the mail is about to leave, and renew the owner's leases.

    From here until it is settled its outcome is unknown. Raises ``LeaseLost``.
    """
    with database.write() as session:
        session.execute(update(Mail).where(_is_owned(owner)).values(lease_until=now + LEASE))
        marking = update(Mail).where(Mail.id == mail_id, _is_owned(owner), Mail.phase == Phase.CLAIMED)
        if not session.scalar(marking.values(phase=Phase.IN_DATA).returning(Mail.id)):
            raise LeaseLost(f"mail {mail_id} is no longer {owner}'s: leave it to its next relay")


def settle(mail_id: int, owner: str, fate: Fate, now: datetime) -> bool:
    """Write what became of a mail; False when it had passed to another relay."""
    mine = _is_owned(owner)
    if fate.state is State.ACCEPTED:
        # That the server took it stays true when the lease was lost meanwhile.
        mine = or_(mine, Mail.state.in_((State.QUEUED, State.UNCERTAIN)))
    settling = _change(fate.state).where(Mail.id == mail_id, mine).values(_outcome(fate))
    if fate.state is State.ACCEPTED:
        settling = settling.values(raw=None, accepted=now)
    with database.write() as session:
        return session.scalar(settling.returning(Mail.id)) is not None


def release(owner: str) -> int:
    """Give back what ``owner`` claimed and did not begin to send; returns how many."""
    giving = _change(State.QUEUED).where(_is_owned(owner), Mail.phase == Phase.CLAIMED)
    with database.write() as session:
        return len(session.scalars(giving.returning(Mail.id)).all())


def _claiming(owner: str, now: datetime, limit: int) -> Update:
    chosen = (
        select(Mail.id)
        .where(Mail.state == State.QUEUED, Mail.not_before <= now, _is_declared())
        .order_by(Mail.priority, Mail.not_before, Mail.id)
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


def _recover(session: Session, now: datetime) -> None:
    lost = select(Mail).where(Mail.state == State.SENDING, Mail.lease_until <= now, _is_declared())
    for mail in session.scalars(lost.with_for_update(skip_locked=True)).all():
        fate = rules.fate_of_lost_lease(mail.phase, _course(mail), now)
        session.execute(_change(fate.state).where(Mail.id == mail.id).values(_outcome(fate)))


def _is_wanted(session: Session, mail: Mail) -> bool:
    if kinds.get_kind(mail.kind).wanted(session, mail.subject_key):
        return True
    session.execute(_change(State.CANCELLED).where(Mail.id == mail.id).values(raw=None))
    return False


def _course(mail: Mail) -> Course:
    return Course(mail.attempts, mail.expires, kinds.get_kind(mail.kind).on_unknown)


def _is_owned(owner: str) -> ColumnElement[bool]:
    return and_(Mail.state == State.SENDING, Mail.lease_owner == owner)


def _is_declared() -> ColumnElement[bool]:
    # A kind whose feature is gone stays where it is: nobody can say how to treat it.
    return Mail.kind.in_(kinds.list_names())


def _change(state: State) -> Update:
    changing = update(Mail).values(state=state, phase=None, lease_owner=None, lease_until=None)
    return changing.execution_options(synchronize_session=False)


def _outcome(fate: Fate) -> dict[str, object]:
    values: dict[str, object] = {"attempts": Mail.attempts + int(fate.attempted)}
    if fate.not_before:
        values["not_before"] = fate.not_before
    if fate.answer:
        values |= {"last_code": fate.answer.code, "last_text": fate.answer.text[:TEXT_LENGTH]}
    return values

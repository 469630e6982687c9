"""What features and operators do with the outbox: put, resend, erase, look."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib import import_module

from sqlalchemy import Select, and_, bindparam, delete, func, or_, select, union_all
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from flexsmt_site import database
from flexsmt_site.config import settings
from flexsmt_site.extensions import db
from flexsmt_site.outbox import kinds, rules, wake
from flexsmt_site.outbox.message import Draft, as_address, compose, message_id
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State

#: A mail that waits longer than this is late.
LATE = timedelta(minutes=15)
_RECENT = timedelta(days=7)
#: Digits of an id: all such numbers fit into the 32 bits of PostgreSQL's integer.
_LONGEST_ID = 9
# What is sent for each mail is built once: building it costs more than running it.
#: A mail as it will leave, but for what it is about.
Frozen = Mapping[str, object]


class UnknownMail(LookupError):
    """The outbox has no such mail."""


class NotResendable(ValueError):
    """The mail is on its way, or its bytes are gone."""


@dataclass(frozen=True)
class Status:
    """How many mails stand where, and how long the oldest waits; None when none waits."""

    counts: dict[State, int]
    oldest_waiting: timedelta | None


@dataclass(frozen=True)
class Stopped:
    """A mail that goes no further by itself; ``code`` is the server's last, None when it gave none."""

    id: int
    state: State
    kind: str
    code: int | None


@dataclass(frozen=True)
class Standing:
    """Where one mail stands; ``code`` and ``text`` are the last that a server said of it."""

    id: int
    recipient: str
    state: State
    code: int | None
    text: str | None
    created: datetime
    accepted: datetime | None


def freeze(*, kind: str, dedupe_key: str, message: Draft, recipient: str, now: datetime) -> Frozen:
    """Make a mail as it will leave: best before the transaction that queues it, as others wait for its end.

    Raises ``kinds.UnknownKind`` and ``message.BadHeader``.
    """
    treatment, config = kinds.get_kind(kind), settings()
    name = message_id(dedupe_key, config.mail_domain)
    raw = compose(message, sender=config.mail_from, recipient=recipient, message_id=name, date=now)
    return {
        "kind": treatment.name,
        "priority": treatment.priority,
        "dedupe_key": dedupe_key,
        "message_id": name,
        "sender": config.bounce_address,
        "recipient": as_address(recipient).addr_spec,
        "raw": raw,
        "raw_sha256": sha256(raw).hexdigest(),
        "not_before": now,
        "expires": now + treatment.expires,
        "created": now,
    }


def put(unit: Session | Connection, mail: Frozen, *, subject_key: int) -> bool:
    """Queue a mail inside the caller's write transaction; False where its ``dedupe_key`` is known already.

    It exists if and only if that transaction commits.
    """
    connection = unit.connection() if isinstance(unit, Session) else unit
    adding = _adding(connection.dialect.name)
    is_new = connection.execute(adding, {**mail, "subject_key": subject_key}).scalar() is not None
    if is_new:
        wake.call(connection)
    return is_new


def resend(reference: str, now: datetime) -> int:
    """Queue a stopped mail again, named by its id, Message-ID or dedupe key; returns its id.

    Raises ``UnknownMail`` and ``NotResendable``.
    """
    with database.write() as session:
        return requeue(session, reference, now)


def requeue(session: Session, reference: str, now: datetime) -> int:
    """Do what ``resend`` does, inside the caller's write transaction."""
    names = [Mail.message_id == f"<{reference.strip('<>')}>", Mail.dedupe_key == reference]
    if reference.isascii() and reference.isdecimal() and len(reference) <= _LONGEST_ID:
        names.append(Mail.id == int(reference))
    mail = session.scalar(select(Mail).where(or_(*names)).with_for_update())
    if mail is None:
        raise UnknownMail(f"no mail {reference}: `flexsmt mail status` lists the stopped ones")
    if mail.state not in rules.RESENDABLE or mail.raw is None:
        raise NotResendable(
            f"mail {mail.id} is {mail.state}: only {', '.join(rules.RESENDABLE)} can go again"
        )
    mail.state, mail.attempts, mail.not_before, mail.told = State.QUEUED, 0, now, None
    mail.expires = now + kinds.get_kind(mail.kind).expires
    wake.call(session)
    return mail.id


def status(now: datetime) -> Status:
    """Count the mails by state and find how long the oldest one waits."""
    with db.engine.connect() as connection:
        rows = connection.execute(select(Mail.state, func.count()).group_by(Mail.state)).all()
    counted = dict(rows)
    return Status({state: counted.get(state, 0) for state in State}, find_oldest_waiting(now))


def find_oldest_waiting(now: datetime) -> timedelta | None:
    """Find how long the oldest mail waits; None when none does."""
    with db.engine.connect() as connection:
        oldest = connection.scalar(select(func.min(Mail.created)).where(Mail.state.in_(rules.WAITING)))
    # Not less than nothing, where the clock went back.
    return max(now - oldest, timedelta()) if oldest else None


def erase(session: Session, kind: str, subject_key: int) -> int:
    """Delete the mails about a subject within the caller's transaction; returns how many.

    A relay that holds one of them finds that it is not its own any more, and sends nothing.
    """
    about = delete(Mail).where(Mail.kind == kind, Mail.subject_key == subject_key)
    return len(session.scalars(about.returning(Mail.id)).all())


def find_newest(kind: str | None = None, until: datetime | None = None) -> datetime | None:
    """Find when the newest mail was put: of a kind, and no later than ``until``; None while there is none."""
    newest = select(func.max(Mail.created))
    if kind is not None:
        newest = newest.where(Mail.kind == kind)
    if until is not None:
        newest = newest.where(Mail.created <= until)
    with db.engine.connect() as connection:
        return connection.scalar(newest)


def list_mails(kind: str, subject_key: int) -> list[Standing]:
    """List the mails about a subject, oldest first."""
    return standings(kind, [subject_key])[subject_key]


def standings(kind: str, subject_keys: Collection[int]) -> dict[int, list[Standing]]:
    """Return the mails about each of these subjects, oldest first; an empty list where there is none."""
    columns = (
        *(Mail.subject_key, Mail.id, Mail.recipient, Mail.state),
        *(Mail.last_code, Mail.last_text, Mail.created, Mail.accepted),
    )
    about = select(*columns).where(Mail.kind == kind, Mail.subject_key.in_(subject_keys)).order_by(Mail.id)
    found: dict[int, list[Standing]] = {key: [] for key in subject_keys}
    with db.engine.connect() as connection:
        for row in connection.execute(about):
            found[row.subject_key].append(Standing(*row[1:]))
    return found


def list_stuck(connection: Connection, kind: str, now: datetime, limit: int = 20) -> list[int]:
    """List the subjects of mails that stopped within a week or are late, newest first."""
    moments = {"kind": kind, "late": now - LATE, "recent": now - _RECENT}
    return list(connection.scalars(_stuck(limit), moments))


def list_stopped(limit: int = 50) -> list[Stopped]:
    """List the mails that go no further by themselves, newest first; those that came back too."""
    columns = (Mail.id, Mail.state, Mail.kind, Mail.last_code)
    resendable = and_(Mail.state.in_(rules.RESENDABLE), Mail.raw.is_not(None))
    stopped = select(*columns).where(or_(resendable, Mail.state == State.BOUNCED))
    with db.engine.connect() as connection:
        rows = connection.execute(stopped.order_by(Mail.id.desc()).limit(limit)).all()
    return [Stopped(*row) for row in rows]


@cache
def _adding(dialect: str) -> ReturningInsert[int]:
    """Build what adds a mail whose key is new; SQLAlchemy has no word for it that fits both databases."""
    insert = import_module(f"sqlalchemy.dialects.{dialect}").insert
    found: ReturningInsert[int] = insert(Mail).on_conflict_do_nothing().returning(Mail.id)
    return found


@cache
def _stuck(limit: int) -> Select[int]:
    """Build what ``list_stuck`` asks, once: it is asked with every enquiry."""
    found = union_all(*(_newest_stuck(state, limit) for state in (*rules.STOPPED, *rules.WAITING)))
    rows = found.subquery()
    keys = select(rows.c.subject_key).group_by(rows.c.subject_key)
    return keys.order_by(func.max(rows.c.created).desc(), rows.c.subject_key.desc()).limit(limit)


def _newest_stuck(state: State, limit: int) -> Select[int, datetime]:
    # State by state, so that the index finds the newest few among a hundred thousand.
    is_waiting = state in rules.WAITING
    since = Mail.created < bindparam("late") if is_waiting else Mail.created > bindparam("recent")
    stuck = select(Mail.subject_key, Mail.created).where(
        Mail.state == state, Mail.kind == bindparam("kind"), since
    )
    # Each subject has a mail for each of some recipients.
    return select(stuck.order_by(Mail.created.desc()).limit(10 * limit).subquery())

"""What features and operators do with the outbox: put, resend, look."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from flexsmt_site import database
from flexsmt_site.config import settings
from flexsmt_site.extensions import db
from flexsmt_site.outbox import kinds, rules
from flexsmt_site.outbox.message import Draft, as_address, compose, message_id
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State

#: Digits of an id: all such numbers fit into the 32 bits of PostgreSQL's integer.
_LONGEST_ID = 9


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


def put(  # noqa: PLR0913 (a mail has that many sides)
    session: Session,
    *,
    kind: str,
    dedupe_key: str,
    message: Draft,
    recipient: str,
    subject_key: int,
    now: datetime,
) -> int:
    """Queue a mail inside the caller's write transaction and return its id.

    It exists if and only if that transaction commits; a second put of the same ``dedupe_key``
    changes nothing. Raises ``kinds.UnknownKind`` and ``message.BadHeader``.
    """
    treatment = kinds.get_kind(kind)
    found = session.scalar(select(Mail.id).where(Mail.dedupe_key == dedupe_key))
    if found:
        return found
    mail = _frozen(dedupe_key, message, recipient, now)
    mail.kind, mail.subject_key, mail.priority = treatment.name, subject_key, treatment.priority
    mail.expires = now + treatment.expires
    session.add(mail)
    session.flush()
    return mail.id


def resend(reference: str, now: datetime) -> int:
    """Queue a stopped mail again, named by its id, Message-ID or dedupe key; returns its id.

    Raises ``UnknownMail`` and ``NotResendable``.
    """
    names = [Mail.message_id == f"<{reference.strip('<>')}>", Mail.dedupe_key == reference]
    if reference.isascii() and reference.isdecimal() and len(reference) <= _LONGEST_ID:
        names.append(Mail.id == int(reference))
    with database.write() as session:
        mail = session.scalar(select(Mail).where(or_(*names)).with_for_update())
        if mail is None:
            raise UnknownMail(f"no mail {reference}: `flexsmt mail status` lists the stopped ones")
        if mail.state not in rules.RESENDABLE or mail.raw is None:
            raise NotResendable(
                f"mail {mail.id} is {mail.state}: only {', '.join(rules.RESENDABLE)} can go again"
            )
        mail.state, mail.attempts, mail.not_before = State.QUEUED, 0, now
        mail.expires = now + kinds.get_kind(mail.kind).expires
        return mail.id


def status(now: datetime) -> Status:
    """Count the mails by state and find how long the oldest one waits."""
    with db.engine.connect() as connection:
        rows = connection.execute(select(Mail.state, func.count()).group_by(Mail.state)).all()
        oldest = connection.scalar(select(func.min(Mail.created)).where(Mail.state.in_(rules.WAITING)))
    counted = dict(rows)
    return Status({state: counted.get(state, 0) for state in State}, now - oldest if oldest else None)


def find_newest() -> datetime | None:
    """Find when the newest mail was put; None while there is none."""
    with db.engine.connect() as connection:
        return connection.scalar(select(func.max(Mail.created)))


def list_stopped(limit: int = 50) -> list[Stopped]:
    """List the mails that an operator may send again, newest first."""
    columns = (Mail.id, Mail.state, Mail.kind, Mail.last_code)
    stopped = select(*columns).where(Mail.state.in_(rules.RESENDABLE), Mail.raw.is_not(None))
    with db.engine.connect() as connection:
        rows = connection.execute(stopped.order_by(Mail.id.desc()).limit(limit)).all()
    return [Stopped(*row) for row in rows]


def _frozen(dedupe_key: str, draft: Draft, recipient: str, now: datetime) -> Mail:
    config = settings()
    name = message_id(dedupe_key, config.mail_domain)
    raw = compose(draft, sender=config.mail_from, recipient=recipient, message_id=name, date=now)
    return Mail(
        dedupe_key=dedupe_key,
        message_id=name,
        sender=as_address(config.mail_from).addr_spec,
        recipient=as_address(recipient).addr_spec,
        raw=raw,
        raw_sha256=sha256(raw).hexdigest(),
        not_before=now,
        created=now,
    )

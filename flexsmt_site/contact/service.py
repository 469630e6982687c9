"""Receive enquiries: the enquiry and the notices of it are stored together or not at all."""

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flexsmt_site import database, ledger, tokens
from flexsmt_site.config import settings
from flexsmt_site.contact import notice, rules
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.contact.rules import Submission, TokenAge
from flexsmt_site.extensions import db
from flexsmt_site.outbox import service as outbox

_TOKEN = "contact form"  # noqa: S105 (the purpose of a token, not a secret)


class AlreadyReceived(LookupError):
    """This form has been sent before with other content; ``reference`` names that enquiry."""

    def __init__(self, reference: str) -> None:
        """Name the enquiry that came first."""
        super().__init__(f"this form was received before as {reference}")
        self.reference = reference


@dataclass(frozen=True)
class Ticket:
    """What a form token carries: in which language and under which policy the form was shown, and when."""

    language: str
    policy: int
    issued: datetime
    nonce: str

    def text(self) -> str:
        """Return the ticket as a signed token."""
        return tokens.sign(_TOKEN, {**asdict(self), "issued": self.issued.isoformat()})


@ledger.keeps("P5.5")
def issue(language: str, issued: datetime) -> Ticket:
    """Make the ticket of a newly shown form."""
    return Ticket(language, ledger.version().number, issued, secrets.token_hex(16))


def turned(ticket: Ticket, language: str) -> Ticket:
    """Return the ticket of the same form, shown again in another language."""
    return replace(ticket, language=language, policy=ledger.version().number)


def read(token: str) -> Ticket:
    """Read a token back; raises ``BadToken``."""
    data = tokens.read(_TOKEN, token)
    try:
        return Ticket(**{**data, "issued": datetime.fromisoformat(data["issued"])})
    except (KeyError, TypeError, ValueError) as error:
        # Signed by us, but by a version that writes its tickets in another way.
        raise tokens.BadToken("a ticket of another version") from error


def admit(token: str, now: datetime) -> Ticket:
    """Read the token of a form that is sent; raises ``BadToken`` on one that may not be used any more."""
    ticket = read(token)
    if rules.token_age(ticket.issued, now) is TokenAge.STALE:
        raise tokens.BadToken("the form was open for too long")
    return ticket


@ledger.keeps("P7.3")
def receive(submission: Submission, ticket: Ticket, *, signals: tuple[str, ...], now: datetime) -> str:
    """Store an enquiry and queue its notices; return its reference.

    The same ticket with the same content gives the same reference again. Raises
    ``AlreadyReceived`` for other content, and ``DatabaseUnavailable``.
    """
    try:
        return _receive(submission, ticket, signals, now)
    except IntegrityError:
        # The same form sent twice at once, or a reference drawn twice: a second look finds what is there.
        return _receive(submission, ticket, signals, now)


def is_received(reference: str) -> bool:
    """Tell whether there is an enquiry of this reference."""
    return db.session.scalar(select(Enquiry.id).where(Enquiry.reference == reference)) is not None


def _receive(submission: Submission, ticket: Ticket, signals: tuple[str, ...], now: datetime) -> str:
    enquiry = _enquiry(submission, ticket, signals, now)
    # Written before the transaction: on SQLite all other writers wait for its end.
    notices = [(recipient, notice.draft(enquiry, recipient)) for recipient in settings().sales_to]
    with database.write() as session:
        earlier = _earlier(session, submission, ticket)
        if earlier is not None:
            return earlier
        session.add(enquiry)
        session.flush()
        for recipient, draft in notices:
            outbox.put(
                session,
                kind=notice.KIND,
                dedupe_key=f"{notice.KIND}:{enquiry.reference}:{recipient.address}",
                message=draft,
                recipient=recipient.address,
                subject_key=enquiry.id,
                now=now,
            )
        return enquiry.reference


def _earlier(session: Session, submission: Submission, ticket: Ticket) -> str | None:
    found = session.execute(
        select(Enquiry.reference, Enquiry.digest).where(Enquiry.token_nonce == ticket.nonce)
    ).one_or_none()
    if found is not None and found.digest != submission.digest:
        raise AlreadyReceived(found.reference)
    return found.reference if found else None


def _enquiry(submission: Submission, ticket: Ticket, signals: tuple[str, ...], now: datetime) -> Enquiry:
    return Enquiry(
        reference=rules.reference(secrets.randbits(40)),
        received=now,
        last_activity=now,
        source="contact form",
        language=ticket.language,
        signals=" ".join(signals),
        policy_version=ticket.policy,
        agreed=now,
        token_nonce=ticket.nonce,
        digest=submission.digest,
        **asdict(submission),
    )

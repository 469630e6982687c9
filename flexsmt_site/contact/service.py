"""Receive enquiries: the enquiry and the notices of it are stored together or not at all."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flexsmt_site import database, events, ledger, tokens
from flexsmt_site.contact import network, notice, rules
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.contact.rules import Submission, TokenAge, Traits
from flexsmt_site.extensions import db

# Built once: building a statement costs more than running it. The names in ``bindparam`` are the arguments.
_EARLIER = select(Enquiry.reference, Enquiry.digest).where(Enquiry.token_nonce == bindparam("nonce"))
_REPEATED = (
    select(Enquiry.id)
    .where(
        Enquiry.text_digest == bindparam("digest"),
        Enquiry.received > bindparam("since"),
        func.lower(Enquiry.email) != bindparam("own"),
    )
    .limit(1)
)
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
        return tokens.sign(_TOKEN, {**vars(self), "issued": self.issued.isoformat()})


@dataclass(frozen=True)
class Sending:
    """How a form came in: when, from where (None: it can not be read), and what its trap holds."""

    now: datetime
    address: IPv4Address | IPv6Address | None
    trap: str


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
def receive(submission: Submission, ticket: Ticket, sending: Sending) -> str:
    """Store an enquiry and queue its notices, or hold it for a look; return its reference.

    The same ticket with the same content gives the same reference again. Raises
    ``AlreadyReceived`` for other content, ``network.TooMany``, and ``DatabaseUnavailable``.
    """
    try:
        return _receive(submission, ticket, sending)
    except IntegrityError:
        # The same form sent twice at once, or a reference drawn twice: a second look finds what is there.
        return _receive(submission, ticket, sending)


def is_received(reference: str) -> bool:
    """Tell whether there is an enquiry of this reference."""
    return db.session.scalar(select(Enquiry.id).where(Enquiry.reference == reference)) is not None


def _receive(submission: Submission, ticket: Ticket, sending: Sending) -> str:
    # A first look: notices are written, and what is refused is turned away, before the transaction,
    # for whose end all other writers of SQLite wait.
    with database.read() as session:
        earlier, signals = _look(session, submission, ticket, sending)
    if earlier:
        return earlier
    stuck = notice.list_stuck(sending.now)
    enquiry = _enquiry(submission, ticket, signals, sending.now)
    notices = _notices(enquiry, stuck)
    with database.write() as session:
        network.lock(session, network.of(sending.address, sending.now))
        earlier, signals = _look(session, submission, ticket, sending)
        if earlier:
            return earlier
        if signals != tuple(enquiry.signals.split()):
            # Another enquiry came in between: what the transaction sees is exact.
            enquiry = _enquiry(submission, ticket, signals, sending.now)
            notices = _notices(enquiry, stuck)
        session.add(enquiry)
        session.flush()
        network.add(session, network.of(sending.address, sending.now))
        notice.queue(session, enquiry, notices, sending.now)
    events.say("enquiry.received", reference=enquiry.reference, signals=signals, held=enquiry.is_held)
    if enquiry.is_held:
        events.say("enquiry.held", reference=enquiry.reference)
    return enquiry.reference


def _notices(enquiry: Enquiry, stuck: Sequence[str]) -> list[notice.Written]:
    return [] if enquiry.is_held else notice.write(enquiry, stuck)


def _look(
    session: Session, submission: Submission, ticket: Ticket, sending: Sending
) -> tuple[str | None, tuple[str, ...]]:
    """Return the reference that this form has already, or else what makes it suspicious.

    Raises ``AlreadyReceived`` and ``network.TooMany``.
    """
    earlier = _earlier(session, submission, ticket)
    if earlier:
        return earlier, ()
    origin = network.of(sending.address, sending.now)
    others = network.admit(session, origin)
    traits = Traits(
        age=rules.token_age(ticket.issued, sending.now),
        trap=sending.trap,
        description=submission.description,
        is_crowded=rules.is_crowded(origin.name, others),
        is_repeated=_is_repeated(session, submission, sending.now),
    )
    return None, rules.signals(traits)


def _is_repeated(session: Session, submission: Submission, now: datetime) -> bool:
    """Tell whether somebody else sent the same text lately; who sends his own again only insists."""
    digest = rules.text_digest(submission.description)
    if digest is None:
        return False
    lately = {"digest": digest, "since": now - rules.REPEATED_WITHIN, "own": submission.email.lower()}
    return session.connection().scalar(_REPEATED, lately) is not None


def _earlier(session: Session, submission: Submission, ticket: Ticket) -> str | None:
    found = session.connection().execute(_EARLIER, {"nonce": ticket.nonce}).one_or_none()
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
        text_digest=rules.text_digest(submission.description),
        quarantined=now if rules.is_quarantined(signals) else None,
        **asdict(submission),
    )

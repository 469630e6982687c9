"""Receive enquiries: the enquiry and the notices of it are stored together or not at all."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address

from sqlalchemy import bindparam, exists, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from flexsmt_site import database, events, ledger, tokens
from flexsmt_site.contact import network, notice, rules
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.contact.rules import Submission, TokenAge, Traits
from flexsmt_site.extensions import db
from flexsmt_site.outbox.service import Frozen

# Built once: building a statement costs more than running it. The names in ``bindparam`` are the arguments.
_IS_SAME = Enquiry.token_nonce == bindparam("nonce")
_IS_REPEATED = exists().where(
    Enquiry.text_digest == bindparam("text_digest"),
    Enquiry.received > bindparam("since"),
    func.lower(Enquiry.email) != bindparam("own"),
)
# All that is asked about an enquiry is one statement: sending one costs more than finding its answer.
_LOOK = select(
    select(Enquiry.reference).where(_IS_SAME).scalar_subquery().label("reference"),
    select(Enquiry.digest).where(_IS_SAME).scalar_subquery().label("digest"),
    network.COUNT.label("others"),
    _IS_REPEATED.label("is_repeated"),
    network.IS_ANY_OLD.label("is_any_old"),
)
_STORE = insert(Enquiry).returning(Enquiry.id)
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


@dataclass(frozen=True)
class _Arriving:
    """A form that comes in, with all that is asked about it more than once."""

    submission: Submission
    ticket: Ticket
    sending: Sending
    origin: network.Network

    @cached_property
    def text_digest(self) -> str | None:
        return rules.text_digest(self.submission.description)


@dataclass(frozen=True)
class _Seen:
    """What is known of a form: the reference it has already, or else what makes it suspicious."""

    earlier: str | None
    signals: tuple[str, ...] = ()
    is_any_old: bool = False


@dataclass(frozen=True)
class _Made:
    """An enquiry as it is to be stored; only statements store it, which cost less than objects."""

    enquiry: Enquiry
    row: dict[str, object]
    notices: list[Frozen]


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
    arriving = _Arriving(submission, ticket, sending, network.of(sending.address, sending.now))
    # A first look: notices are written, and what is refused is turned away, before the transaction,
    # for whose end all other writers of SQLite wait.
    with database.reading() as connection:
        seen = _look(connection, arriving)
        if seen.earlier:
            return seen.earlier
        stuck = notice.list_stuck(connection, sending.now)
    made = _made(arriving, seen.signals, stuck)
    with database.writing() as connection:
        network.lock(connection, arriving.origin)
        again = _look(connection, arriving)
        if again.earlier:
            return again.earlier
        if again.signals != seen.signals:
            # Another enquiry came in between: what the transaction sees is exact.
            made = _made(arriving, again.signals, stuck)
        notice.queue(connection, connection.execute(_STORE, made.row).scalar_one(), made.notices)
        network.add(connection, arriving.origin)
        if again.is_any_old:
            network.forget(connection, sending.now)
    reference, is_held = made.enquiry.reference, made.enquiry.is_held
    events.say("enquiry.received", reference=reference, signals=again.signals, held=is_held)
    if is_held:
        events.say("enquiry.held", reference=reference)
    return reference


def _look(connection: Connection, arriving: _Arriving) -> _Seen:
    """Ask what is known of a form; raises ``AlreadyReceived`` and ``network.TooMany``."""
    submission, now = arriving.submission, arriving.sending.now
    asked = {
        "nonce": arriving.ticket.nonce,
        "text_digest": arriving.text_digest,
        # Who sends his own text again only insists.
        "own": submission.email.lower(),
        "since": now - rules.REPEATED_WITHIN,
    }
    found = connection.execute(_LOOK, {**asked, **network.asked(arriving.origin)}).one()
    if found.reference:
        if found.digest != submission.digest:
            raise AlreadyReceived(found.reference)
        return _Seen(found.reference)
    network.admit(connection, arriving.origin, found.others)
    traits = Traits(
        age=rules.token_age(arriving.ticket.issued, now),
        trap=arriving.sending.trap,
        description=submission.description,
        is_crowded=rules.is_crowded(arriving.origin.name, found.others),
        is_repeated=found.is_repeated,
    )
    return _Seen(None, rules.signals(traits), found.is_any_old)


def _made(arriving: _Arriving, signals: tuple[str, ...], stuck: Sequence[str]) -> _Made:
    """Make the row of an enquiry and its notices; there are none of one that is held."""
    submission, ticket, now = arriving.submission, arriving.ticket, arriving.sending.now
    row = {
        "reference": rules.reference(secrets.randbits(40)),
        "received": now,
        "last_activity": now,
        "source": "contact form",
        "language": ticket.language,
        "signals": " ".join(signals),
        "policy_version": ticket.policy,
        "agreed": now,
        "token_nonce": ticket.nonce,
        "digest": submission.digest,
        "text_digest": arriving.text_digest,
        "quarantined": now if rules.is_quarantined(signals) else None,
        **vars(submission),
    }
    enquiry = Enquiry(**row)
    return _Made(enquiry, row, [] if enquiry.is_held else notice.write(enquiry, stuck, now))

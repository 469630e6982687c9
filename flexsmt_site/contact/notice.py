"""The notice of an enquiry that sales staff get, in the language of each recipient."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.headerregistry import Address
from functools import partial

from email_validator import validate_email
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from flexsmt_site.config import Recipient, settings
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.language import catalog, countries
from flexsmt_site.ledger import keeps
from flexsmt_site.outbox import kinds
from flexsmt_site.outbox import service as outbox
from flexsmt_site.outbox.message import Draft
from flexsmt_site.outbox.service import Frozen

KIND = "sales-notice"
_FOLDER = "contact/mail/notice"
#: What each signal says to people.
REASONS = {
    "hasty": _l("It was sent faster than a person types."),
    "crowded": _l("Many enquiries came from the same network within an hour."),
    "links": _l("The text holds many links."),
    "repeated": _l("The same text came from somebody else within a day."),
    "trapped": _l("A field that people do not see was filled in."),
}


def declare() -> None:
    """Tell the outbox how notices are treated: urgent, kept on trying, and sent again when in doubt."""
    kinds.declare(
        kinds.Kind(KIND, priority=2, expires=timedelta(days=5), on_unknown="resend", wanted=_wanted)
    )


def reasons(enquiry: Enquiry) -> list[LazyString]:
    """Say in words what makes an enquiry suspicious."""
    return [REASONS[name] for name in enquiry.signals.split()]


def list_stuck(connection: Connection, now: datetime) -> list[str]:
    """List the references of enquiries whose notices have not arrived, newest first, at most 20."""
    ids = outbox.list_stuck(connection, KIND, now)
    # Mostly there is none, and this is asked with every enquiry.
    if not ids:
        return []
    named = select(Enquiry.id, Enquiry.reference).where(Enquiry.id.in_(ids))
    names = {row.id: row.reference for row in connection.execute(named)}
    return [names[number] for number in ids if number in names]


def write(enquiry: Enquiry, stuck: Sequence[str], now: datetime) -> list[Frozen]:
    """Write the notice for each recipient; it also names enquiries whose own is ``stuck``."""
    return freeze(KIND, enquiry.reference, partial(draft, enquiry, stuck), now)


def freeze(kind: str, about: object, draft: Callable[[Recipient], Draft], now: datetime) -> list[Frozen]:
    """Make a mail for each sales recipient; a kind writes to nobody twice about the same."""
    return [
        outbox.freeze(
            kind=kind,
            dedupe_key=f"{kind}:{about}:{recipient.address}",
            message=draft(recipient),
            recipient=recipient.address,
            now=now,
        )
        for recipient in settings().sales_to
    ]


def queue(unit: Session | Connection, enquiry_id: int, notices: Sequence[Frozen]) -> None:
    """Queue the notices of a stored enquiry within the caller's transaction, each once."""
    for mail in notices:
        outbox.put(unit, mail, subject_key=enquiry_id)


@keeps("P7.4")
def draft(enquiry: Enquiry, stuck: Sequence[str], recipient: Recipient) -> Draft:
    """Write one notice; what the visitor typed stands in the body and, as an address, in Reply-To."""
    context = {
        "enquiry": enquiry,
        "reasons": reasons(enquiry),
        "stuck": ", ".join(stuck),
        "country": countries.country_name(enquiry.country, recipient.language),
        "company": settings().company,
        "lang": recipient.language,
    }
    subject, text, html = catalog.render_mail(_FOLDER, recipient.language, **context)
    return Draft(subject, text, html, reply_to=_reply_to(enquiry))


def _reply_to(enquiry: Enquiry) -> Address:
    checked = validate_email(
        enquiry.email, check_deliverability=False, allow_smtputf8=False, test_environment=settings().is_demo
    )
    return Address(
        f"{enquiry.first_name} {enquiry.last_name}", addr_spec=checked.ascii_email or enquiry.email
    )


def _wanted(session: Session, enquiry_ids: set[int]) -> set[int]:
    """A notice is wanted as long as its enquiry is there."""
    return set(session.scalars(select(Enquiry.id).where(Enquiry.id.in_(enquiry_ids))))

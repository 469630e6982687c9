"""The notice of an enquiry that sales staff get, in the language of each recipient."""

from datetime import timedelta
from email.headerregistry import Address

from email_validator import validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from flexsmt_site.config import Recipient, settings
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.language import catalog, countries
from flexsmt_site.ledger import keeps
from flexsmt_site.outbox import kinds
from flexsmt_site.outbox.message import Draft

KIND = "sales-notice"
_FOLDER = "contact/mail/notice"


def declare() -> None:
    """Tell the outbox how notices are treated: urgent, kept on trying, and sent again when in doubt."""
    kinds.declare(
        kinds.Kind(KIND, priority=2, expires=timedelta(days=5), on_unknown="resend", wanted=_is_wanted)
    )


@keeps("P7.4")
def draft(enquiry: Enquiry, recipient: Recipient) -> Draft:
    """Write the notice; what the visitor typed stands in the body and, as an address, in Reply-To."""
    context = {
        "enquiry": enquiry,
        "country": countries.country_name(enquiry.country, recipient.language),
        "company": settings().company,
        "lang": recipient.language,
    }
    subject, text, html = (
        catalog.render(f"{_FOLDER}/{part}", domain="mail", locale=recipient.language, **context)
        for part in ("subject.txt", "body.txt", "body.html")
    )
    return Draft(subject=" ".join(subject.split()), text=text, html=html, reply_to=_reply_to(enquiry))


def _reply_to(enquiry: Enquiry) -> Address:
    checked = validate_email(
        enquiry.email, check_deliverability=False, allow_smtputf8=False, test_environment=settings().is_demo
    )
    return Address(
        f"{enquiry.first_name} {enquiry.last_name}", addr_spec=checked.ascii_email or enquiry.email
    )


def _is_wanted(session: Session, enquiry_id: int) -> bool:
    """A notice is wanted as long as its enquiry is there."""
    return session.scalar(select(Enquiry.id).where(Enquiry.id == enquiry_id)) is not None

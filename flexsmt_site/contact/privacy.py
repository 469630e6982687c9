"""What an enquiry says about a person, why it is held and for how long."""

from flask_babel import lazy_gettext as _l

from flexsmt_site import datamap
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.datamap import Holding, Purpose
from flexsmt_site.ledger import keeps

ENQUIRY = Holding(
    key="enquiry",
    title=_l("Enquiries: name, e-mail address, company, country, city, your text, your consent"),
    table=Enquiry.__table__,
    personal=("first_name", "last_name", "email", "company", "country", "city", "description", "language"),
    pseudonym=("reference", "digest"),
    plain=(
        "id",
        "received",
        "last_activity",
        "source",
        "subject",
        "signals",
        "policy_version",
        "agreed",
        "token_nonce",
    ),
    purposes=(Purpose.REPLY, Purpose.ACCOUNTABILITY),
    source=_l("From you, by the contact form"),
    months=24,
    counted_from=_l("after the last activity"),
    objection="contact.form",
)


@keeps("P1.2", "P8.1a")
def declare() -> None:
    """Declare every column of an enquiry."""
    datamap.declare(ENQUIRY)

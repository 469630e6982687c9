"""What an enquiry and its arrival say about a person, why they are held and for how long."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l

from flexsmt_site import datamap
from flexsmt_site.contact.models import Arrival, Enquiry
from flexsmt_site.contact.network import KEPT
from flexsmt_site.datamap import Holding, Purpose, Sooner
from flexsmt_site.ledger import keeps

ENQUIRY = Holding(
    key="enquiry",
    title=_l("Enquiries: name, e-mail address, company, country, city, your text, your consent"),
    table=Enquiry.__table__,
    personal=("first_name", "last_name", "email", "company", "country", "city", "description", "language"),
    pseudonym=("reference", "digest", "text_digest"),
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
        "quarantined",
        "released",
        "told",
    ),
    purposes=(Purpose.REPLY, Purpose.ACCOUNTABILITY),
    source=_l("From you, by the contact form"),
    months=24,
    counted_from=_l("after the last activity"),
    objection="contact.form",
    sooner=(Sooner(90, _l("after it came in, where it was held as suspicious and nobody released it")),),
)
ARRIVAL = Holding(
    key="enquiry arrival",
    title=_l("Times of enquiries, each with your network as a keyed hash that changes daily"),
    table=Arrival.__table__,
    personal=(),
    pseudonym=("network",),
    plain=("id", "at"),
    purposes=(Purpose.SECURITY,),
    source=_l("From the IP address that your enquiry comes from, of which a part is hashed"),
    months=0,
    hours=KEPT // timedelta(hours=1),
    counted_from=_l("after the enquiry came in"),
    objection="contact.form",
)


@keeps("P1.2", "P8.1a")
def declare() -> None:
    """Declare every column of an enquiry and of its arrival."""
    datamap.declare(ENQUIRY)
    datamap.declare(ARRIVAL)

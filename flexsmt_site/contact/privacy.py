"""What an enquiry and its arrival say about a person, why they are held and for how long."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l

from flexsmt_site import cookies, datamap
from flexsmt_site.config import LANGUAGES
from flexsmt_site.contact.models import Arrival, Enquiry, Note
from flexsmt_site.contact.network import KEPT
from flexsmt_site.datamap import Holding, Purpose, Sooner
from flexsmt_site.ledger import keeps

#: The words that the inbox searches are taken from these columns by the database, and go with the row.
ENQUIRY = Holding(
    key="enquiry",
    title=_l("Enquiries: name, e-mail address, company, country, city, your text, your consent"),
    table=Enquiry.__table__,
    personal=("first_name", "last_name", "email", "company", "country", "city", "description", "language"),
    pseudonym=("reference", "digest", "text_digest", "taken_by", "answered_by"),
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
        "stage",
        "taken",
        "answered",
        "version",
    ),
    purposes=(Purpose.REPLY, Purpose.ACCOUNTABILITY),
    source=_l("From you, by the contact form"),
    months=24,
    counted_from=_l("after the last activity"),
    objection="contact.form",
    sooner=(Sooner(90, _l("after it came in, where it was held as suspicious and nobody released it")),),
)
NOTE = Holding(
    key="enquiry note",
    title=_l("Notes of our staff on an enquiry"),
    table=Note.__table__,
    personal=("text",),
    pseudonym=("enquiry_id", "member_id"),
    plain=("id", "written"),
    purposes=(Purpose.REPLY,),
    source=_l("Written by our staff while they answer you"),
    months=24,
    counted_from=_l("after the last activity"),
    objection="contact.form",
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

PREFERENCES = cookies.Purpose(
    key="preferences",
    title=_l("Remembering your details"),
    gives=_l("Then this device remembers your details for your next enquiry."),
)


def details_cookie(language: str) -> str:
    """Return the name of the cookie that holds a visitor's details for the form in ``language``."""
    return f"contact_{language}"


@keeps("P1.2", "P8.1a")
def declare() -> None:
    """Declare every column of an enquiry and of its arrival, and what a device may remember."""
    cookies.declare_purpose(PREFERENCES)
    for language in LANGUAGES:
        cookies.declare(
            cookies.Cookie(
                name=details_cookie(language),
                purpose=PREFERENCES.key,
                life=timedelta(days=184),
                holds=_l("Your name, e-mail address, company, country and city, signed by this site"),
                when=_l("After you have agreed to have your details remembered, and sent an enquiry"),
                path=f"/{language}/contact",
            )
        )
    datamap.declare(ENQUIRY)
    datamap.declare(NOTE)
    datamap.declare(ARRIVAL)

"""What the device keeps of a choice, and what we keep as its proof: neither says who chose."""

from flask_babel import lazy_gettext as _l

from flexsmt_site import cookies, datamap
from flexsmt_site.consent import rules
from flexsmt_site.consent.models import Receipt, Screen
from flexsmt_site.datamap import Holding, Purpose

CHOICE = cookies.Cookie(
    name="consent",
    purpose=cookies.NECESSARY,
    life=rules.LIFE,
    holds=_l("Your choice about cookies, yes or no for each purpose; it holds no number"),
    when=_l("After you have chosen, in the banner or in the settings"),
    is_prefixed=True,
)
RECEIPT = cookies.Cookie(
    name="consent_receipt",
    purpose=cookies.NECESSARY,
    life=rules.LIFE,
    holds=_l("The random number of the receipt for your consent, so that you can see and erase it"),
    when=_l("After you have agreed to an optional purpose; it is deleted when you withdraw"),
    path="/consent",
)
RECEIPTS = Holding(
    key="consent receipt",
    title=_l("Receipts of consent: random number, choice, time, language, what was shown; no IP address"),
    table=Receipt.__table__,
    personal=(),
    pseudonym=("number",),
    plain=("id", "decided", "choices", "version", "policy_version", "screen", "place", "language", "gpc"),
    purposes=(Purpose.ACCOUNTABILITY,),
    source=_l("From your choice about cookies"),
    months=rules.PROVEN_MONTHS,
    counted_from=_l("after your choice has expired (184 days after you made it)"),
    objection="contact.form",
)


def declare() -> None:
    """Put both cookies and the receipts into their registers."""
    cookies.declare(CHOICE)
    cookies.declare(RECEIPT)
    datamap.declare(RECEIPTS)
    datamap.declare_impersonal(Screen.__table__)

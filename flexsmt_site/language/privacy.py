"""What this feature keeps: of a visitor one cookie, set only by the switcher; of staff, who changed words.

The address is looked up in memory; neither it nor the answer is stored, logged or sent.
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _l

from flexsmt_site import cookies, datamap
from flexsmt_site.datamap import Holding, Purpose
from flexsmt_site.language.models import Edit, Release, Step

COOKIE = "lang"
#: As long as the trail of what staff did: then the numbers of members go, and the words stay.
KEPT_MONTHS = 24

_SOURCE = _l("From our staff, when they change the words of this site")
_COUNTED = _l("after it was done (the words themselves stay)")
_OBJECTION = "contact.form"
EDITS = Holding(
    key="words edited",
    title=_l("Who of our staff wrote which words of this site, by number"),
    table=Edit.__table__,
    personal=(),
    pseudonym=("author",),
    plain=(
        *("id", "domain", "locale", "key", "context", "msgid", "plural", "strings", "base", "base_strings"),
        *("reason", "made", "parent"),
    ),
    purposes=(Purpose.ACCOUNTABILITY,),
    source=_SOURCE,
    months=KEPT_MONTHS,
    counted_from=_COUNTED,
    objection=_OBJECTION,
)
STEPS = Holding(
    key="words moved",
    title=_l("Who of our staff approved, published or withdrew words of this site, by number"),
    table=Step.__table__,
    personal=(),
    pseudonym=("author",),
    plain=("id", "edit_id", "state", "reason", "taken", "release"),
    purposes=(Purpose.ACCOUNTABILITY,),
    source=_SOURCE,
    months=KEPT_MONTHS,
    counted_from=_COUNTED,
    objection=_OBJECTION,
)
RELEASES = Holding(
    key="words released",
    title=_l("Who of our staff published which words of this site, by number"),
    table=Release.__table__,
    personal=(),
    pseudonym=("author",),
    plain=("number", "published", "sum", "packed", "note", "reverts", "version", "base", "edits"),
    purposes=(Purpose.ACCOUNTABILITY,),
    source=_SOURCE,
    months=KEPT_MONTHS,
    counted_from=_COUNTED,
    objection=_OBJECTION,
)


def declare() -> None:
    """Put the cookie and who changed words into their registers."""
    for holding in (EDITS, STEPS, RELEASES):
        datamap.declare(holding)
    cookies.declare(
        cookies.Cookie(
            name=COOKIE,
            purpose=cookies.NECESSARY,
            life=timedelta(days=365),
            holds=_l("The language that you chose: “en” or “ru”"),
            when=_l("After you have used the language switch"),
        )
    )

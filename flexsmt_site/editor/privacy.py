"""What this feature keeps: of staff, what they typed and did not save."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l

from flexsmt_site import datamap
from flexsmt_site.datamap import Holding, Purpose
from flexsmt_site.editor.models import Typed

#: The shortest month has so many days: none of it is older than a month.
KEPT = timedelta(days=28)

_TYPED = Holding(
    key="words typed",
    title=_l("What our staff typed into the words of this site and did not save, by number"),
    table=Typed.__table__,
    personal=(),
    pseudonym=("member_id",),
    plain=("id", "domain", "locale", "key", "strings", "parent", "base", "typed"),
    purposes=(Purpose.ACCOUNTABILITY,),
    source=_l("From our staff, when they change the words of this site"),
    months=1,
    counted_from=_l("after it was typed, or sooner, when it is saved"),
    objection="contact.form",
)


def declare() -> None:
    """Put it into the register."""
    datamap.declare(_TYPED)

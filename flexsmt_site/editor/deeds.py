"""What was done to words, in words: the same step means something else after another one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from flexsmt_site import database
from flexsmt_site.language.edit_rules import State
from flexsmt_site.language.happenings import Happening
from flexsmt_site.language.models import Step


class Deed(StrEnum):
    """What somebody, or a deploy, has done to a wording."""

    WROTE = "wrote"
    TOOK_BACK = "took back"
    HANDED_IN = "handed in"
    PUBLISHED = "published"
    CAME_BACK = "came back"
    REPLACED = "replaced"
    DROPPED = "dropped"
    ENDED = "ended"
    LANDED = "landed"


WORDS: dict[Deed, LazyString] = {
    Deed.WROTE: _l("wrote a draft"),
    Deed.TOOK_BACK: _l("took it back to work on it"),
    Deed.HANDED_IN: _l("handed it in"),
    Deed.PUBLISHED: _l("published it"),
    Deed.CAME_BACK: _l("it came back, as an earlier version of the site runs again"),
    Deed.REPLACED: _l("replaced it by another wording"),
    Deed.DROPPED: _l("dropped the draft"),
    Deed.ENDED: _l("took it out of force"),
    Deed.LANDED: _l("it was taken over into the project"),
}
_BY_STATE: dict[State, Deed] = {
    "draft": Deed.TOOK_BACK,
    "review": Deed.HANDED_IN,
    "published": Deed.PUBLISHED,
    "replaced": Deed.REPLACED,
    "withdrawn": Deed.DROPPED,
    "retired": Deed.LANDED,
}
#: Which step: of an edit, at a moment, to a state.
_Taken = tuple[int, datetime, State]
#: What a step means after an edit had come to a certain state.
_AFTER: dict[tuple[State, State], Deed] = {
    ("draft", "retired"): Deed.CAME_BACK,
    ("review", "retired"): Deed.CAME_BACK,
    ("published", "retired"): Deed.CAME_BACK,
    ("withdrawn", "published"): Deed.ENDED,
}


def of(happened: Sequence[Happening]) -> list[Deed]:
    """Return for each what it was; raises ``DatabaseUnavailable``."""
    before = _before({one.edit_id for one in happened})
    return [_deed(one, before) for one in happened]


def said(one: Happening, deed: Deed) -> str:
    """Say what was done, and with which release."""
    if one.release is None:
        return str(WORDS[deed])
    return str(_("%(deed)s, with release %(number)d", deed=WORDS[deed], number=one.release))


def _deed(one: Happening, before: Mapping[_Taken, State]) -> Deed:
    was = before.get((one.edit_id, one.moment, one.state))
    if was is None:
        return Deed.WROTE
    return _AFTER.get((one.state, was)) or _BY_STATE[one.state]


def _before(numbers: set[int]) -> dict[_Taken, State]:
    """Return by edit, moment and state of each step what the edit was until then."""
    with database.read() as session:
        steps = session.execute(
            select(Step.edit_id, Step.state, Step.taken).where(Step.edit_id.in_(numbers)).order_by(Step.id)
        ).all()
    states: dict[int, State] = {}
    made: dict[_Taken, State] = {}
    for step in steps:
        made[step.edit_id, step.taken, step.state] = states.get(step.edit_id, "draft")
        states[step.edit_id] = step.state
    return made

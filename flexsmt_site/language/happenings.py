"""What has happened to words, newest first: edits that were made, and steps that were taken with them."""

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, literal, select
from sqlalchemy.orm import Session, aliased

from flexsmt_site.language.edit_rules import State, Strings, Text
from flexsmt_site.language.models import Edit, Step

#: No row has a larger number in either database.
_LARGEST = 2**31 - 1
_BITS = 32


@dataclass(frozen=True)
class Happening:
    """An edit that was made (its ``state`` is draft) or a step that was taken with one.

    ``before`` is what a draft was written over, and for a publication what visitors read until then, or else
    what the repository said; of other steps it says nothing. ``author`` made the edit or took the step.
    ``place`` is where the list goes on after it.
    """

    edit_id: int
    text: Text
    before: Strings
    after: Strings
    state: State
    author: int | None
    moment: datetime
    reason: str
    release: int | None
    place: int


def found(session: Session, before: int | None, limit: int) -> list[Happening]:
    """Return at most ``limit``, newest first, from a place in the list or from its beginning.

    The rows of either table are numbered in the order in which they were written, so a place is a number in
    each.
    """
    place = _place(_LARGEST, _LARGEST) if before is None else max(before, 0)
    edit, step = min(place >> _BITS, _LARGEST), place & _LARGEST
    made = session.execute(_made().where(Edit.id < edit).order_by(Edit.id.desc()).limit(limit))
    taken = session.execute(_taken().where(Step.id < step).order_by(Step.id.desc()).limit(limit))
    # Steps first where the moment is the same: of an edit they come after it.
    rows = heapq.merge(taken, made, key=lambda row: row.moment, reverse=True)
    return list(_placed(rows, edit, step, limit))


def _placed(rows: Iterator[Row[*tuple[Any, ...]]], edit: int, step: int, limit: int) -> Iterator[Happening]:
    for _number, row in zip(range(limit), rows, strict=False):
        if row.step_id is None:
            edit = row.id
        else:
            step = row.step_id
        yield Happening(
            edit_id=row.id,
            text=Text(row.domain, row.locale, row.msgid, row.plural, row.context),
            before=tuple(json.loads(row.before or row.base_strings)),
            after=tuple(json.loads(row.strings)),
            state=cast("State", row.state or "draft"),
            author=row.actor,
            moment=row.moment,
            reason=row.why,
            release=row.release,
            place=_place(edit, step),
        )


def _place(edit: int, step: int) -> int:
    return edit << _BITS | step


def _made() -> Select[*tuple[Any, ...]]:
    earlier = aliased(Edit)
    actor, moment, why = Edit.author.label("actor"), Edit.made.label("moment"), Edit.reason.label("why")
    nothing = (literal(None).label(name) for name in ("step_id", "state", "release"))
    query = _edits(earlier.strings.label("before"), actor, moment, why, *nothing)
    return query.outerjoin(earlier, earlier.id == Edit.parent)


def _taken() -> Select[*tuple[Any, ...]]:
    actor, moment, why = Step.author.label("actor"), Step.taken.label("moment"), Step.reason.label("why")
    what = Step.id.label("step_id"), Step.state.label("state"), Step.release.label("release")
    query = _edits(_ended().label("before"), actor, moment, why, *what)
    return query.join(Step, Step.edit_id == Edit.id)


def _edits(*more: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    columns = (Edit.id, Edit.domain, Edit.locale, Edit.msgid, Edit.plural, Edit.context, Edit.strings)
    return select(*columns, Edit.base_strings, *more).select_from(Edit)


def _ended() -> ScalarSelect[str]:
    """Return the query for what visitors read of the same text until a step: an edit that ended with it."""
    ended, last = aliased(Edit), aliased(Step)
    same_text = (ended.domain == Edit.domain, ended.locale == Edit.locale, ended.key == Edit.key)
    with_it = (last.taken == Step.taken, last.id < Step.id, last.state.in_(("replaced", "withdrawn")))
    query = select(ended.strings).join(last, last.edit_id == ended.id).where(*same_text, *with_it)
    return query.order_by(last.id.desc()).limit(1).correlate(Edit, Step).scalar_subquery()

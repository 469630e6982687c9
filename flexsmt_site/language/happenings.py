"""What has happened to words, newest first: edits that were made, and steps that were taken with them."""

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, literal, or_, select, true
from sqlalchemy.orm import Session, aliased

from flexsmt_site.language.edit_rules import State, Strings, Text
from flexsmt_site.language.models import Edit, Step

#: No row has a larger number in either database.
_LARGEST = 2**31 - 1
_BITS = 32


@dataclass(frozen=True)
class Happening:
    """An edit that was made (its ``state`` is draft) or a step that was taken with one.

    ``before`` is what the edit before it said, or else the repository; ``author`` made the edit or took the
    step. ``place`` is where the list goes on after this.
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

    What somebody typed and then typed over is left out. The rows of either table are numbered in the order
    in which they were written, so a place is a number in each.
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
    later = aliased(Edit)
    typed_over = exists().where(_same_text(later), later.parent == Edit.id, later.author == Edit.author)
    actor, moment, why = Edit.author.label("actor"), Edit.made.label("moment"), Edit.reason.label("why")
    nothing = (literal(None).label(name) for name in ("step_id", "state", "release"))
    return _edits(actor, moment, why, *nothing).where(~and_(typed_over, ~_has_steps(Edit)))


def _taken() -> Select[*tuple[Any, ...]]:
    actor, moment, why = Step.author.label("actor"), Step.taken.label("moment"), Step.reason.label("why")
    what = Step.id.label("step_id"), Step.state.label("state"), Step.release.label("release")
    return _edits(actor, moment, why, *what).join(Step, Step.edit_id == Edit.id)


def _edits(*more: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Return the query for edits, each with what the one before said that was not typed over."""
    earlier, last = aliased(Edit), aliased(Edit)
    # Whose name is forgotten is nobody's equal.
    is_other = func.coalesce(earlier.author != Edit.author, true())
    stood = or_(is_other, _has_steps(earlier))
    number = select(func.max(earlier.id)).where(_same_text(earlier), earlier.id < Edit.id, stood)
    columns = (
        *(Edit.id, Edit.domain, Edit.locale, Edit.msgid, Edit.plural, Edit.context, Edit.strings),
        *(Edit.base_strings, last.strings.label("before"), *more),
    )
    texts = select(*columns).select_from(Edit)
    return texts.outerjoin(last, last.id == number.correlate(Edit).scalar_subquery())


def _same_text(other: type[Edit]) -> ColumnElement[bool]:
    return and_(other.domain == Edit.domain, other.locale == Edit.locale, other.key == Edit.key)


def _has_steps(edit: type[Edit]) -> ColumnElement[bool]:
    any_step = aliased(Step)
    return exists().where(any_step.edit_id == edit.id)

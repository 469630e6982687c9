"""Edits as they stand: each with what its last step has made of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import Session

from flexsmt_site.language.edit_rules import WORKING, State, Strings, Text
from flexsmt_site.language.models import Edit, Step
from flexsmt_site.language.packing import DOMAINS


class UnknownEdit(LookupError):
    """There is no edit of this number."""


@dataclass(frozen=True)
class Standing:
    """An edit as it stands: ``moved`` and ``mover`` tell of its last step, if there was one."""

    id: int
    text: Text
    strings: Strings
    base: str
    base_strings: Strings
    state: State
    parent: int
    author: int | None
    reason: str
    made: datetime
    moved: datetime | None = None
    mover: int | None = None

    @property
    def is_working(self) -> bool:
        """Somebody is still at work on it."""
        return self.state in WORKING


def get(session: Session, edit_id: int) -> Standing:
    """Return an edit; raises ``UnknownEdit``."""
    standing = find(session, edit_id)
    if standing is None:
        raise UnknownEdit(f"there is no edit {edit_id}")
    return standing


def find(session: Session, edit_id: int) -> Standing | None:
    """Return an edit, if there is one of this number."""
    return next(iter(found(session, Edit.id == edit_id)), None)


def find_head(session: Session, text: Text) -> Standing | None:
    """Return the newest edit of a text, whatever its state."""
    newest = select(func.max(Edit.id)).where(*of_text(text)).scalar_subquery()
    return next(iter(found(session, Edit.id == newest)), None)


def list_live(session: Session) -> list[Standing]:
    """Return the edits that visitors read, at most one for each text, oldest first."""
    return found(session, in_state("published"))


def list_released(session: Session) -> list[Standing]:
    """Return the live edits that releases hold: those of the policy are live by its versions."""
    return found(session, in_state("published"), Edit.domain.in_(DOMAINS))


def list_working(session: Session) -> list[Standing]:
    """Return what somebody is at work on: the newest edit of each text where it is a draft or in review."""
    return list_heads(session, or_(Step.id.is_(None), Step.state.in_(sorted(WORKING))))


def list_heads(session: Session, *conditions: ColumnElement[bool]) -> list[Standing]:
    """Return the newest edit of each text, whatever its state, where the conditions of ``found`` hold."""
    heads = select(func.max(Edit.id)).group_by(Edit.domain, Edit.locale, Edit.key)
    return found(session, Edit.id.in_(heads), *conditions)


def in_state(*states: State) -> ColumnElement[bool]:
    """Return a condition for ``found``: the last step of an edit has led to one of these."""
    return Step.state.in_(states)


def found(session: Session, *conditions: ColumnElement[bool]) -> list[Standing]:
    """Return the edits for which the conditions on ``Edit`` and its last ``Step`` hold, oldest first."""
    last = select(func.max(Step.id)).where(Step.edit_id == Edit.id).correlate(Edit).scalar_subquery()
    # Columns, not objects: a release may hold thousands.
    rows = session.execute(
        select(*Edit.__table__.columns, Step.state, Step.taken, Step.author.label("mover"))
        .outerjoin(Step, Step.id == last)
        .where(*conditions)
        .order_by(Edit.id)
    )
    return [_standing(row) for row in rows]


def of_text(text: Text) -> Sequence[ColumnElement[bool]]:
    """Return conditions for ``found``: it is of this text."""
    return (Edit.domain == text.domain, Edit.locale == text.locale, Edit.key == text.key)


def _standing(row: Row[*tuple[Any, ...]]) -> Standing:
    return Standing(
        id=row.id,
        text=Text(row.domain, row.locale, row.msgid, row.plural, row.context),
        strings=tuple(json.loads(row.strings)),
        base=row.base,
        base_strings=tuple(json.loads(row.base_strings)),
        state=cast("State", row.state or "draft"),
        parent=row.parent,
        author=row.author,
        reason=row.reason,
        made=row.made,
        moved=row.taken,
        mover=row.mover,
    )

"""What a member is typing is kept until it is saved: a closed window or a lost connection loses nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select

from flexsmt_site import database
from flexsmt_site.editor import privacy
from flexsmt_site.editor.models import Typed
from flexsmt_site.language.edit_rules import Strings, Text
from flexsmt_site.outbox import chores
from flexsmt_site.staff.models import Member

#: So many rows are deleted in one transaction: other writers wait for its end.
_AT_ONCE = 500


@dataclass(frozen=True)
class Unsaved:
    """What a member has typed for a text, when, and over which edit and which words of the project."""

    strings: Strings
    parent: int
    base: str
    at: datetime


def keep(member_id: int, text: Text, unsaved: Unsaved) -> None:
    """Keep what is typed so far in the place of what was before; raises ``DatabaseUnavailable``."""
    with database.write() as session:
        # One after the other: a slow request and the next one may come together.
        session.execute(select(Member.id).where(Member.id == member_id).with_for_update())
        session.execute(delete(Typed).where(*_of(member_id, text)))
        row = {
            "member_id": member_id,
            "domain": text.domain,
            "locale": text.locale,
            "key": text.key,
            "strings": json.dumps(unsaved.strings),
            "parent": unsaved.parent,
            "base": unsaved.base,
            "typed": unsaved.at,
        }
        session.execute(insert(Typed), [row])


def find(member_id: int, text: Text) -> Unsaved | None:
    """Return what a member has typed for a text and not saved; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        row = session.scalar(select(Typed).where(*_of(member_id, text)))
    return Unsaved(tuple(json.loads(row.strings)), row.parent, row.base, row.typed) if row else None


def forget(member_id: int, text: Text) -> None:
    """It is saved, or given up; raises ``DatabaseUnavailable``."""
    if find(member_id, text):
        with database.write() as session:
            session.execute(delete(Typed).where(*_of(member_id, text)))


def places(member_id: int) -> list[tuple[str, str, str]]:
    """Return domain, language and key of each text that a member has typed for, the newest first."""
    query = select(Typed.domain, Typed.locale, Typed.key).where(Typed.member_id == member_id)
    with database.read() as session:
        return [(row.domain, row.locale, row.key) for row in session.execute(query.order_by(Typed.id.desc()))]


def _of(member_id: int, text: Text) -> Sequence[ColumnElement[bool]]:
    return (
        Typed.member_id == member_id,
        Typed.domain == text.domain,
        Typed.locale == text.locale,
        Typed.key == text.key,
    )


def declare() -> None:
    """Leave it to the relay to delete what nobody has come back to."""
    chores.declare("editor typing", forget_old)


def forget_old(round_: chores.Round) -> None:
    """Delete what was typed four weeks ago, 500 rows a round."""
    database.sweep(Typed.id, Typed.typed < round_.now - privacy.KEPT, _AT_ONCE)

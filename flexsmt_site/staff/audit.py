"""The trail: who did what to which record, and when. Rows are added and pruned, never changed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flexsmt_site import database
from flexsmt_site.ledger import keeps
from flexsmt_site.outbox import chores
from flexsmt_site.staff import rules
from flexsmt_site.staff.models import Record

PAGE = 100
#: What each action is called for people; features above add theirs.
WORDS: dict[str, LazyString] = {
    "signed-in": _l("Signed in"),
    "signed-out": _l("Signed out"),
    "signed-out.others": _l("Signed out on all other devices"),
    "sign-in.asked": _l("Asked for a code"),
    "sign-in.refused": _l("Tried to sign in and was refused"),
    "sign-in.link-made": _l("A link to sign in was made by command"),
    "refused": _l("Wanted a page that the role does not open"),
    "passkey.added": _l("Added a passkey"),
    "passkey.removed": _l("Removed a passkey"),
    "member.added": _l("An account was made by command"),
    "member.changed": _l("A role was changed by command"),
    "member.removed": _l("An account was ended by command"),
}
_ABOUT_MEMBERS = ("member.", "passkey.", "sign-in.")
#: What is pruned in one transaction: other writers wait for its end.
_AT_ONCE = 500


@dataclass(frozen=True)
class Found:
    """A page of the trail, newest first; ``older`` is the key of the next one, None on the last."""

    records: list[Record]
    older: int | None


@keeps("P13.3a")
def record(
    session: Session, action: str, *, member_id: int | None, subject: int | None, now: datetime
) -> None:
    """Add a line within the caller's write transaction: what it tells of is done if and only if it stands."""
    session.add(Record(at=now, member_id=member_id, action=action, subject=subject))


def write(action: str, *, member_id: int | None, subject: int | None, now: datetime) -> None:
    """Add a line in a transaction of its own; raises ``DatabaseUnavailable``: unseen, nothing is shown."""
    with database.write() as session:
        record(session, action, member_id=member_id, subject=subject, now=now)


def declare_words(words: dict[str, LazyString]) -> None:
    """Say what the actions of a feature are called."""
    WORDS.update(words)


def is_about_member(action: str) -> bool:
    """Tell whether the record that a line names is a member of the staff."""
    return action.startswith(_ABOUT_MEMBERS)


def find(before: int | None = None) -> Found:
    """Return the newest hundred lines, or those before the line of that number."""
    newest = select(Record).order_by(Record.id.desc()).limit(PAGE + 1)
    if before is not None:
        newest = newest.where(Record.id < max(0, min(before, rules.LARGEST_NUMBER)))
    with database.read() as session:
        found = list(session.scalars(newest))
    return Found(found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None)


def count(action: str, since: datetime) -> int:
    """Count the lines of an action since a moment."""
    with database.read() as session:
        lines = select(func.count(Record.id)).where(Record.at >= since, Record.action == action)
        return session.scalars(lines).one()


def find_newest(subject: int, actions: Collection[str]) -> Record | None:
    """Return the last of the lines about a record that tell of one of these actions; None without any."""
    about = select(Record).where(Record.subject == subject, Record.action.in_(actions))
    with database.read() as session:
        return session.scalar(about.order_by(Record.id.desc()).limit(1))


def declare() -> None:
    """Leave it to the relay to prune the trail."""
    chores.declare("staff audit", prune)


def prune(round_: chores.Round) -> None:
    """Delete lines that are older than 24 months, 500 a round."""
    database.sweep(Record.id, Record.at < rules.kept_since(round_.now), _AT_ONCE)

"""What staff can open: features declare their pages downward, the layout lists those for the member."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import LazyString

from flexsmt_site.staff import rules
from flexsmt_site.staff.rules import Role


@dataclass(frozen=True)
class Entry:
    """A page in the staff's navigation, for these roles; lower ``place`` comes first."""

    endpoint: str
    label: LazyString
    roles: tuple[Role, ...]
    place: int


_entries: dict[str, Entry] = {}


def declare(entry: Entry) -> None:
    """Put a page into the navigation; declaring it again replaces it."""
    _entries[entry.endpoint] = entry


def entries(role: Role) -> Iterable[Entry]:
    """Return what a role may open, in order; the first is where it begins."""
    return sorted(
        (entry for entry in _entries.values() if rules.may(role, entry.roles)), key=lambda entry: entry.place
    )

"""The kinds of mail that the features above send, as they declare them.

Declaring goes downward: the relay asks here what a kind wants and never imports
the feature that sends it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from flexsmt_site.outbox.rules import OnUnknown


@dataclass(frozen=True)
class Kind:
    """How mails of one kind are treated.

    A lower ``priority`` goes first. ``wanted`` is asked with the keys of the subjects each time a relay
    claims mails, and returns those that still want theirs; a mail of another is cancelled and its bytes
    are wiped.
    """

    name: str
    priority: int
    expires: timedelta
    on_unknown: OnUnknown
    wanted: Callable[[Session, set[int]], set[int]]


class UnknownKind(LookupError):
    """No feature has declared a mail kind of this name."""


_kinds: dict[str, Kind] = {}


def declare(kind: Kind) -> None:
    """Make a kind known; declaring the name again replaces it."""
    _kinds[kind.name] = kind


def get_kind(name: str) -> Kind:
    """Find a declared kind; raises ``UnknownKind``."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(f"no feature has declared mails of the kind {name!r}") from None


def list_names() -> list[str]:
    """List what is declared, in order of name."""
    return sorted(_kinds)

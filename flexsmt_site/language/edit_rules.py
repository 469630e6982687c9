"""Which text an edit is of, and what becomes of it when the repository's text has changed.

Pure: no Flask, no database, no files.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from typing import Literal

from flexsmt_site.language.gate_entry import PLURAL_FORMS

State = Literal["draft", "review", "published", "replaced", "withdrawn", "retired"]
Strings = tuple[str, ...]

#: What somebody is still at work on.
WORKING: frozenset[State] = frozenset({"draft", "review"})
#: Where people move an edit by hand; publishing, rolling back and syncing do the rest.
_BY_HAND: dict[State, frozenset[State]] = {
    "draft": frozenset({"review", "withdrawn"}),
    "review": frozenset({"draft", "withdrawn"}),
}
#: Ten times the longest clause of the policy.
LONGEST = 20_000
LONGEST_REASON = 500


class BadStrings(ValueError):
    """The strings can not be kept as words of this text."""


@dataclass(frozen=True)
class Text:
    """A text of a catalogue in one language, as gettext tells texts apart."""

    domain: str
    locale: str
    msgid: str
    plural: str | None = None
    context: str | None = None

    @property
    def key(self) -> str:
        """The same text has the same key in every language and version."""
        return key_of(self.context, self.msgid, self.plural)

    @property
    def forms(self) -> int:
        """How many strings its translation has."""
        return PLURAL_FORMS[self.locale] if self.plural is not None else 1

    @property
    def name(self) -> str:
        """How people are told in one line which text is meant."""
        return plain(f"{self.locale}/{self.domain} “{self.msgid[:70]}”")


class Fate(Enum):
    """What becomes of an edit whose text says what it said, the same as it, something else, or is gone."""

    STAYS = "stays"
    LANDED = "retired"
    CONFLICT = "conflict"
    GONE = "gone"


def plain(line: str) -> str:
    """Return a line without what would move a terminal's cursor, colour it or turn its text around."""
    return "".join(letter if letter.isprintable() else " " for letter in line)


@lru_cache(maxsize=20_000)
def key_of(context: str | None, msgid: str, plural: str | None) -> str:
    """Return the key of a text: a SHA-256 as 64 hexadecimal digits."""
    return _sum([context, msgid, plural])


def digest(strings: Sequence[str]) -> str:
    """Return the sum of a translation, by which one can tell whether it has changed."""
    return _sum(list(strings))


def _sum(parts: Sequence[str | None]) -> str:
    return sha256(json.dumps(parts).encode("ascii")).hexdigest()


def fate(strings: Strings, base: str, current: Strings | None) -> Fate:
    """Decide what becomes of an edit that was made against the value of digest ``base``.

    ``current`` is what the repository says today; None where the text is gone. Whatever the answer, the
    edit is kept, and a published one is shown wherever its text exists.
    """
    if current is None:
        return Fate.GONE
    if current == strings:
        return Fate.LANDED
    return Fate.STAYS if digest(current) == base else Fate.CONFLICT


def comes_back(strings: Strings, base: str, current: Strings | None) -> bool:
    """Tell whether a retired edit is needed again: the repository says what it said before the edit landed.

    That is so when an earlier version of the site is deployed again.
    """
    return current is not None and current != strings and digest(current) == base


def may_move(state: State, to: State) -> bool:
    """Tell whether people may move an edit from one state to another by hand."""
    return to in _BY_HAND.get(state, frozenset())


def check(text: Text, strings: Strings, reason: str = "") -> None:
    """Refuse what can not be stored or written to a file; drafts may be unfinished. Raises ``BadStrings``."""
    if len(strings) != text.forms:
        raise BadStrings(f"{len(strings)} forms instead of {text.forms}")
    for string in strings:
        _check_characters(string)
    if max(map(len, strings)) > LONGEST:
        raise BadStrings(f"a text of {max(map(len, strings))} characters: at most {LONGEST} are taken")
    check_reason(reason)


def check_reason(reason: str) -> None:
    """Refuse a reason or a note that can not be stored; raises ``BadStrings``."""
    _check_characters(reason)
    if len(reason) > LONGEST_REASON:
        raise BadStrings(f"a reason of {len(reason)} characters: at most {LONGEST_REASON} are taken")


def is_storable(string: str) -> bool:
    """Tell whether it holds only characters that a text can have."""
    return "\0" not in string and not any("\ud800" <= letter <= "\udfff" for letter in string)


def _check_characters(string: str) -> None:
    if not is_storable(string):
        raise BadStrings("it holds a character that no text has (NUL, or half of a pair)")

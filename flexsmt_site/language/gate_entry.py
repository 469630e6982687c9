"""What the gate is given and what it answers."""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

#: How many plural forms a language has, by CLDR's rules for gettext.
PLURAL_FORMS = {"en": 2, "ru": 3}


class Fault(NamedTuple):
    """A broken rule (a short stable name), what is wrong, and how to mend it."""

    rule: str
    what: str
    mend: str


@dataclass(frozen=True)
class Finding:
    """A fault with its weight."""

    level: Literal["error", "warning"]
    rule: str
    what: str
    mend: str


class Term(NamedTuple):
    """A row of the glossary."""

    english: str
    russian: str

    def stands_in(self, source: str) -> bool:
        """Tell whether an English text holds the term, in whatever number and case."""
        return bool(re.search(rf"\b{re.escape(self.english)}(?:s|es)?\b", source, re.IGNORECASE))


@dataclass(frozen=True)
class Entry:
    """One text of a catalogue: ``strings`` holds one form, or one for each plural form."""

    locale: str
    domain: str
    msgid: str
    strings: tuple[str, ...]
    plural: str | None = None
    flags: frozenset[str] = frozenset()
    comments: tuple[str, ...] = ()

    @property
    def forms(self) -> int:
        """How many forms the language needs for this text."""
        return PLURAL_FORMS[self.locale] if self.plural is not None else 1

    def source_of(self, form: int) -> str:
        """Return the source that a form stands for.

        Only English has a form for exactly one: the Russian first form is also that of 21 and 31.
        """
        singular = self.plural is None or (self.locale == "en" and form == 0)
        return self.msgid if singular else str(self.plural)

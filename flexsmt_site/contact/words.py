"""Which words an enquiry is found by, and which ones a search asks for.

Both databases keep the same words by themselves: SQLite's triggers ask ``listed`` for them, PostgreSQL
computes them in a column (migration 0008). Tests hold one against the other.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from flexsmt_site import database, sqlite
from flexsmt_site.config import LANGUAGES
from flexsmt_site.contact import rules
from flexsmt_site.language import countries

#: A longer run of letters is several words: an index holds no keys of any length.
LONGEST = 40
#: Of a longer search the first words count: whoever pastes a whole paragraph has said enough.
MOST = 32
#: Of an even longer one no more is read.
MOST_READ = 10_000
#: Stands before a country's code among an enquiry's words: no word of a text begins with it.
MARK = "@"
#: Letters and digits of all scripts by their numbers: classes of signs differ from server to server.
SIGNS = (
    r"0-9a-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02c1\u0306\u0370-\u0559\u0560-\u0588"
    r"\u058b-\u05bd\u05bf-\u05f2\u05f5-\u060b\u060d-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u0963"
    r"\u0966-\u1fff\u2c00-\u2dff\u3005-\u3007\u3021-\u302f\u3031-\u303c\u3040-\ud7ff\uf900-\ufdff"
    r"\ufe70-\ufefe\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc\U00010000-\U0001cfff"
    r"\U0001e000-\U0001efff\U00020000-\U0003ffff"
)
#: Accents, dots and rings above letters, but for the one that makes й another letter than и.
ACCENTS = r"[\u0300-\u0305\u0307-\u036f]|(?<![иИ])\u0306"

_WORD = re.compile(f"[{SIGNS}]{{1,{LONGEST}}}")
_ACCENT = re.compile(ACCENTS)
#: Every reference begins with it: it tells nothing.
_EVERY_REFERENCE = "fx"


@dataclass(frozen=True)
class Word:
    """One word of a search: found as the beginning of a word, or as one of the marked ``countries``."""

    beginning: str
    countries: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """What a search asks for: the enquiry of a reference, or those that have all words.

    With neither it finds nothing: nobody's words are made of punctuation alone.
    """

    reference: str | None = None
    words: tuple[Word, ...] = ()


def read(text: str) -> Asked | None:
    """Read what somebody typed into the search field; None where that is nothing: everything is asked for."""
    if not text.strip():
        return None
    text = text[:MOST_READ]
    reference = rules.read_reference(text)
    if reference:
        return Asked(reference)
    found = split(text)
    if found == [_EVERY_REFERENCE]:
        return None
    telling = [word for word in found if word != _EVERY_REFERENCE][:MOST]
    return Asked(words=tuple(Word(word, _countries(word)) for word in telling))


def split(text: str) -> list[str]:
    """Return the words of a text, folded, each once."""
    return list(dict.fromkeys(_WORD.findall(_fold(text))))


def listed(country: str, text: str) -> str:
    """Return the words that an enquiry is found by, for SQLite: a list in JSON, each word once."""
    return json.dumps([*split(text), MARK + country.lower()])


def declare() -> None:
    """Let SQLite's triggers ask for an enquiry's words, and say what of theirs no model declares."""
    sqlite.declare("enquiry_words", 2, listed)
    database.declare_own("enquiry_word", "words", "ix_enquiry_words")


def _fold(text: str) -> str:
    """Let case and accents fall away, ё too, while й stays a letter of its own."""
    plain = _ACCENT.sub("", unicodedata.normalize("NFD", text))
    # In Greek an s at a word's end is written in another way, and PostgreSQL does not look at ends.
    return plain.lower().replace("ς", "σ")


def _countries(beginning: str) -> tuple[str, ...]:
    """Return the marked codes of the countries that are meant: by code, or by name in any language."""
    return tuple(
        MARK + code.lower()
        for code, names in _country_words()
        if code.lower() == beginning or any(name.startswith(beginning) for name in names)
    )


@cache
def _country_words() -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple(
        (code, frozenset(word for lang in LANGUAGES for word in split(countries.country_name(code, lang))))
        for code in sorted(countries.codes())
    )

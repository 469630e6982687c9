"""What reads badly: English left over, punctuation, quotes, mixed letters, other words than agreed.

Pure. All of it is for a person to decide, so all of it is a warning.
"""

import re
from collections.abc import Iterable, Iterator

from flexsmt_site.language.gate_entry import Fault, Term
from flexsmt_site.language.gate_structure import PLACEHOLDER

_TAG = re.compile(r"<[^<>]*>|&\w+;")
_WORD = re.compile(r"\S+")
_LATIN_WORD = re.compile(r"[A-Za-z]{4,}")
_ENDINGS = ".!?…:;"
#: So short a stem still tells words apart, and a Russian ending is at most three letters long.
_STEM_LETTERS = 4
_ENDING_LETTERS = 3


def same_as_source(source: str, form: str, locale: str, _glossary: Iterable[Term]) -> Iterator[Fault]:
    """Find a Russian text that repeats the English words."""
    if locale != "en" and form == source and _LATIN_WORD.search(_plain(source)):
        yield Fault("same", "the same as the source", "translate it, or leave it if it is a name")


def english_left(source: str, form: str, locale: str, glossary: Iterable[Term]) -> Iterator[Fault]:
    """Find plain English words of the source that still stand in a Russian text; names have a capital."""
    if locale == "en":
        return
    kept = {word for term in glossary for word in _LATIN_WORD.findall(term.russian)}
    theirs = set(_LATIN_WORD.findall(_plain(source)))
    left = [word for word in _LATIN_WORD.findall(_plain(form)) if word.islower() and word in theirs - kept]
    if left:
        yield Fault(
            "english",
            f"English left: {', '.join(dict.fromkeys(left))}",
            "translate it, or add it to the glossary",
        )


def ending(source: str, form: str, _locale: str, _glossary: Iterable[Term]) -> Iterator[Fault]:
    """Compare the sign that ends the sentence."""
    wanted, found = (_last_sign(text) for text in (source, form))
    if wanted != found:
        yield Fault(
            "ending",
            f"ends with {found or 'no sign'} instead of {wanted or 'no sign'}",
            "end it as the source",
        )


def _last_sign(text: str) -> str:
    bare = _TAG.sub("", text).rstrip().rstrip("»”’\"')")
    return bare[-1:] if bare[-1:] in _ENDINGS else ""


def quotes(_source: str, form: str, locale: str, _glossary: Iterable[Term]) -> Iterator[Fault]:
    """Find quotes of the wrong shape or without their partner."""
    plain = _TAG.sub("", form)
    pairs = ("“", "”") if locale == "en" else ("«", "»")
    wrong = re.findall('["«»]' if locale == "en" else '["“”]', plain)
    # „…“ is how Russian quotes inside of quotes.
    if wrong and not ("„" in plain and set(wrong) == {"“"}):
        yield Fault("quotes", f"quotes {''.join(dict.fromkeys(wrong))}", f"use {''.join(pairs)}")
    if plain.count(pairs[0]) != plain.count(pairs[1]):
        yield Fault("quotes", f"{pairs[0]} and {pairs[1]} do not match", "open and close each quotation")


def spaces(source: str, form: str, _locale: str, _glossary: Iterable[Term]) -> Iterator[Fault]:
    """Find doubled spaces and spaces at the edges that the source does not have."""
    if re.search(r"[ \u00a0]{2}", form) and not re.search(r"[ \u00a0]{2}", source):
        yield Fault("spaces", "two spaces in a row", "leave one")
    if (form[:1].isspace(), form[-1:].isspace()) != (source[:1].isspace(), source[-1:].isspace()):
        yield Fault("spaces", "another space at the edge than the source", "begin and end as the source")


def mixed_alphabets(_source: str, form: str, _locale: str, _glossary: Iterable[Term]) -> Iterator[Fault]:
    """Find words of Latin and Cyrillic letters: they look right and are never found by a search."""
    words = re.findall(r"[A-Za-zА-Яа-яЁё]+", _plain(form))
    mixed = [word for word in words if re.search("[A-Za-z]", word) and re.search("[А-Яа-яЁё]", word)]
    if mixed:
        yield Fault("alphabets", f"Latin and Cyrillic letters in {', '.join(mixed)}", "type the word again")


def repeated(source: str, form: str, _locale: str, _glossary: Iterable[Term]) -> Iterator[Fault]:
    """Find a word that stands twice in a row."""
    pattern = r"\b([^\W\d_]+)\s+\1\b"
    twice = re.search(pattern, _plain(form), re.IGNORECASE)
    if twice and not re.search(pattern, _plain(source), re.IGNORECASE):
        yield Fault("repeated", f"“{twice[0]}”", "leave one")


def glossary(source: str, form: str, terms: Iterable[Term]) -> Iterator[Fault]:
    """Find agreed words that the source has and the Russian text says otherwise."""
    text = _plain(form).casefold()
    for term in terms:
        if term.stands_in(_plain(source)) and not all(
            stem(word) in text for word in term.russian.casefold().split()
        ):
            yield Fault("glossary", f"“{term.english}” is agreed as «{term.russian}»", "use the agreed words")


def stem(word: str) -> str:
    """Return what stays of a Russian word through its cases."""
    return word[: max(_STEM_LETTERS, len(word) - _ENDING_LETTERS)]


def _plain(text: str) -> str:
    """Return the words only: no tags, placeholders, addresses or links."""
    bare = PLACEHOLDER.sub(" ", _TAG.sub(" ", text))
    return _WORD.sub(lambda word: " " if "@" in word[0] or "/" in word[0] else word[0], bare)

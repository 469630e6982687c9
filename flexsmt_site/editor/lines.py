"""All texts of the site, both languages side by side, kept in memory until something of them changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from flask import current_app

from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import rules
from flexsmt_site.editor.rules import Show
from flexsmt_site.language import audit, catalog, edits, gate, overlay
from flexsmt_site.language.edit_rules import Fate, Strings
from flexsmt_site.language.edits import Listed
from flexsmt_site.language.gate_entry import Finding, Term

_INDEX = "flexsmt_editor_lines"
#: Several times what the site has of texts.
_MOST_LINES = 10_000
Key = tuple[str, str]


@dataclass(frozen=True)
class Side:
    """A text in one language, with what the gate finds in what it says or would say."""

    listed: Listed
    findings: tuple[Finding, ...]

    @property
    def strings(self) -> Strings:
        """The draft, where there is one, else what visitors read."""
        return self.listed.draft.strings if self.listed.draft else self.listed.shown

    @property
    def is_gone(self) -> bool:
        """No text of this version is the edit's."""
        return self.listed.value is None


@dataclass(frozen=True)
class Line:
    """A text in all languages in which it exists, and why somebody may look for it."""

    domain: str
    key: str
    sides: Mapping[str, Side]
    shows: frozenset[Show]
    sought: str

    @property
    def place(self) -> Key:
        """What no other line has."""
        return self.domain, self.key

    @property
    def source(self) -> tuple[str, ...]:
        """The msgid, with its plural where it has one."""
        text = next(iter(self.sides.values())).listed.text
        return (text.msgid, text.plural) if text.plural is not None else (text.msgid,)

    @property
    def context(self) -> str | None:
        """What tells it from texts of the same msgid."""
        return next(iter(self.sides.values())).listed.text.context


@dataclass(frozen=True)
class Index:
    """Every line in the order of the files, as of a state of files and database."""

    state: tuple[object, ...]
    lines: Mapping[Key, Line]


def index() -> Index:
    """Return every text as it stands now; raises ``DatabaseUnavailable`` and ``overlay.BrokenCatalogue``."""
    state = (_files(), edits.mark())
    known: Index | None = current_app.extensions.get(_INDEX)
    if known is None or known.state != state:
        known = current_app.extensions[_INDEX] = Index(state, _read())
    return known


def _files() -> tuple[tuple[int, int], ...]:
    found = (source.stat() for source in catalog.sources() if source.is_file())
    return tuple((one.st_mtime_ns, one.st_size) for one in found)


def _read() -> dict[Key, Line]:
    terms = audit.glossary()
    listed: dict[Key, list[Listed]] = {}
    for domain in catalog.DOMAINS:
        for lang in LANGUAGES:
            for one in edits.list_texts(domain, lang):
                listed.setdefault((domain, one.text.key), []).append(one)
    return {place: _line(place, tuple(found), terms) for place, found in listed.items()}


@lru_cache(maxsize=_MOST_LINES)
def _line(place: Key, found: tuple[Listed, ...], terms: tuple[Term, ...]) -> Line:
    # To judge all texts takes half a second, and most stay as they are.
    sides = {one.text.locale: Side(one, _judged(one, terms)) for one in found}
    text = found[0].text
    words = [text.msgid, text.plural or "", text.context or ""]
    for one in found:
        words += [*one.shown, *(one.draft.strings if one.draft else ())]
    shows = {show for side in sides.values() for show in _shows(side)}
    if _is_source_newer(sides):
        shows.add(Show.CHANGED)
    return Line(*place, sides, frozenset(shows), rules.sought("\n".join(words)))


def _judged(one: Listed, terms: tuple[Term, ...]) -> tuple[Finding, ...]:
    strings = one.draft.strings if one.draft else one.shown
    return tuple(gate.check(one.value.entry(strings), terms)) if one.value else ()


def _shows(side: Side) -> Iterator[Show]:
    one = side.listed
    if not (side.is_gone or all(side.strings)):
        yield Show.MISSING
    if one.fate in (Fate.CONFLICT, Fate.GONE):
        yield Show.CONFLICT
    if side.findings:
        yield Show.WARNING
    if one.draft:
        yield Show.REVIEW if one.draft.state == "review" else Show.DRAFT
    if one.live and one.value and one.live.strings != one.value.strings:
        yield Show.DIFFERS


def _is_source_newer(sides: Mapping[str, Side]) -> bool:
    """Tell whether English was reworded on the site, and no other language was looked at since."""
    first, *others = (sides.get(lang) for lang in LANGUAGES)
    if first is None or first.is_gone or not (edit := first.listed.draft or first.listed.live):
        return False
    reworded = edit.strings != overlay.get(first.listed.text).strings
    heads = [other.listed.head for other in others if other]
    return reworded and any(head is None or head.id < edit.id for head in heads)

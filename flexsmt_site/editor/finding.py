"""Find texts: by what is to be done, by page, by catalogue and by words, in pages of a list."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flexsmt_site.editor import lines, places, rules
from flexsmt_site.editor.lines import Key, Line
from flexsmt_site.editor.rules import Show


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; None and "" are everything. ``at`` is the page of the list, from 1."""

    show: Show | None = None
    domain: str = ""
    page: str = ""
    words: str = ""
    at: int = 1

    def args(self, **changes: object) -> dict[str, str | int]:
        """Return it as the query of an address, what is everything left out; with changes, from page 1."""
        one = replace(self, **{"at": 1, **changes}) if changes else self  # type: ignore[arg-type]
        named = {"show": one.show, "in": one.domain, "page": one.page, "q": one.words}
        query: dict[str, str | int] = {name: str(value) for name, value in named.items() if value}
        return {**query, "at": one.at} if one.at > 1 else query


@dataclass(frozen=True)
class Found:
    """A page of the texts that somebody looks for.

    ``counts`` are of the same search under each filter; ``None`` counts all of it.
    """

    lines: tuple[Line, ...]
    total: int
    at: int
    last: int
    counts: Mapping[Show | None, int]


def find(wanted: Wanted) -> Found:
    """Find texts; a page beyond the end is the last. Raises ``DatabaseUnavailable``."""
    meant = _meant(wanted)
    counts: Counter[Show | None] = Counter(show for line in meant for show in line.shows)
    counts[None] = len(meant)
    shown = _shown(meant, wanted)
    last = max(1, -(-len(shown) // rules.PAGE))
    at = min(wanted.at, last)
    return Found(tuple(shown[(at - 1) * rules.PAGE : at * rules.PAGE]), len(shown), at, last, counts)


def next_after(wanted: Wanted, of: str, place: Key) -> Line | None:
    """Return what follows a text among those of a language that somebody looks for; None after the last."""
    every = list(lines.index().lines)
    behind = set(every[every.index(place) + 1 :]) if place in every else set()
    found = _shown(_meant(wanted), wanted)
    return next((line for line in found if line.place in behind and of in line.sides), None)


def waiting() -> dict[str, int]:
    """Return how many texts with a draft stand on each page that has any."""
    drafts = {line.place for line in lines.index().lines.values() if line.shows & {Show.DRAFT, Show.REVIEW}}
    if not drafts:
        return {}
    counted = {page: len(drafts & places.texts_on(page)) for page in places.pages()}
    return {page: count for page, count in counted.items() if count}


def _meant(wanted: Wanted) -> list[Line]:
    words = rules.sought(wanted.words)
    on_page = places.texts_on(wanted.page) if wanted.page else None
    return [
        line
        for line in lines.index().lines.values()
        if (not wanted.domain or line.domain == wanted.domain)
        and (on_page is None or line.place in on_page)
        and rules.is_found(line.sought, words)
    ]


def _shown(meant: list[Line], wanted: Wanted) -> list[Line]:
    return [line for line in meant if wanted.show is None or wanted.show in line.shows]

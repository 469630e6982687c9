"""The gate before a version of the policy: both languages promise the same, or it is not published.

Pure: rendered clauses come in, and what differs goes out, each with where it stands.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import zip_longest

from babel.dates import get_month_names

from flexsmt_site.language import gate_figures
from flexsmt_site.policy import clauses
from flexsmt_site.policy.clauses import Block, Clause

#: What a template or a catalogue leaves behind that was not filled in.
_UNFILLED = re.compile(r"%\(\w*\)|\{\{|\}\}|\{%|%\}|\{\w*\}")
_WORD = re.compile(r"[^\W\d_]{3,}")
_DATE = re.compile(r"\b(\d{1,2})\s+([^\W\d_]+)\s+(\d{4})\b")
_SHOWN = 60
_KINDS = {"tr": "a table row", "li": "an item", "p": "a paragraph", "h2": "a heading", "caption": "a caption"}


def compare(htmls: Mapping[str, str]) -> list[str]:
    """Return what differs between the languages' fragments, or is wrong in one; empty where nothing is."""
    read = {lang: clauses.read(html) for lang, html in htmls.items()}
    (first, base), *others = read.items()
    found = [fault for lang, text in read.items() for fault in _alone(lang, text)]
    for lang, text in others:
        found += _order(first, base, lang, text)
        there = {clause.number: clause for clause in text}
        for clause in base:
            if clause.number in there:
                faults = _clause(first, clause, lang, there[clause.number])
                found += [f"clause {clause.number}: {fault}" for fault in faults]
    return found


def _alone(lang: str, text: Sequence[Clause]) -> Iterator[str]:
    """Find what is wrong in a language by itself."""
    if not text:
        yield f"there are no clauses in {lang}"
    for clause in text:
        if not clause.title:
            yield f"clause {clause.number}: no title in {lang}"
        for block in clause.blocks:
            if left := _UNFILLED.search(block.text):
                yield f"clause {clause.number}: {left[0]} is not filled in, in {lang}: {_quoted(block)}"
    for name, times in Counter(name for clause in text for name in clause.promises).items():
        if times > 1:
            yield f"promise {name} stands {times} times in {lang}"


def _order(first: str, base: Sequence[Clause], lang: str, text: Sequence[Clause]) -> Iterator[str]:
    wanted, found = ([clause.number for clause in some] for some in (base, text))
    for number in sorted(set(wanted) ^ set(found)):
        yield f"clause {number} is missing in {lang if number in wanted else first}"
    if set(wanted) == set(found) and wanted != found:
        yield f"the clauses stand in another order in {lang} than in {first}"


def _clause(first: str, base: Clause, lang: str, other: Clause) -> Iterator[str]:
    yield from _missing("promise", first, Counter(base.promises), lang, Counter(other.promises))
    links = Counter(_plain(link, first) for link in base.links)
    yield from _missing("link to", first, links, lang, Counter(_plain(link, lang) for link in other.links))
    for place, (one, two) in enumerate(zip_longest(base.blocks, other.blocks), start=1):
        shape, wanted = _shape(two), _shape(one)
        if shape != wanted:
            yield f"part {place} is {wanted} in {first}, but {shape} in {lang}"
            # One that is missing moves all that follow.
            return
        yield from _block(first, one, lang, two)


def _missing(what: str, first: str, wanted: Counter[str], lang: str, found: Counter[str]) -> Iterator[str]:
    for some, less, where in ((wanted, found, lang), (found, wanted, first)):
        for name in (some - less).elements():
            yield f"{what} {name} is missing in {where}"


def _plain(link: str, lang: str) -> str:
    return re.sub(rf"^/{lang}(?=/|$)", "/<lang>", link)


def _shape(block: Block | None) -> str:
    if block is None:
        return "missing"
    kind = _KINDS.get(block.kind, f"a {block.kind}")
    return f"{kind} of {block.cells} cells" if block.cells else kind


def _block(first: str, one: Block, lang: str, two: Block) -> Iterator[str]:
    for fault in gate_figures.figures(one.text, two.text, both_ways=True):
        yield f"numbers differ in {lang}, {fault[1]}: {_quoted(two)}"
    if _dates(one.text, first) != _dates(two.text, lang):
        yield f"dates differ between {first} and {lang}: {_quoted(one)}, {_quoted(two)}"
    if one.text == two.text and one.kind != "tr" and len(_WORD.findall(one.text)) > 1:
        yield f"the same in {lang} as in {first}, so not translated: {_quoted(one)}"


def _quoted(block: Block) -> str:
    shown = block.text if len(block.text) <= _SHOWN else f"{block.text[:_SHOWN]}…"
    return f"“{shown}”"


def _dates(text: str, lang: str) -> Counter[tuple[int, int, int]]:
    """Count the days that a text names in words, as year, month and day."""
    months = _months(lang)
    found = ((year, months.get(name.casefold()), day) for day, name, year in _DATE.findall(text))
    return Counter((int(year), month, int(day)) for year, month, day in found if month)


@cache
def _months(lang: str) -> dict[str, int]:
    return {name.casefold(): number for number, name in get_month_names("wide", locale=lang).items()}

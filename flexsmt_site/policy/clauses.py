"""The clauses of a rendered policy as what a reader sees: paragraphs, table rows, links and promises.

Pure: the same HTML gives the same clauses. It reads what ``templates/policy`` writes, not any HTML.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_SECTION = re.compile(r'<section class="clause" id="c(\d+)".*?</section>', re.DOTALL)
_BLOCKS = frozenset({"p", "h2", "h3", "li", "caption", "dt", "dd", "tr"})
_CELLS = frozenset({"td", "th"})
#: A no-break space is part of a text; those of the source's lines are not.
_SPACE = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, an item or a row; ``cells`` counts those of a row, whose texts are joined."""

    kind: str
    text: str
    cells: int = 0


@dataclass(frozen=True)
class Clause:
    """One clause; ``html`` is its source, ``links`` and ``promises`` are in the order of the text."""

    number: int
    html: str
    blocks: tuple[Block, ...]
    links: tuple[str, ...]
    promises: tuple[str, ...]

    @property
    def title(self) -> str:
        """The heading without its number."""
        return next((block.text for block in self.blocks if block.kind == "h2"), "")


def read(html: str) -> tuple[Clause, ...]:
    """Return the clauses of a fragment, in order."""
    return tuple(_clause(int(found[1]), found[0]) for found in _SECTION.finditer(html))


def differing(before: str, after: str) -> set[int]:
    """Return the numbers of the clauses that are not the same in two fragments."""
    return {clause.number for clause in set(read(before)) ^ set(read(after))}


def _clause(number: int, html: str) -> Clause:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Clause(number, html, tuple(reader.blocks), tuple(reader.links), tuple(reader.promises))


@dataclass
class _Open:
    """The block that is being read."""

    kind: str
    words: list[str] = field(default_factory=list)
    cells: int = 0


class _Reader(HTMLParser):
    """Takes a clause apart."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self.links: list[str] = []
        self.promises: list[str] = []
        self._open: _Open | None = None
        self._silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _BLOCKS:
            self._close()
            self._open = _Open(tag)
        elif tag in _CELLS and self._open:
            self._open.words.append(" | " if self._open.cells else "")
            self._open.cells += 1
        elif (tag, given.get("class")) == ("a", "anchor"):
            # The sign beside a heading, by which it is linked to.
            self._silent = tag
        elif tag == "span" and self._open and self._open.kind == "h2":
            self._silent = tag
        elif tag == "a":
            self.links.append(given.get("href") or "")
        elif (tag, given.get("class")) == ("span", "promise"):
            self.promises.append(given.get("id") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._close()
        elif tag == self._silent:
            self._silent = ""

    def handle_data(self, data: str) -> None:
        if not self._silent and (self._open or data.strip()):
            self._open = self._open or _Open("text")
            self._open.words.append(data)

    def close(self) -> None:
        super().close()
        self._close()

    def _close(self) -> None:
        if self._open:
            text = _SPACE.sub(" ", "".join(self._open.words)).strip(" ")
            if text:
                self.blocks.append(Block(self._open.kind, text, self._open.cells))
        self._open = None

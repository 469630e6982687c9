"""What differs between two versions of the policy, word by word.

Pure. The time is bounded by the length of the texts, whatever they hold: what has no word that tells
where it belongs, and is long, counts as replaced whole.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from flexsmt_site.ledger import keeps
from flexsmt_site.policy import clauses
from flexsmt_site.policy.clauses import Clause

Kind = Literal["kept", "removed", "added"]
Words = Sequence[str]
#: Stands between two paragraphs; no word of a text is like it.
BREAK = "\n"
#: Two passages of so many words times words are compared exactly: a hundredth of a second.
_MOST_CELLS = 10_000
#: How often what lies between two places that are sure is searched for further ones.
_DEEPEST = 6
#: So few words in common amid a change are chance, and hard to read.
_CHANCE = 2


@dataclass(frozen=True)
class Piece:
    """Words that follow each other and fared alike."""

    kind: Kind
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words as they are read."""
        return " ".join(self.words)


@dataclass(frozen=True)
class Change:
    """A clause that differs: its paragraphs in pieces; none where only links or tags differ."""

    number: int
    title: str
    kind: Literal["added", "removed", "changed", "links"]
    paragraphs: tuple[tuple[Piece, ...], ...]

    @property
    def differing(self) -> list[tuple[Piece, ...]]:
        """The paragraphs that hold something removed or added."""
        return [row for row in self.paragraphs if any(piece.kind != "kept" for piece in row)]


@lru_cache(maxsize=32)
@keeps("P14.2")
def of(older: str, newer: str) -> tuple[Change, ...]:
    """Return the clauses in which two fragments differ, in the order of their numbers."""
    before = {clause.number: clause for clause in clauses.read(older)}
    after = {clause.number: clause for clause in clauses.read(newer)}
    found = (_change(number, before.get(number), after.get(number)) for number in sorted(before | after))
    return tuple(change for change in found if change)


def _change(number: int, old: Clause | None, new: Clause | None) -> Change | None:
    if old and new and old.html == new.html:
        return None
    pieces = compare(_words(old), _words(new))
    shown = new or old
    title = shown.title if shown else ""
    if all(piece.kind == "kept" for piece in pieces):
        return Change(number, title, "links", ())
    kind: Literal["added", "removed", "changed"] = "changed" if old and new else "added" if new else "removed"
    return Change(number, title, kind, tuple(_paragraphs(pieces)))


def _words(clause: Clause | None) -> list[str]:
    found: list[str] = []
    for block in clause.blocks if clause else ():
        found += [*block.text.split(" "), BREAK]
    return found


def _paragraphs(pieces: list[Piece]) -> Iterator[tuple[Piece, ...]]:
    row: list[Piece] = []
    for piece in pieces:
        start = 0
        for place, word in enumerate((*piece.words, "")):
            if word == BREAK or place == len(piece.words):
                if words := piece.words[start:place]:
                    row.append(Piece(piece.kind, words))
                start = place + 1
            if word == BREAK and row:
                yield tuple(row)
                row = []
    if row:
        yield tuple(row)


def compare(old: Words, new: Words) -> list[Piece]:
    """Return the way from ``old`` to ``new``.

    Without what was added it is ``old``, without what was removed ``new``.
    """
    found: list[Piece] = []
    i = j = 0
    for start, other, length in (*_runs(old, new), (len(old), len(new), 0)):
        found += _piece("removed", old[i:start]) + _piece("added", new[j:other])
        found += _piece("kept", old[start : start + length])
        i, j = start + length, other + length
    return found


def _piece(kind: Kind, words: Words) -> list[Piece]:
    return [Piece(kind, tuple(words))] if words else []


def _runs(old: Words, new: Words) -> list[tuple[int, int, int]]:
    """Return what both have in common as places in both and lengths, without what is chance."""
    runs: list[list[int]] = []
    for i, j in _pairs(old, new, (0, len(old), 0, len(new)), _DEEPEST):
        if runs and (i, j) == (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]):
            runs[-1][2] += 1
        else:
            runs.append([i, j, 1])
    return [(i, j, length) for i, j, length in runs if not _is_chance(old, new, (i, j, length))]


def _is_chance(old: Words, new: Words, run: tuple[int, int, int]) -> bool:
    i, j, length = run
    is_at_an_end = (i, j) == (0, 0) or (i + length, j + length) == (len(old), len(new))
    return length <= _CHANCE and not is_at_an_end and BREAK not in old[i : i + length]


def _pairs(old: Words, new: Words, room: tuple[int, int, int, int], depth: int) -> Iterator[tuple[int, int]]:
    """Yield the places of the words that are in both, rising, within a room of both."""
    i, i_end, j, j_end = room
    while i < i_end and j < j_end and old[i] == new[j]:
        yield i, j
        i, j = i + 1, j + 1
    same = 0
    while i < i_end - same and j < j_end - same and old[i_end - same - 1] == new[j_end - same - 1]:
        same += 1
    yield from _between(old, new, (i, i_end - same, j, j_end - same), depth)
    yield from ((i_end - place, j_end - place) for place in range(same, 0, -1))


def _between(
    old: Words, new: Words, room: tuple[int, int, int, int], depth: int
) -> Iterator[tuple[int, int]]:
    i, i_end, j, j_end = room
    if (i_end - i) * (j_end - j) <= _MOST_CELLS:
        yield from ((i + a, j + b) for a, b in _longest_common(old[i:i_end], new[j:j_end]))
    elif depth:
        for a, b in _anchors(old, new, room):
            yield from _pairs(old, new, (i, a, j, b), depth - 1)
            yield a, b
            i, j = a + 1, b + 1
        if (i, j) != room[::2]:
            yield from _pairs(old, new, (i, i_end, j, j_end), depth - 1)


def _anchors(old: Words, new: Words, room: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """Return the longest rising row of places of words that each text has once: Bram Cohen's patience."""
    i, i_end, j, j_end = room
    often, often_there = Counter(old[i:i_end]), Counter(new[j:j_end])
    there = {new[place]: place for place in range(j, j_end) if often_there[new[place]] == 1}
    both = [(a, there[old[a]]) for a in range(i, i_end) if often[old[a]] == 1 and old[a] in there]
    ends: list[int] = []
    tails: list[int] = []
    before: list[int] = []
    for place, (_, b) in enumerate(both):
        length = bisect_left(ends, b)
        before.append(tails[length - 1] if length else -1)
        # Beyond the end these append; else they replace one.
        ends[length : length + 1], tails[length : length + 1] = [b], [place]
    row: list[tuple[int, int]] = []
    place = tails[-1] if tails else -1
    while place >= 0:
        row.append(both[place])
        place = before[place]
    return row[::-1]


def _longest_common(old: Words, new: Words) -> Iterator[tuple[int, int]]:
    """Yield a longest common row of words, exactly: every pair of words is looked at."""
    longest = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        row, below = longest[i], longest[i + 1]
        for j in range(len(new) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if old[i] == new[j] else max(below[j], row[j + 1])
    i = j = 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            yield i, j
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1

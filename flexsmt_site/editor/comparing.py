"""What a file would do, as a table shows it: kind by kind, each text beside what the site says today."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flexsmt_site.editor import lines
from flexsmt_site.language import edits
from flexsmt_site.language.edit_rules import Strings
from flexsmt_site.language.gate_entry import Finding
from flexsmt_site.language.import_rules import Row
from flexsmt_site.language.importing import Line, Table

#: So many texts of a kind are listed; the rest is counted.
MOST = 200
#: What the site says already needs no list.
_COUNTED = {Row.SAME}


@dataclass(frozen=True)
class Compared:
    """A text of the file and what the site says for it: its draft, or what visitors read.

    ``findings`` are the errors for which the file's words are refused.
    """

    line: Line
    now: Strings
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Group:
    """The texts of one kind."""

    row: Row
    total: int
    shown: tuple[Compared, ...]


def groups(table: Table) -> list[Group]:
    """Return the kinds that a file has texts of; raises ``DatabaseUnavailable``."""
    made = []
    for row in Row:
        found = [line for line in table.lines if line.row is row]
        if found:
            made.append(Group(row, len(found), () if row in _COUNTED else tuple(compared(found[:MOST]))))
    return made


def compared(found: Sequence[Line]) -> Iterator[Compared]:
    """Put beside each line what the site says; nothing where it has no such text."""
    every = lines.index().lines
    for line in found:
        known = every.get((line.text.domain, line.text.key))
        side = known.sides.get(line.text.locale) if known else None
        yield Compared(line, side.strings if side else (), tuple(_errors(line)))


def _errors(line: Line) -> Iterator[Finding]:
    if line.row is Row.FAILING:
        yield from (found for found in edits.judge(line.text, line.strings) if found.level == "error")

"""The fourteen goals of speed, and how each was met by its worst figure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.bench.figures import Benchmark, Row


@dataclass(frozen=True)
class Goal:
    """What is held, against what."""

    number: int
    what: str
    against: str


_NAMED = (
    ("kept page: CPU", "bare application, same bytes"),
    ("kept page: rate", "nginx, file of the same bytes"),
    ("kept page: rate", "bare application, same server"),
    ("page made anew", "Flask's hello"),
    ("contact form", "Flask's hello"),
    ("part of a page", "Flask's hello"),
    ("accepted enquiry", "form of which one field is read"),
    ("an enquiry's transaction", "sqlite3 alone"),
    ("4 writers at once", "nothing lost, nothing failed"),
    ("first visit", "what it cannot do without"),
    ("relay: mails a second", "smtplib alone"),
    ("start to first page", "import of two libraries"),
    ("memory of a worker", "Flask's hello"),
    ("100,000 rows", "1,000 rows"),
)
GOALS = tuple(Goal(number, *named) for number, named in enumerate(_NAMED, start=1))


@dataclass(frozen=True)
class Met:
    """A goal with the rows that were measured for it, the worst first."""

    goal: Goal
    rows: tuple[Row, ...]

    @property
    def worst(self) -> Row:
        """Return the row that is nearest to its limit, or furthest over it."""
        return self.rows[0]

    @property
    def verdict(self) -> str:
        """Say whether all rows keep to their limits, and how many could not be measured."""
        absent = sum(row.figure is None for row in self.rows)
        return self.worst.verdict + (f", {absent} left out" if 0 < absent < len(self.rows) else "")


def met(found: Iterable[tuple[Benchmark, list[Row]]]) -> list[Met]:
    """Sort what was measured by goals; one for which nothing was is not there."""
    rows = [(row.goal or benchmark.goal, row) for benchmark, measured in found for row in measured]
    judged = [(number, row) for number, row in rows if row.limit or row.figure is None]
    sorted_ = [
        Met(goal, tuple(sorted((row for number, row in judged if number == goal.number), key=_kept)))
        for goal in GOALS
    ]
    return [one for one in sorted_ if one.rows]


def _kept(row: Row) -> float:
    return -row.of_limit if row.figure is not None else 1.0

"""The chart of enquiries a week: where its bars and lines stand. Pure.

Places from left to right are per cent of the width, so that words keep their size on every screen;
heights are pixels from the top.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil

from flexsmt_site.contact.figures import Week

#: Of the bars alone; words stand above and below.
HEIGHT = 200.0
TOP = 24.0
#: Of a week's place this much is its bar.
_FILLED = 0.72
#: Weeks between two words below the bars: more words than this do not fit a phone.
_APART = 5


@dataclass(frozen=True)
class Bar:
    """The enquiries of a week in one language."""

    language: str
    y: float
    height: float


@dataclass(frozen=True)
class Column:
    """The bars of a week within its ``place``; the week is named below where ``is_named``."""

    week: Week
    left: float
    place: float
    x: float
    middle: float
    width: float
    bars: tuple[Bar, ...]
    is_named: bool


@dataclass(frozen=True)
class Line:
    """A line across the chart, and how many enquiries it stands for."""

    y: float
    value: int


@dataclass(frozen=True)
class Chart:
    """All columns, oldest first, the lines behind them, and where both stand."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    bottom: float = TOP + HEIGHT

    @property
    def total(self) -> int:
        """How many enquiries it shows."""
        return sum(column.week.total for column in self.columns)

    @property
    def highest(self) -> Week:
        """The week with the most enquiries."""
        return max((column.week for column in self.columns), key=lambda week: week.total)


def draw(weeks: Sequence[Week], languages: Sequence[str]) -> Chart:
    """Lay the chart out; the first language stands at the bottom."""
    most = max((week.total for week in weeks), default=0)
    step = _step(most)
    top = step * max(1, ceil(most / step))
    lines = tuple(Line(_y(value, top), value) for value in range(step, top + 1, step))
    share = 100 / max(len(weeks), 1)
    columns = tuple(
        Column(
            week=week,
            left=round(place * share, 3),
            place=round(share, 3),
            x=round((place + (1 - _FILLED) / 2) * share, 3),
            middle=round((place + 0.5) * share, 3),
            width=round(_FILLED * share, 3),
            bars=_bars(week, languages, top),
            is_named=(len(weeks) - 1 - place) % _APART == 0,
        )
        for place, week in enumerate(weeks)
    )
    return Chart(columns, lines)


def _bars(week: Week, languages: Sequence[str], top: int) -> tuple[Bar, ...]:
    bars, below = [], 0
    for language in languages:
        enquiries = week.languages.get(language, 0)
        if enquiries:
            y = _y(below + enquiries, top)
            bars.append(Bar(language, y, round(_y(below, top) - y, 1)))
        below += enquiries
    return tuple(bars)


def _step(most: int) -> int:
    """Return 1, 2 or 5 times a power of ten, of which at most four reach the highest week."""
    return next(step for step in _round_numbers() if 4 * step >= most)


def _round_numbers() -> Iterator[int]:
    for power in count():
        yield from (factor * 10**power for factor in (1, 2, 5))


def _y(enquiries: int, top: int) -> float:
    return round(TOP + HEIGHT * (1 - enquiries / top), 1)

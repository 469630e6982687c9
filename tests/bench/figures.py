"""Measured figures, each beside the limit that it is held against."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from statistics import median, quantiles


@dataclass(frozen=True)
class Limit:
    """What a figure may be at most, or at least where it is a floor."""

    value: float
    is_floor: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.is_floor else '≤'} {self.value:g}"

    def holds(self, figure: float) -> bool:
        """Say whether the figure keeps to it."""
        return figure >= self.value if self.is_floor else figure <= self.value


@dataclass(frozen=True)
class Row:
    """One figure; None where this machine can not measure it, and ``conditions`` says what is missing.

    Without a limit it only tells in what surroundings the others were measured. ``goal`` is the number of
    the goal that it is measured for (``goals.GOALS``).
    """

    name: str
    figure: float | None
    unit: str = ""
    limit: Limit | None = None
    conditions: str = ""
    goal: int | None = None

    @property
    def verdict(self) -> str:
        """Return ``within`` or ``over`` the limit, ``left out``, or nothing where there is no limit."""
        if self.figure is None:
            return "left out"
        if self.limit is None:
            return ""
        return "within" if self.limit.holds(self.figure) else "over"

    @property
    def of_limit(self) -> float:
        """Return the figure as a part of its limit: above 1 it is over, be the limit a ceiling or a floor."""
        if self.figure is None or self.limit is None:
            return 0.0
        one, other = self.figure, self.limit.value
        if self.limit.is_floor:
            one, other = other, one
        return one / other if other else (inf if one > 0 else 0.0)

    @property
    def shown(self) -> str:
        """Return the figure as people read it: three digits are more than such a measurement is worth."""
        if self.figure is None:
            return "–"
        digits = 0 if self.figure == int(self.figure) or self.figure >= 100 else 2
        return f"{self.figure:,.{digits}f} {self.unit}".strip()


@dataclass(frozen=True)
class Benchmark:
    """A named measurement: ``meaning`` tells in the document what its figures are.

    ``goal`` is the goal that its rows are measured for unless they say otherwise.
    """

    name: str
    title: str
    meaning: str
    measure: Callable[[], Iterator[Row]]
    goal: int | None = None


def middle(values: list[float]) -> float:
    """Return the median."""
    return median(values)


def ninety_five(values: list[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    return quantiles(values, n=20, method="inclusive")[-1]


def ratio(values: list[float], against: list[float]) -> float:
    """Return the ratio of the medians."""
    return median(values) / median(against)


def spread(values: list[float]) -> str:
    """Return median and 95th percentile of times in seconds, as milliseconds."""
    return f"{median(values) * 1000:.2f} ms (p95 {ninety_five(values) * 1000:.2f})"

"""How quiet the machine is: what else runs while something is measured."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.bench.figures import ninety_five

#: Above these, in the median of the looks, figures are not worth their digits: how much longer than its
#: shortest time a loop takes within a moment, and how much of one core other programs take.
MOST_SPREAD, MOST_FOREIGN = 1.25, 0.15
_LOOPS, _TURNS = 20, 60_000
_PAUSE_SECONDS, _SELDOM_SECONDS = 0.2, 3.0
_STAT = Path("/proc/stat")


def loop() -> float:
    """Return the seconds that a fixed piece of Python takes by the clock on the wall."""
    began = time.perf_counter()
    total = 0
    for number in range(_TURNS):
        total += number & 7
    return time.perf_counter() - began


@dataclass
class Watch:
    """Looks at the machine between measurements, when nothing of ours runs.

    A machine that is slower for minutes is no noise: what is compared is measured in turn.
    """

    spreads: list[float] = field(default_factory=list)
    foreign: list[float] = field(default_factory=list)
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    looked: float = 0.0

    def look(self) -> None:
        """Time the loop, then rest and see what others do meanwhile."""
        self.looked = time.monotonic()
        loops = [loop() for _ in range(_LOOPS)]
        self.spreads.append(ninety_five(loops) / min(loops))
        if (before := _idle_seconds()) is not None:
            began = time.monotonic()
            time.sleep(_PAUSE_SECONDS)
            passed, idle = time.monotonic() - began, (_idle_seconds() or 0.0) - before
            self.foreign.append(max(0.0, (os.cpu_count() or 1) - idle / passed))

    def look_again(self) -> None:
        """Look between two rows, unless they came at once."""
        if time.monotonic() - self.looked > _SELDOM_SECONDS:
            self.look()

    @property
    def is_noisy(self) -> bool:
        """Tell whether the figures suffer from it."""
        return median(self.spreads) > MOST_SPREAD or median(self.foreign or [0.0]) > MOST_FOREIGN

    def words(self) -> str:
        """Say in a sentence how quiet or noisy the machine was."""
        state = "too noisy for figures to be trusted to a tenth" if self.is_noisy else "quiet"
        others = (
            f"other programs kept {median(self.foreign):.2f} of {os.cpu_count()} cores busy "
            f"(at most {max(self.foreign):.2f}), "
            if self.foreign
            else ""
        )
        return (
            f"The machine was {state}: in {len(self.spreads)} looks at it a fixed loop took "
            f"{median(self.spreads):.2f} times its shortest time (at most {max(self.spreads):.2f}; 95 of 100 "
            f"times), {others}and the load was {self.load:.2f} when the run began."
        )


def _idle_seconds() -> float | None:
    """Return for how long all cores together have had nothing to do; None where no Linux says it."""
    if not _STAT.exists():
        return None
    fields = _STAT.read_text("ascii").split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")

"""What it costs a relay to claim mails, and to find nothing to do, in a small outbox and in a big one."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask

from flexsmt_site import clock
from flexsmt_site.outbox import lease
from flexsmt_site.outbox.rules import State
from tests.bench import places, stock
from tests.bench.figures import Benchmark, Limit, Row, ratio, spread
from tests.bench.stock import Pile

_LIMIT = Limit(1.2)
_BATCH, _FEW = 20, 10
_LONG_AGO, _LATER = timedelta(days=-2), timedelta(hours=1)


@dataclass(frozen=True)
class Counts:
    """Rows in the two outboxes, and how often each is asked; the first tenth is not measured."""

    small: int = 1000
    big: int = 100_000
    rounds: int = 60


@dataclass(frozen=True)
class Mix:
    """What lies in an outbox of so many rows, and how many of them a relay can claim at once."""

    name: str
    piles: Callable[[int], list[Pile]]
    claimable: int


MIXES = (
    Mix(
        "mostly sent long ago",
        lambda rows: [Pile(rows - 50, State.ACCEPTED, _LONG_AGO), Pile(50)],
        _BATCH,
    ),
    Mix(
        "nine of ten due",
        lambda rows: [Pile(rows // 10, State.ACCEPTED, _LONG_AGO), Pile(rows - rows // 10)],
        _BATCH,
    ),
    Mix("mostly put off, a few due", lambda rows: [Pile(rows - _FEW, due=_LATER), Pile(_FEW)], _FEW),
    Mix("all sent", lambda rows: [Pile(rows, State.ACCEPTED, _LONG_AGO)], 0),
    Mix("all put off", lambda rows: [Pile(rows, due=_LATER)], 0),
)


def measure(counts: Counts | None = None) -> Iterator[Row]:
    """Measure each mix on each database, small and big outbox in turn."""
    counts = counts or Counts()
    for kind in places.DATABASES:
        for mix in MIXES:
            try:
                yield _beside(kind, mix, counts)
            except places.Missing as missing:
                yield Row(f"{kind}", None, conditions=str(missing))
                break


def _beside(kind: str, mix: Mix, counts: Counts) -> Row:
    with ExitStack() as stack:
        small, big = (stack.enter_context(places.site(kind)) for _ in range(2))
        for app, rows in ((small, counts.small), (big, counts.big)):
            stock.fill(app, stock.first_notice(app), mix.piles(rows))
        spent: dict[int, list[float]] = {counts.small: [], counts.big: []}
        for _ in range(counts.rounds):
            spent[counts.small].append(_ask(small, mix.claimable))
            spent[counts.big].append(_ask(big, mix.claimable))
    few, many = (times[counts.rounds // 10 :] for times in spent.values())
    verb = f"claim {mix.claimable}" if mix.claimable else "is anything due?"
    conditions = (
        f"{counts.big:,} rows {spread(many)} against {counts.small:,} rows {spread(few)}; {len(few)} rounds"
    )
    return Row(f"{kind}, {mix.name}: {verb}", ratio(many, few), "×", _LIMIT, conditions)


def _ask(app: Flask, claimable: int) -> float:
    """Claim what can be claimed and give it back, or ask whether anything is due; returns the seconds."""
    with stock.opened(app):
        now = clock.now()
        began = time.perf_counter()
        found = len(lease.claim("bench", now)) if claimable else int(lease.is_due(now))
        seconds = time.perf_counter() - began
        if found != claimable:
            raise RuntimeError(f"{found} mails were claimed instead of {claimable}")
        if claimable:
            lease.release("bench")
    return seconds


BENCHMARK = Benchmark(
    "claim",
    "Claiming from a long outbox",
    """`lease.claim()` takes the next mails for a relay (they are given back after each round),
`lease.is_due()` is what an idle relay asks every second. The figure is the ratio of the medians in an
outbox of 100,000 rows and in one of 1,000, asked in turn.""",
    measure,
    goal=14,
)

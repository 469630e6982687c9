"""What pages and lists cost with a thousand enquiries in the database, and with a hundred thousand."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from statistics import median

from flask import Flask
from sqlalchemy import func, select

from flexsmt_site.contact import desk
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.extensions import db
from flexsmt_site.outbox.rules import State
from tests.bench import calls, enquiry, places, stock
from tests.bench.calls import Asked, Call
from tests.bench.figures import Benchmark, Limit, Row, ratio
from tests.bench.stock import Pile

_LIMIT = Limit(1.2)
_WAITING, _LONG_AGO = 50, timedelta(days=-2)
_SITE = {"RATE_LIMIT": "100000"}


@dataclass(frozen=True)
class Counts:
    """Enquiries and mails on either side, rounds, and calls in one; a round before is not measured.

    Pages that are only read are quicker, and are called ``reads`` times as often.
    """

    small: int = 1000
    big: int = 100_000
    rounds: int = 9
    times: int = 3
    reads: int = 6


def measure(counts: Counts | None = None) -> Iterator[Row]:
    """Measure on each database, the small and the big one in turn."""
    counts = counts or Counts()
    for kind in places.DATABASES:
        try:
            yield from _beside(kind, counts)
        except places.Missing as missing:
            yield Row(kind, None, conditions=str(missing))


def _beside(kind: str, counts: Counts) -> Iterator[Row]:
    with ExitStack() as stack:
        small, big = (stack.enter_context(places.site(kind, **_SITE)) for _ in range(2))
        sides = [_verbs(app, rows, counts) for app, rows in ((small, counts.small), (big, counts.big))]
        # What PostgreSQL does costs this process nothing: there the clock on the wall counts.
        meter = calls.cpu if kind == places.SQLITE else calls.wall
        unit = "CPU" if kind == places.SQLITE else "the clock"
        for name in sides[0]:
            times = counts.times * (counts.reads if name.startswith("GET") else 1)
            few, many = _spent([side[name] for side in sides], partial(meter, times=times), counts.rounds)
            told = (
                f"{counts.big:,} {median(many) * 1000:.2f} ms by {unit}, {counts.small:,} "
                f"{median(few) * 1000:.2f}; {counts.rounds} rounds of {times}"
            )
            yield Row(f"{kind}, {name}", ratio(many, few), "×", _LIMIT, told)


def _spent(both: list[Call], seconds: Callable[[Call], float], rounds: int) -> Iterator[list[float]]:
    """Return what a call costs in each round, in the small site and in the big one."""
    small, big = both
    with calls.unheard(), calls.pinned(0):
        pairs = [(seconds(small), seconds(big)) for _ in range(rounds + 1)]
    return map(list, zip(*pairs[1:], strict=True))


def _verbs(app: Flask, rows: int, counts: Counts) -> dict[str, Call]:
    """Fill a site, and return what is asked of it."""
    mail = stock.first_notice(app)
    stock.fill_enquiries(app, rows)
    stock.fill(app, mail, [Pile(rows - _WAITING, State.ACCEPTED, _LONG_AGO), Pile(_WAITING)])
    stock.settle(app)
    with stock.opened(app), db.engine.connect() as connection:
        reference = connection.scalars(select(Enquiry.reference).where(Enquiry.id == 1)).one()
        if connection.scalar(select(func.count(Enquiry.id))) != rows + 1:
            raise RuntimeError("enquiries are missing")
    pages = ("/en/?bench=1", "/en/contact", f"/en/contact/received/{reference}", "/readyz")
    asked = {f"GET {page.partition('?')[0]}": calls.repeated(app, Asked(page)) for page in pages}
    forms = enquiry.forms(app, (counts.rounds + 1) * counts.times)
    return {
        **{name.replace(reference, "…"): call for name, call in asked.items()},
        "POST /en/contact": calls.one_by_one(app, forms),
        "the newest 50 enquiries (`flexsmt enquiries list`)": partial(_list, app, held=False),
        "those that are held": partial(_list, app, held=True),
    }


def _list(app: Flask, *, held: bool) -> None:
    with stock.opened(app):
        desk.list_entries(50, held=held)


BENCHMARK = Benchmark(
    "growth",
    "Pages and lists of a site that has grown",
    """Two sites for each database, one with a thousand enquiries and as many mails, one with a hundred
thousand, nearly all sent long ago; both are asked in turn, in this process. The figure is the ratio of
the medians: of CPU with SQLite, which works inside the process, and by the clock with PostgreSQL.
Claiming mails from outboxes of the same sizes has a chapter of its own.""",
    measure,
    goal=14,
)

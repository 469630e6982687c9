"""What the pages of the inbox cost with a thousand enquiries in the database, and with a hundred thousand."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from statistics import median

from flask import Flask
from sqlalchemy import select, update

from flexsmt_site import database
from flexsmt_site.contact import finding
from flexsmt_site.contact.finding import Shelf
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.extensions import db
from flexsmt_site.outbox.rules import State
from tests.bench import calls, places, stock
from tests.bench.calls import Call
from tests.bench.figures import Benchmark, Limit, Row, ratio
from tests.bench.stock import Pile
from tests.contact.form import FILLED_IN

_LIMIT = Limit(1.2)
_PAGE, _LONG_AGO = 50, timedelta(days=-2)
#: So many enquiries bear this name, be there few or many others.
_BEARERS, _RARE = 20, "Zimmermann"


@dataclass(frozen=True)
class Counts:
    """Enquiries on either side, rounds, and calls in one; a round before is not measured."""

    small: int = 1000
    big: int = 100_000
    rounds: int = 15
    times: int = 10


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
        small, big = (stack.enter_context(places.site(kind)) for _ in range(2))
        sides = [_asked(app, rows) for app, rows in ((small, counts.small), (big, counts.big))]
        # What PostgreSQL does costs this process nothing: there the clock on the wall counts.
        meter = calls.cpu if kind == places.SQLITE else calls.wall
        unit = "CPU" if kind == places.SQLITE else "the clock"
        for name in sides[0]:
            few, many = _spent([side[name] for side in sides], partial(meter, times=counts.times), counts)
            told = (
                f"{counts.big:,} {median(many) * 1000:.2f} ms by {unit}, {counts.small:,} "
                f"{median(few) * 1000:.2f}; {counts.rounds} rounds of {counts.times}"
            )
            yield Row(f"{kind}, {name}", ratio(many, few), "×", _LIMIT, told)


def _spent(both: list[Call], seconds: Callable[[Call], float], counts: Counts) -> Iterator[list[float]]:
    """Return what a call costs in each round, in the small site and in the big one."""
    small, big = both
    with calls.unheard(), calls.pinned(0):
        pairs = [(seconds(small), seconds(big)) for _ in range(counts.rounds + 1)]
    return map(list, zip(*pairs[1:], strict=True))


def _asked(app: Flask, rows: int) -> dict[str, Call]:
    """Fill a site, and return what is asked of it."""
    mail = stock.first_notice(app)
    stock.fill_enquiries(app, rows)
    stock.fill(app, mail, [Pile(_PAGE, State.FAILED), Pile(rows - 2 * _PAGE, State.ACCEPTED, _LONG_AGO)])
    with stock.opened(app):
        named = Enquiry.id % (rows // _BEARERS) == 0
        with database.write() as session:
            session.execute(update(Enquiry).where(named).values(last_name=_RARE))
        with db.engine.connect() as connection:
            reference = connection.scalars(select(Enquiry.reference).where(Enquiry.id == 1)).one()
    stock.settle(app)
    find = partial(_find, app)
    return {
        "first page": partial(find, None, "", _PAGE),
        "a page in the middle (of 100,000: the thousandth)": partial(
            find, None, "", _PAGE, before=rows // 2 + _PAGE
        ),
        "first page of new ones": partial(find, Shelf.NEW, "", _PAGE),
        "those whose notice stopped": partial(find, Shelf.UNDELIVERED, "", _PAGE),
        "search by reference": partial(find, None, reference.lower().replace("-", " "), 1),
        f"search by a name that {_BEARERS} bear": partial(find, None, _RARE[:5].lower(), _BEARERS),
        "search by a name that all others bear": partial(find, None, FILLED_IN["last_name"], _PAGE),
        "the counts of all shelves": partial(_count, app),
    }


def _find(app: Flask, shelf: Shelf | None, text: str, wanted: int, *, before: int | None = None) -> None:
    """Find a page with where its notices stand, as the inbox shows it."""
    with stock.opened(app):
        found = finding.find(shelf, text, before=before, limit=_PAGE)
        finding.notices(found.enquiries)
    if len(found.enquiries) != wanted:
        raise RuntimeError(f"{len(found.enquiries)} enquiries were found by {text!r}, not {wanted}")


def _count(app: Flask) -> None:
    with stock.opened(app):
        finding.count()


BENCHMARK = Benchmark(
    "finding",
    "Finding enquiries",
    """Two sites for each database, one with a thousand enquiries and one with a hundred thousand; what the
inbox asks for a page of 50, with where their notices stand, is asked of both in turn, in this process. The
figure is the ratio of the medians: of CPU with SQLite, which works inside the process, and by the clock
with PostgreSQL.""",
    measure,
    goal=14,
)

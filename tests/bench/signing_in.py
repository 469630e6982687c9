"""What it costs to ask for a code: with an address of the staff, and with one that nobody has."""

from collections.abc import Iterator
from statistics import median

from flask import Flask
from sqlalchemy import func, select

from flexsmt_site import clock, database
from flexsmt_site.staff import service
from flexsmt_site.staff.models import Challenge
from flexsmt_site.staff.rules import Role
from tests.bench import calls, places, stock
from tests.bench.calls import Asked, Call, Counts
from tests.bench.figures import Benchmark, Limit, Row
from tests.ground.visitors import visit
from tests.staff.members import token_on

_LIMIT = Limit(1.1)
_COUNTS = Counts(rounds=9, ours=20, theirs=20)
_PAGE = "/staff/en/sign-in"


def measure(counts: Counts = _COUNTS) -> Iterator[Row]:
    """Ask on each database, with known and unknown addresses in turn, each once."""
    for kind in places.DATABASES:
        try:
            with places.site(kind) as app:
                yield _beside(kind, app, counts)
        except places.Missing as missing:
            yield Row(kind, None, conditions=str(missing))


def _beside(kind: str, app: Flask, counts: Counts) -> Row:
    each = (counts.rounds + 1) * counts.ours
    token = token_on(visit(app).get(_PAGE).text)
    sides = {name: [f"{name}-{number}@example.com" for number in range(each)] for name in ("staff", "else")}
    with stock.opened(app):
        for address in sides["staff"]:
            with calls.unheard():
                service.add(address, Role.SALES, clock.now())
    known, unknown = (_asking(app, addresses, token) for addresses in sides.values())
    with calls.unheard(), calls.pinned(0):
        pairs = [
            (calls.wall(known, counts.ours), calls.wall(unknown, counts.ours))
            for _ in range(counts.rounds + 1)
        ][1:]
    _check(app, each)
    mine, other = (median(side) * 1000 for side in zip(*pairs, strict=True))
    told = f"{mine:.2f} ms by the clock against {other:.2f}; {counts.rounds} rounds of {counts.ours}"
    slower, quicker = max(mine, other), min(mine, other)
    return Row(f"{kind}, an address of the staff and another", slower / quicker, "×", _LIMIT, told)


def _asking(app: Flask, addresses: list[str], token: str) -> Call:
    forms = ({"csrf_token": token, "address": address} for address in addresses)
    return calls.one_by_one(app, (Asked(_PAGE, form, status=303) for form in forms))


def _check(app: Flask, each: int) -> None:
    with stock.opened(app), database.read() as session:
        known = session.scalars(select(func.count(Challenge.member_id))).one()
        if (known, session.scalars(select(func.count(Challenge.id))).one()) != (each, 2 * each):
            raise RuntimeError("requests are missing")


BENCHMARK = Benchmark(
    "signing-in",
    "Asking for a code to sign in",
    """Whoever asks with an address that nobody of the staff has must not see by the clock that it is so.
Both kinds are asked in turn, each address once; the figure is the slower median against the quicker one,
by the clock on the wall.""",
    measure,
)

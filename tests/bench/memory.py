"""What a worker of the site holds in memory, beside one of Flask's hello on the same server."""

from collections.abc import Iterator
from statistics import mean

from tests.bench import places, servers
from tests.bench.figures import Benchmark, Limit, Row
from tests.bench.servers import Server

_LIMIT = Limit(1.3)
_WORKERS, _REQUESTS = 2, 200
_PAGES = [f"/{lang}/{page}" for page in ("", "privacy", "contact", "settings") for lang in ("en", "ru")]
_MEGABYTE = 1e6


def measure(requests: int = _REQUESTS) -> Iterator[Row]:
    """Start both with as many workers as the site has, ask both as often, and look."""
    if servers.lacking():
        yield Row("memory of a worker", None, conditions=servers.lacking())
        return
    with places.site(places.SQLITE) as app:
        with servers.granian(app, servers.SITE, _WORKERS) as site:
            ours, keeper = _held(site, _PAGES, requests)
        with servers.granian(app, servers.HELLO, _WORKERS) as hello:
            theirs, other = _held(hello, ["/"], requests)
        with servers.granian(app, servers.HELLO, _WORKERS, loaded=True) as hello:
            shared, third = _held(hello, ["/"], requests)
    told = (
        f"{ours / _MEGABYTE:.1f} MB against {theirs / _MEGABYTE:.1f}, mean of {_WORKERS} workers after "
        f"{requests} requests; the process that keeps them: {keeper / _MEGABYTE:.1f} against "
        f"{other / _MEGABYTE:.1f}"
    )
    yield Row("memory of a worker", ours / theirs, "×", _LIMIT, told)
    loaded = f"{shared / _MEGABYTE:.1f} MB; the process that keeps them: {third / _MEGABYTE:.1f}"
    yield Row("beside a hello that is loaded before its workers are forked", ours / shared, "×", None, loaded)


def _held(server: Server, pages: list[str], requests: int) -> tuple[float, float]:
    """Return what a worker holds, and the process above them, after so many requests."""
    for number in range(requests):
        servers.fetch(server.port, pages[number % len(pages)], {"Accept-Encoding": "br"})
    # All are looked at while all are there: each counts its share of what they have in common.
    keeper, *workers = [servers.memory(process) for process in (server.process.pid, *server.workers())]
    return mean(workers), keeper


BENCHMARK = Benchmark(
    "memory",
    "Memory of a worker",
    """Both applications run on granian with the flags of `flexsmt serve` and its two workers, one after the
other, and are asked for their pages. What a process holds is its proportional share (PSS): a part that
several processes share counts for each of them by its part. The figure is the ratio of the means. The
site is loaded before its workers are forked, and they share what none of them changes; the hello is started
as granian starts any application, by each worker for itself. The second row says what would be left of the
difference if it were loaded as the site is.""",
    measure,
    goal=13,
)

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
        with servers.served(app, _WORKERS) as site:
            ours, total = _held(site, _PAGES, requests)
        with servers.granian(app, servers.HELLO, _WORKERS) as hello:
            theirs, theirs_all = _held(hello, ["/"], requests)
        with servers.granian(app, servers.HELLO, _WORKERS, loaded=True) as hello:
            shared, shared_all = _held(hello, ["/"], requests)
    told = (
        f"{ours / _MEGABYTE:.1f} MB against {theirs / _MEGABYTE:.1f}, mean of {_WORKERS} workers after "
        f"{requests} requests; all processes, ours with the relay: {total / _MEGABYTE:.0f} MB against "
        f"{theirs_all / _MEGABYTE:.0f}"
    )
    yield Row("memory of a worker", ours / theirs, "×", _LIMIT, told)
    loaded = f"{shared / _MEGABYTE:.1f} MB; all processes: {shared_all / _MEGABYTE:.0f}"
    yield Row("beside a hello that is loaded before its workers are forked", ours / shared, "×", None, loaded)


def _held(server: Server, pages: list[str], requests: int) -> tuple[float, float]:
    """Return what a worker holds, and all processes together, after so many requests."""
    for number in range(requests):
        servers.fetch(server.port, pages[number % len(pages)], {"Accept-Encoding": "br"})
    # All are looked at while all are there: each counts its share of what they have in common.
    held = {process: servers.memory(process) for process in server.processes()}
    return mean(held[worker] for worker in server.workers()), sum(held.values())


BENCHMARK = Benchmark(
    "memory",
    "Memory of a worker",
    """`flexsmt serve` runs with its two workers and its relay, and a hello on granian with the same flags,
one after the other; both are asked for their pages. What a process holds is its proportional share: a
part that several processes share counts for each of them by its part. The figure is the ratio of the
workers' means. The site is loaded before all its processes are forked, and they share what none of them
changes; the hello is started as granian starts any application, by each worker for itself. The second row
says what would be left of the difference if it were loaded before its workers are forked.""",
    measure,
    goal=13,
)

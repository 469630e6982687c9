"""Kept pages over sockets, beside a bare application on the same server, and beside nginx."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from flask import Flask

from tests.bench import calls, places, programs, servers
from tests.bench.figures import Benchmark, Limit, Row
from tests.bench.places import Missing
from tests.bench.servers import Headers, Server
from tests.consent.nginx import Nginx

#: What is asked for, and in which encodings: browsers over TLS name br.
CASES = (("/en/privacy", "br"), ("/en/privacy", "identity"), ("/en/", "br"))
_CPU, _NGINX, _BARE = Limit(1.3), Limit(2.0), Limit(1.15)
_SERVER, _CLIENT = 0, 1
_COUNTED = re.compile(r"([1-9]\d*) requests in ([\d.]+)s")


@dataclass(frozen=True)
class Counts:
    """How many rounds of a second for each server; a round before is not measured."""

    rounds: int = 6
    connections: int = 8


@dataclass
class Side:
    """A server and what each round has shown of it."""

    server: Server
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def told(self) -> str:
        """Say how fast it was, and how much of its core it used."""
        rate, cost, share = (median(all_[1:]) for all_ in (self.rates, self.costs, self.shares))
        return f"{rate:,.0f} a second ({cost * 1e6:.0f} µs of CPU each, {share:.0%} of a core)"


def measure(counts: Counts | None = None) -> Iterator[Row]:
    """Start the site once, and for each case what it is held against; ask all in turn."""
    wrk = shutil.which("wrk")
    if not wrk or servers.lacking():
        words = servers.lacking() or "wrk is not installed (Debian's package wrk)"
        yield from (_missing(words, goal) for goal in (1, 2, 3))
        return
    with places.site(places.SQLITE) as app, ExitStack() as stack:
        with calls.pinned(_SERVER):
            site = stack.enter_context(servers.served(app, 1, "--no-relay"))
        for case in CASES:
            yield from _beside(app, site, wrk, case, counts or Counts())


def _beside(app: Flask, site: Server, wrk: str, case: tuple[str, str], counts: Counts) -> Iterator[Row]:
    path, encoding = case
    headers, body = servers.fetch(site.port, path, {"Accept-Encoding": encoding})
    with ExitStack() as stack:
        sides, absent = _sides(stack, app, site, (headers, body))
        command = [wrk, "-t1", f"-c{counts.connections}", "-d1s", "-H", f"Accept-Encoding: {encoding}"]
        for _ in range(counts.rounds + 1):
            for side in sides.values():
                _ask(side, command, path)
    yield from _rows(sides, f"{path}, {encoding}, {len(body):,} bytes", absent)


def _sides(
    stack: ExitStack, app: Flask, site: Server, page: tuple[Headers, bytes]
) -> tuple[dict[str, Side], str]:
    """Start what the site is held against; the second is what the machine lacks for it."""
    folder = stack.enter_context(places.folder())
    answer = folder / "answer"
    servers.freeze(answer, *page)
    sides = {"site": Side(site)}
    with calls.pinned(_SERVER):
        sides["bare"] = Side(stack.enter_context(servers.granian(app, servers.BARE, 1, answer)))
        try:
            sides["nginx"] = Side(stack.enter_context(servers.nginx(folder, *page)))
            sides["proxy"] = Side(stack.enter_context(_proxy(app, site)))
        except Missing as missing:
            return sides, str(missing)
    return sides, ""


@contextmanager
def _proxy(app: Flask, site: Server) -> Iterator[Server]:
    """Run nginx in front of the site, with its cache of pages, as ``deploy/`` has it; raises ``Missing``."""
    if not shutil.which("nginx") or not shutil.which("openssl"):
        raise Missing("no nginx or no openssl is on the path")
    told = app.test_cli_runner().invoke(args=["consent", "cache-map"]).output
    with Nginx(site.port, told) as running:
        yield Server(running.port, running.process)


def _ask(side: Side, command: list[str], path: str) -> None:
    """Ask for a second, over connections that stay open, from a core of the client's own."""
    before, began = side.server.cpu(), time.monotonic()
    with calls.pinned(_CLIENT):
        url = f"http://127.0.0.1:{side.server.port}{path}"
        said = subprocess.run(
            [*command, "-H", f"Host: {programs.HOST}", url], capture_output=True, text=True, check=True
        ).stdout
    seconds, spent = time.monotonic() - began, side.server.cpu() - before
    found = _COUNTED.search(said)
    if not found or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    side.rates.append(int(found[1]) / float(found[2]))
    side.costs.append(spent / int(found[1]))
    side.shares.append(spent / seconds)


def _rows(sides: dict[str, Side], case: str, absent: str) -> Iterator[Row]:
    site, plain = sides["site"], sides["bare"]
    told = f"{site.told()}; bare {plain.told()}"
    yield _row(f"{case}: CPU against a bare application", site.costs, plain.costs, (_CPU, 1), told)
    for key, who, goal in (
        ("site", "ours", 2),
        ("proxy", "that of nginx with its cache before the site", None),
    ):
        if "nginx" not in sides or key not in sides:
            yield _missing(absent, goal)
            continue
        mine, web = sides[key], sides["nginx"]
        beside = f"{mine.told()}; nginx {web.told()}"
        yield _row(f"{case}: nginx's rate against {who}", web.rates, mine.rates, (_NGINX, goal), beside)
    yield _row(f"{case}: a bare application's rate against ours", plain.rates, site.rates, (_BARE, 3), told)


def _row(name: str, ones: list[float], others: list[float], goal: tuple[Limit, int | None], told: str) -> Row:
    ratios = [one / other for one, other in zip(ones, others, strict=True)][1:]
    told += f"; {len(ratios)} rounds, from {min(ratios):.2f} to {max(ratios):.2f}"
    return Row(name, median(ratios), "×", goal[0], told, goal[1])


def _missing(words: str, goal: int | None) -> Row:
    return Row("a kept page", None, conditions=words, goal=goal)


BENCHMARK = Benchmark(
    "cached",
    "Kept pages",
    """`wrk` asks for one page over 8 connections that stay open, for a second each in turn: the site, an
application that does nothing but hand out the same bytes and headers, and nginx with the same bytes in a
file and the same headers. The site and the bare application run on granian with the flags of `flexsmt
serve` and one worker; all servers stay on one core, `wrk` on another. The figure is the median of the
rounds' ratios: of CPU for one answer, or of answers a second. One row of each case is no goal: it has nginx
before the site, as `deploy/nginx.conf` sets it up, whose cache keeps a page for a second.""",
    measure,
)

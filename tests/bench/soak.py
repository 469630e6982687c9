"""Load the site with mixed traffic for long, and see that nothing goes wrong and that memory stays flat.

``.venv/bin/python -m tests.bench.soak --minutes 10`` prints one table, and ends with 1 on any unexpected
answer, on an enquiry that was answered and is not stored, and when a process has grown.
"""

import random
import re
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import count
from pathlib import Path
from statistics import median
from threading import Event

import click
from flask import Flask
from sqlalchemy import select

from flexsmt_site.contact.models import Enquiry
from flexsmt_site.extensions import db
from tests.bench import page, places, programs, servers, stock
from tests.bench.__main__ import status
from tests.bench.figures import Limit, Row
from tests.bench.servers import Server
from tests.bench.traffic import Guest, visit
from tests.ports import free_port

GUESTS = 8
#: What a process may hold at the end, against what it held after the first quarter.
GROWTH = Limit(1.05)
_NONE = Limit(0)
_SAMPLES = 200
_FIELD = re.compile(r"^(Pss|Pss_Anon|Pss_Shmem):\s+(\d+) kB", re.MULTILINE)
_EVENT = re.compile(r'"event": "([a-z._]+)"')
_MEGABYTE = 1024.0


@dataclass
class Seen:
    """What came of the visits, and what the processes of the site held meanwhile, in megabytes.

    ``own`` is what no other process shares. How much of the shared part counts for a process changes with
    every stranger that uses the same libraries: it is told and not judged.
    """

    visits: Counter[str] = field(default_factory=Counter)
    amiss: Counter[str] = field(default_factory=Counter)
    taken: list[str] = field(default_factory=list)
    own: dict[int, list[float]] = field(default_factory=dict)
    whole: dict[int, list[float]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    cpu_seconds: float = 0.0


def run(seconds: float, kind: str = places.SQLITE) -> list[Row]:
    """Soak a site of its own; raises ``Missing`` where there is no such database."""
    with places.site(kind) as app, programs.mail_server(_folder(app), (port := free_port()), "0"):
        with programs.served(app, port) as (site_port, serving):
            server, seen = Server(site_port, serving), Seen()
            wanted = app.extensions["flexsmt_settings"].workers
            # The first of them answers before the others are there to be looked at.
            programs.until(lambda: len(server.workers()) == wanted, f"{wanted} workers do not start")
            began = server.cpu()
            _load(server, app, seen, seconds)
            seen.cpu_seconds = server.cpu() - began
        # What a visitor is told of a fault is little; the log names it.
        seen.events = Counter(_EVENT.findall((_folder(app) / "serve.log").read_text("utf-8")))
        with stock.opened(app):
            stored = references()
    return list(rows(seen, seconds, stored))


def references() -> set[str]:
    """Return the reference of every enquiry that is stored; needs an app context."""
    return set(db.session.scalars(select(Enquiry.reference)))


def _load(server: Server, app: Flask, seen: Seen, seconds: float) -> None:
    """Let guests come without a pause, and look at the processes meanwhile."""
    stopping, numbers = Event(), count(1)
    workers = server.workers()
    seen.names = {pid: _name(pid, workers) for pid in server.processes()}
    with ThreadPoolExecutor(GUESTS) as pool:
        guests = [Guest(server.port, app, random.Random(seed), numbers) for seed in range(GUESTS)]
        coming = [pool.submit(_come, guest, stopping) for guest in guests]
        try:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and not any(one.done() for one in coming):
                _sample(seen)
                stopping.wait(min(seconds / _SAMPLES, 5))
        finally:
            stopping.set()
        for one in coming:
            own = one.result()
            seen.visits += own.visits
            seen.amiss += own.amiss
            seen.taken += own.taken
    for pid in seen.names.keys() - set(server.processes()):
        seen.amiss[f"{seen.names[pid]} has died"] += 1


def _come(guest: Guest, stopping: Event) -> Seen:
    """Visit the site again and again; every guest counts for itself, as counting is no single step."""
    own = Seen()
    while not stopping.is_set():
        try:
            kind, amiss = visit(guest)
        except (OSError, HTTPException) as error:
            kind, amiss = "broken", repr(error)
            guest.hang_up()
        own.visits[kind] += 1
        if amiss:
            own.amiss[f"{kind}: {amiss}"] += 1
    guest.hang_up()
    own.taken = guest.taken
    return own


def _sample(seen: Seen) -> None:
    for pid in seen.names:
        try:
            found = dict(_FIELD.findall(Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")))
        except (FileNotFoundError, ProcessLookupError):
            continue
        own = int(found["Pss_Anon"]) + int(found["Pss_Shmem"])
        seen.own.setdefault(pid, []).append(own / _MEGABYTE)
        seen.whole.setdefault(pid, []).append(int(found["Pss"]) / _MEGABYTE)


def rows(seen: Seen, seconds: float, stored: Collection[str]) -> Iterator[Row]:
    """Judge what was seen; ``stored`` holds the references in the database."""
    total = seen.visits.total()
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in seen.visits.most_common())
    yield Row("visits", total, "", None, kinds)
    share = f"{seen.cpu_seconds / seconds:.2f} cores busy with the site"
    yield Row("rate", total / seconds, "/s", None, f"{GUESTS} clients at once without a pause, {share}")
    worst = "; ".join(f"{number} × {what}" for what, number in seen.amiss.most_common(5))
    yield Row("answers that should not be", seen.amiss.total(), "", _NONE, worst or "none")
    lost = len(set(seen.taken) - set(stored)) + len(seen.taken) - len(set(seen.taken))
    yield Row(
        "enquiries lost or doubled", lost, "", _NONE, f"{len(seen.taken):,} answered, {len(stored):,} stored"
    )
    told = ", ".join(f"{number:,} {name}" for name, number in seen.events.most_common())
    yield Row("lines of the site's log", seen.events.total(), "", None, told)
    for pid, samples in seen.own.items():
        before, after = _after_warming(samples)
        told = f"{before:.1f} → {after:.1f} MB of its own, {median(seen.whole[pid]):.1f} with its share (PSS)"
        yield Row(f"memory of {seen.names[pid]}", after / before, "×", GROWTH, told)


def _after_warming(samples: list[float]) -> tuple[float, float]:
    """Return what is held after the first quarter, which warms up, and in the last: medians of quarters."""
    quarter = max(1, len(samples) // 4)
    return median(samples[quarter : 2 * quarter] or samples), median(samples[-quarter:])


def _name(pid: int, workers: list[int]) -> str:
    """Name a process of the site by what it is for."""
    _site, _is_part, part = servers.name(pid).partition("flexsmt ")
    return f"{'worker' if pid in workers else part or 'supervisor'} {pid}"


def _folder(app: Flask) -> Path:
    folder: Path = app.extensions["flexsmt_settings"].data_dir
    return folder


@click.command()
@click.option("--minutes", type=float, default=10.0, show_default=True)
@click.option("--database", type=click.Choice(places.DATABASES), default=places.SQLITE, show_default=True)
def main(minutes: float, database: str) -> None:
    """Soak the site, and print what was seen."""
    found = run(minutes * 60, database)
    click.echo(page.table(found))
    sys.exit(status(found))


if __name__ == "__main__":
    main()

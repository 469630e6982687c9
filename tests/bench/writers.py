"""Four processes that read and then write the same row of SQLite at once: nothing may be lost.

``python -m tests.bench.writers COUNT SECONDS`` is one of them, and as patient: it says "ready", waits for a
line, and prints how many of its transactions failed.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen

import click
from sqlalchemy import select, update

from flexsmt_site import create_app, database, sqlite
from flexsmt_site.config import ROOT, Settings
from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail
from tests.bench import places, stock
from tests.bench.figures import Benchmark, Limit, Row
from tests.bench.stock import Pile

_NONE = Limit(0)
_PROCESSES, _TIMES = 4, 100


def measure(
    processes: int = _PROCESSES, times: int = _TIMES, patience: float = sqlite.PATIENCE_SECONDS
) -> Iterator[Row]:
    """Let them write side by side, and count what is missing and what failed."""
    with places.site(places.SQLITE) as app:
        stock.fill(app, stock.first_notice(app), [Pile(1)])
        folder: Path = app.extensions["flexsmt_settings"].data_dir
        began = time.monotonic()
        failed = _write_at_once(folder, processes, (str(times), str(patience)))
        seconds = time.monotonic() - began
        with stock.opened(app), db.engine.connect() as connection:
            counted = connection.scalar(select(Mail.attempts)) or 0
    told = f"{processes} processes, {times} transactions each, {seconds:.1f} s"
    yield Row("transactions that failed", failed, "", _NONE, told)
    yield Row("writes that were lost", processes * times - failed - counted, "", _NONE, told)


def _write_at_once(folder: Path, processes: int, arguments: tuple[str, ...]) -> int:
    """Start all, let them go when all are ready, and return how many transactions failed."""
    command = [sys.executable, "-m", "tests.bench.writers", *arguments]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")}
    environ = plain | {"FLEXSMT_DATA_DIR": str(folder)}
    with ExitStack() as stack:
        writers = [
            stack.enter_context(Popen(command, cwd=ROOT, env=environ, stdin=PIPE, stdout=PIPE, text=True))
            for _ in range(processes)
        ]
        heard = [_hear(writer) for writer in writers]
        if heard != ["ready"] * processes:
            raise RuntimeError(f"the writers say {heard}")
        for writer in writers:
            _say(writer, "go")
        return sum(int(_hear(writer)) for writer in writers)


def _hear(writer: Popen[str]) -> str:
    return writer.stdout.readline().strip() if writer.stdout else ""


def _say(writer: Popen[str], word: str) -> None:
    if writer.stdin:
        writer.stdin.write(f"{word}\n")
        writer.stdin.flush()


def _write(times: int) -> int:
    """Read and write one row so many times; returns how many transactions failed."""
    failed = 0
    for _ in range(times):
        try:
            with database.write() as session:
                seen = session.scalars(select(Mail.attempts)).one()
                session.execute(update(Mail).values(attempts=seen + 1))
        except database.DatabaseUnavailable:
            failed += 1
    return failed


def main(times: int, patience: float) -> None:
    """Be one of the writers."""
    sqlite.PATIENCE_SECONDS = patience
    with create_app(Settings.from_env()).app_context():
        click.echo("ready")
        sys.stdin.readline()
        click.echo(_write(times))


BENCHMARK = Benchmark(
    "writers",
    "Writers at once",
    """Four processes of the site read a number from one row of SQLite and write the next one, each a hundred
times, in transactions by `database.write()`. Whatever was read and written at the same time would leave
the number too small.""",
    measure,
    goal=9,
)

if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))

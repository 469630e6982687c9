"""The document of all figures, ``docs/performance.md``."""

import os
import platform
import sqlite3
from datetime import date
from pathlib import Path
from textwrap import fill

import psycopg

from tests.bench.figures import Benchmark, Row
from tests.conftest import POSTGRES

_HEAD = """What the site's parts cost, measured by `make bench`, which writes this page: every figure beside
the limit that it is held against. A figure over its limit makes the command end with 1."""
_NOTES = (
    """To repeat: `make bench` for all, or `.venv/bin/python -m tests.bench NAME` for one, which is printed
    and not written. Nothing else should run on the machine meanwhile. PostgreSQL is found as the tests find
    it (`TEST_POSTGRES`), `smtp-sink` comes with Postfix; what a machine lacks is left out, and its row says
    so.""",
    """Machines differ and are noisy: what is compared runs in turn, round by round, and a figure with × is a
    ratio. Times and rates stand beside it to tell the surroundings; p95 is what 95 of 100 did not exceed.""",
    """No test looks at a clock for speed: in the suite `tests/bench/` proves only that measuring works.""",
)
_WIDTH = 120


def write(path: Path, found: list[tuple[Benchmark, list[Row]]], day: date, seconds: float) -> None:
    """Write the page whole or not at all."""
    minutes = max(1, round(seconds / 60))
    notes = "\n".join(_wrapped(note, "- ") for note in _NOTES)
    measured = _wrapped(f"{machine()}, on {day}, within {minutes} minutes.")
    parts = [f"# Performance\n\n{_wrapped(_HEAD)}\n\n{notes}\n\n{measured}\n"]
    for benchmark, rows in found:
        command = f"Alone: `.venv/bin/python -m tests.bench {benchmark.name}`."
        wrapped = _wrapped(f"{benchmark.meaning} {command}")
        parts.append(f"## {benchmark.title}\n\n{wrapped}\n\n{table(rows)}\n")
    draft = path.with_suffix(".tmp")
    draft.write_text("\n".join(parts), "utf-8")
    draft.rename(path)


def table(rows: list[Row]) -> str:
    """Return the rows as a table of Markdown."""
    lines = ["| what | figure | limit | verdict | conditions |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.name} | {row.shown} | {row.limit or ''} | {row.verdict} | {row.conditions} |" for row in rows
    ]
    return "\n".join(lines)


def machine() -> str:
    """Say on what was measured."""
    postgres = "no PostgreSQL"
    try:
        with psycopg.connect(POSTGRES, connect_timeout=3) as connection:
            postgres = f"PostgreSQL {connection.info.server_version // 10000}"
    except psycopg.OperationalError:
        pass
    return (
        f"Measured on {os.cpu_count()} cores ({platform.system()} {platform.machine()}), "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {postgres}"
    )


def _wrapped(text: str, lead: str = "") -> str:
    words = " ".join(text.split())
    return fill(words, _WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False)

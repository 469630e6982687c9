"""The document of all figures, ``docs/performance.md``."""

import os
import platform
import sqlite3
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from textwrap import fill

import psycopg

from tests.bench import chart, goals
from tests.bench.figures import Benchmark, Row
from tests.bench.goals import Met
from tests.conftest import POSTGRES

_HEAD = """What the site's parts cost, measured by `make bench`, which writes this page: every figure beside
the limit that it is held against. A figure over its limit makes the command end with 1."""
_GOALS = """The site has fourteen goals of speed. A goal is met when the worst of its figures is within its
limit; each is a ratio of what was measured in the same run, or a count."""
_NOTES = (
    """To repeat: `make bench` for all, or `.venv/bin/python -m tests.bench NAME` for one, which is printed
    and not written. Nothing else should run on the machine meanwhile. PostgreSQL is found as the tests find
    it (`TEST_POSTGRES`), `smtp-sink` comes with Postfix, `nginx` and `wrk` are packages of their own; what a
    machine lacks is left out, and its row says so.""",
    """Machines differ and are noisy: what is compared runs in turn, round by round, and a figure with × is a
    ratio. Times and rates stand beside it to tell the surroundings; p95 is what 95 of 100 did not exceed.""",
    """No test looks at a clock for speed: in the suite `tests/bench/` proves only that measuring works.""",
)
_WIDTH = 120


@dataclass(frozen=True)
class Run:
    """A run of all benchmarks: what each has found and, of how quiet the machine was, the words."""

    found: list[tuple[Benchmark, list[Row]]]
    day: date
    seconds: float
    noise: str


def write(path: Path, run: Run) -> None:
    """Write the page and its picture, each whole or not at all."""
    reached = goals.met(run.found)
    picture = path.with_suffix(".svg")
    minutes = max(1, round(run.seconds / 60))
    measured = _wrapped(f"{machine()}, on {run.day}, within {minutes} minutes. {run.noise}")
    alternative = (
        "A bar for each goal: its worst figure as a part of the limit; the table below says the same."
    )
    parts = [
        f"# Performance\n\n{_wrapped(_HEAD)}\n\n{_wrapped(_GOALS)}\n",
        f"![{alternative}]({picture.name})\n\n{summary(reached)}\n\n{measured}\n",
        "\n".join(_wrapped(note, "- ") for note in _NOTES) + "\n",
        *(_chapter(benchmark, rows) for benchmark, rows in run.found),
    ]
    _replace(picture, chart.draw(reached))
    _replace(path, "\n".join(parts))


def summary(reached: list[Met]) -> str:
    """Return the goals as a table of Markdown, each by its worst figure."""
    lines = [
        "| | goal | held against | figure | limit | verdict | the worst of |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in reached:
        goal, worst = one.goal, one.worst
        cells = (goal.number, goal.what, goal.against, worst.shown, worst.limit or "", one.verdict)
        lines.append(f"| {' | '.join(map(str, cells))} | {len(one.rows)}: {worst.name} |")
    return "\n".join(lines)


def _chapter(benchmark: Benchmark, rows: list[Row]) -> str:
    command = f"Alone: `.venv/bin/python -m tests.bench {benchmark.name}`."
    return f"## {benchmark.title}\n\n{_wrapped(f'{benchmark.meaning} {command}')}\n\n{table(rows)}\n"


def _replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".tmp")
    draft.write_text(text, "utf-8")
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

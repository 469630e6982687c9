"""Measure everything and write ``docs/performance.md``, or print some by name: ``make bench``.

Ends with 1 when a figure is over its limit; the page is written all the same.
"""

import sys
import time
from collections.abc import Iterable

import click

from flexsmt_site import clock
from flexsmt_site.config import ROOT
from tests.bench import claiming, page, relay_throughput, visitors_answer
from tests.bench.figures import Benchmark, Row

BENCHMARKS = (visitors_answer.BENCHMARK, relay_throughput.BENCHMARK, claiming.BENCHMARK)


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all of them; return the exit status."""
    unknown = set(names) - {benchmark.name for benchmark in BENCHMARKS}
    if unknown:
        known = ", ".join(benchmark.name for benchmark in BENCHMARKS)
        click.echo(f"no benchmark {', '.join(sorted(unknown))}: there are {known}")
        return 2
    began = time.monotonic()
    found = [
        (benchmark, _measured(benchmark)) for benchmark in BENCHMARKS if not names or benchmark.name in names
    ]
    if not names:
        page.write(ROOT / "docs" / "performance.md", found, clock.now().date(), time.monotonic() - began)
    return status(row for _, rows in found for row in rows)


def status(rows: Iterable[Row]) -> int:
    """Name what is over its limit; return 1 if there is any."""
    over = [row for row in rows if row.verdict == "over"]
    for row in over:
        click.echo(f"over its limit: {row.name}: {row.shown}, should be {row.limit}")
    return 1 if over else 0


def _measured(benchmark: Benchmark) -> list[Row]:
    click.echo(f"\n{benchmark.title}")
    rows = []
    for row in benchmark.measure():
        limit = str(row.limit or "")
        click.echo(f"  {row.shown:>10} {limit:<7} {row.verdict:<8} {row.name} ({row.conditions})")
        rows.append(row)
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

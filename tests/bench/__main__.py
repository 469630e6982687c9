"""Measure everything and write ``docs/performance.md``, or print some by name: ``make bench``.

Ends with 1 when a figure is over its limit; the page is written all the same.
"""

import sys
import time
from collections.abc import Iterable

import click

from flexsmt_site import clock
from flexsmt_site.config import ROOT
from tests.bench import (
    banner,
    cached,
    claiming,
    editing,
    enquiry,
    finding,
    growth,
    memory,
    page,
    published,
    relay_throughput,
    rendering,
    signing_in,
    starting,
    visit,
    visitors_answer,
    writers,
)
from tests.bench.figures import Benchmark, Row
from tests.bench.noise import Watch

BENCHMARKS = (
    cached.BENCHMARK,
    rendering.BENCHMARK,
    enquiry.BENCHMARK,
    writers.BENCHMARK,
    visit.BENCHMARK,
    relay_throughput.BENCHMARK,
    starting.BENCHMARK,
    memory.BENCHMARK,
    growth.BENCHMARK,
    finding.BENCHMARK,
    published.BENCHMARK,
    editing.BENCHMARK,
    signing_in.BENCHMARK,
    claiming.BENCHMARK,
    visitors_answer.BENCHMARK,
    banner.BENCHMARK,
)


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all of them; return the exit status."""
    unknown = set(names) - {benchmark.name for benchmark in BENCHMARKS}
    if unknown:
        known = ", ".join(benchmark.name for benchmark in BENCHMARKS)
        click.echo(f"no benchmark {', '.join(sorted(unknown))}: there are {known}")
        return 2
    began, watch = time.monotonic(), Watch()
    found = [
        (benchmark, _measured(benchmark, watch))
        for benchmark in BENCHMARKS
        if not names or benchmark.name in names
    ]
    click.echo(f"\n{watch.words()}")
    if not names:
        run = page.Run(found, clock.now().date(), time.monotonic() - began, watch.words())
        page.write(ROOT / "docs" / "performance.md", run)
    return status(row for _, rows in found for row in rows)


def status(rows: Iterable[Row]) -> int:
    """Name what is over its limit; return 1 if there is any."""
    over = [row for row in rows if row.verdict == "over"]
    for row in over:
        click.echo(f"over its limit: {row.name}: {row.shown}, should be {row.limit}")
    return 1 if over else 0


def _measured(benchmark: Benchmark, watch: Watch) -> list[Row]:
    click.echo(f"\n{benchmark.title}")
    watch.look()
    rows = []
    for row in benchmark.measure():
        limit = str(row.limit or "")
        click.echo(f"  {row.shown:>10} {limit:<7} {row.verdict:<8} {row.name} ({row.conditions})")
        rows.append(row)
        watch.look_again()
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

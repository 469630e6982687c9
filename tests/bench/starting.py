"""How soon a process has answered its first page, beside one that only imports two libraries."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from flexsmt_site.config import ROOT
from tests.bench import calls, places
from tests.bench.figures import Benchmark, Limit, Row

_LIMIT = Limit(2.5)
_FIRST_PAGE = """
from werkzeug.test import create_environ, run_wsgi_app
from wsgi import app
body, status, headers = run_wsgi_app(app, create_environ("/en/", "http://127.0.0.1:8000"), buffered=True)
raise SystemExit(status != "200 OK")
"""
_IMPORTS = "import flask, sqlalchemy"


def measure(rounds: int = 7) -> Iterator[Row]:
    """Start both in turn; the first round writes bytecode and static files, and is not measured."""
    with places.folder() as folder, calls.pinned(0):
        pairs = [(_spent(_FIRST_PAGE, folder), _spent(_IMPORTS, folder)) for _ in range(rounds + 1)][1:]
    for number, name in enumerate(("CPU", "time on the clock")):
        ours = [one[number] for one, _ in pairs]
        theirs = [other[number] for _, other in pairs]
        ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
        told = (
            f"{median(ours):.2f} s against {median(theirs):.2f}; {rounds} rounds, "
            f"from {min(ratios):.2f} to {max(ratios):.2f}"
        )
        yield Row(f"start to first page: {name}", median(ratios), "×", _LIMIT, told)


def _spent(script: str, data_dir: Path) -> tuple[float, float]:
    """Run a script in a process of its own; returns the seconds of CPU and those on the clock."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("FLEXSMT_", "PYTHON"))
    }
    before, began = _cpu_of_children(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environ | {"FLEXSMT_DATA_DIR": str(data_dir)},
        check=True,
    )
    return _cpu_of_children() - before, time.perf_counter() - began


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


BENCHMARK = Benchmark(
    "start",
    "Start to first page",
    """A new process builds the site and answers the home page; another one says `import flask, sqlalchemy`
and ends. Both find their bytecode, the compiled catalogues and the published static files. The figure is
the median of the rounds' ratios.""",
    measure,
    goal=12,
)

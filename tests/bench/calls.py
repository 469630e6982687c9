"""Requests answered inside this process, and the CPU that each costs: no socket, no server in between."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from flask import Flask, template_rendered
from werkzeug.test import EnvironBuilder

from tests.bench.figures import Limit, Row

Call = Callable[[], None]
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Asked:
    """One request and the status that its answer has to have; a form is sent as browsers send it."""

    path: str
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"
    status: int = 200

    def environ(self) -> dict[str, Any]:
        """Return what a server would hand to the application."""
        return EnvironBuilder(
            self.path,
            "http://127.0.0.1:8000",
            method="GET" if self.form is None else "POST",
            headers=list(self.headers.items()),
            data=None if self.form is None else urlencode(self.form),
            content_type=None if self.form is None else _FORM,
            environ_base={"REMOTE_ADDR": self.address},
        ).get_environ()


@dataclass(frozen=True)
class Counts:
    """How many rounds, and how often each side is called in one; a round before is not measured."""

    rounds: int = 9
    ours: int = 40
    theirs: int = 400


def repeated(app: Flask, asked: Asked) -> Call:
    """Return a call that sends the same request each time."""
    environ = asked.environ()
    body = environ["wsgi.input"].read()
    return lambda: _answer(app, {**environ, "wsgi.input": BytesIO(body)}, asked.status)


def one_by_one(app: Flask, requests: Iterable[Asked]) -> Call:
    """Return a call that sends the next of the requests each time; they are made before."""
    made = iter([(asked.environ(), asked.status) for asked in requests])
    return lambda: _answer(app, *next(made))


def _answer(app: Flask, environ: dict[str, Any], status: int) -> None:
    """Let the application answer to the last byte."""
    said: list[str] = []

    def start_response(words: str, _headers: object, _error: object = None) -> Callable[[bytes], None]:
        said.append(words)
        return lambda _: None

    answer: Any = app.wsgi_app(environ, start_response)
    b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    if not said[0].startswith(str(status)):
        raise RuntimeError(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} was answered {said[0]}")


def renders(app: Flask, call: Call) -> int:
    """Count the templates that a call renders: none means that a finished page was handed out."""
    names: list[str] = []

    def note(_sender: object, template: Any, **_: object) -> None:
        names.append(template.name)

    with template_rendered.connected_to(note, app):
        call()
    return len(names)


def cpu(call: Call, times: int) -> float:
    """Return the CPU seconds of one call, of so many."""
    began = time.thread_time()
    for _ in range(times):
        call()
    return (time.thread_time() - began) / times


def wall(call: Call, times: int) -> float:
    """Return the seconds of one call by the clock on the wall, of so many."""
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


@contextmanager
def unheard() -> Iterator[None]:
    """Send what the site says of its work where it costs the same and stands between no figures."""
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        yield


@contextmanager
def pinned(number: int) -> Iterator[None]:
    """Stay on one core, counted from 0 (modulo the cores), as do the programs started meanwhile."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[number % len(cores)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def compare(ours: Call, theirs: Call, counts: Counts) -> list[tuple[float, float]]:
    """Return the CPU seconds of one call on each side, for each round."""
    with unheard(), pinned(0):
        return [(cpu(ours, counts.ours), cpu(theirs, counts.theirs)) for _ in range(counts.rounds + 1)][1:]


def row(name: str, pairs: list[tuple[float, float]], limit: Limit | None, goal: int | None = None) -> Row:
    """Return the median of the rounds' ratios."""
    ratios = [one / other for one, other in pairs]
    mine, other = (median(side) * 1000 for side in zip(*pairs, strict=True))
    conditions = (
        f"{mine:.3f} ms of CPU against {other:.3f}; {len(pairs)} rounds, "
        f"from {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return Row(name, median(ratios), "×", limit, conditions, goal)

"""How soon published words are seen on the host that publishes them, and on another one."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from flexsmt_site import create_app
from flexsmt_site.language import words
from tests.bench import places
from tests.bench.figures import Benchmark, Limit, Row, middle, spread
from tests.bench.programs import running, until
from tests.conftest import make_settings
from tests.faults.serving import dispose
from tests.language.publishing import Desk, copied, publish

_WITHIN = Limit(1)
_ROUNDS = 7


def measure(rounds: int = _ROUNDS) -> Iterator[Row]:
    """Publish again and again on one host, and look at another that shares its database."""
    try:
        with places.database(places.POSTGRESQL) as url, places.folder() as folder:
            yield from _measured(url, folder, rounds)
    except places.Missing as missing:
        yield Row("on another host", None, conditions=str(missing))


def _measured(url: dict[str, str], folder: Path, rounds: int) -> Iterator[Row]:
    with _host(folder / "one", url) as here, _host(folder / "other", url) as there:
        with here.app_context():
            upgrade()
        follow = [sys.executable, "-m", "flexsmt_site.cli", "catalogs", "follow"]
        with (
            running(follow, folder / "follow.log", DATA_DIR=str(folder / "other"), **url),
            pytest.MonkeyPatch.context() as patched,
            copied(folder / "desk", patched) as desk,
        ):
            # The first time it is waited for until the program runs.
            _publish(desk, here, there, -1)
            pairs = [_publish(desk, here, there, number) for number in range(rounds)]
    publishing, after = (list(one) for one in zip(*pairs, strict=True))
    told = f"from {min(after):.2f} to {max(after):.2f} after it is in force here; {rounds} rounds"
    yield Row("on another host", middle(after), "s", _WITHIN, told)
    yield Row("to publish", middle(publishing), "s", None, f"check, pack and store: {spread(publishing)}")


@contextmanager
def _host(folder: Path, url: dict[str, str]) -> Iterator[Flask]:
    folder.mkdir()
    made = create_app(make_settings(folder, **url))
    yield made
    dispose(made)


def _publish(desk: Desk, here: Flask, there: Flask, number: int) -> tuple[float, float]:
    """Return how long publishing takes, and then until the other host has it."""
    desk.change(f"To the text {number}")
    began = time.monotonic()
    publish(here)
    published = time.monotonic()
    name = words.shelf(here).newest().name
    until(lambda: words.shelf(there).newest().name == name, "the other host does not follow", seconds=60)
    return published - began, time.monotonic() - published


BENCHMARK = Benchmark(
    "words",
    "Published words",
    "`flexsmt catalogs publish` on one host, and a second host on the same PostgreSQL that fetches what is "
    "published, as `flexsmt serve` lets it. On the publishing host the next request has the new words: tests "
    "hold that.",
    measure,
)

"""How soon published words are seen where they are published and on another host, and many edits at once."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock, create_app, database
from flexsmt_site.language import edits, releases, standing, words
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.language.making import Signature
from flexsmt_site.migrating import upgrade
from tests.bench import places
from tests.bench.figures import Benchmark, Limit, Row, middle, spread
from tests.bench.programs import running, until
from tests.conftest import make_settings
from tests.faults.serving import dispose
from tests.language.publishing import Desk, copied, publish

_WITHIN = Limit(1)
_AT_ONCE = Limit(0.3)
_ROUNDS = 7
_EDITS = 1000


def measure(rounds: int = _ROUNDS, many: int = _EDITS) -> Iterator[Row]:
    """Publish again and again on one host, and look at another that shares its database."""
    try:
        with places.database(places.POSTGRESQL) as url, places.folder() as folder:
            yield from _measured(url, folder, rounds, many)
    except places.Missing as missing:
        yield Row("on another host", None, conditions=str(missing))


def _measured(url: dict[str, str], folder: Path, rounds: int, many: int) -> Iterator[Row]:
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
            editing = [_publish_edits(desk, here, number, many) for number in range(rounds)]
    publishing, after = (list(one) for one in zip(*pairs, strict=True))
    told = f"from {min(after):.2f} to {max(after):.2f} after it is in force here; {rounds} rounds"
    yield Row("on another host", middle(after), "s", _WITHIN, told)
    yield Row("to publish", middle(publishing), "s", None, f"check, pack and store: {spread(publishing)}")
    told = f"drafts of {many:,} texts through the gate, packed, stored and in force here: {spread(editing)}"
    yield Row(f"to publish {many:,} edits", middle(editing), "s", _AT_ONCE, told)


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


def _publish_edits(desk: Desk, here: Flask, number: int, many: int) -> float:
    """Return how long it takes to publish an edit of each of many texts, which are added at first."""
    texts = [Text("messages", "en", f"A word on the site, number {one}") for one in range(many)]
    source = desk.folder / "en" / "LC_MESSAGES" / "messages.po"
    if number == 0:
        more = "".join(f'\nmsgid "{text.msgid}"\nmsgstr "{text.msgid}"\n' for text in texts)
        source.write_text(source.read_text("utf-8") + more, "utf-8")
    with here.app_context():
        with database.write() as session:
            edits.lock(session)
            parents = [standing.find_head(session, text) for text in texts]
            proposals = [
                edits.Proposal(text, (_reworded(text, number),), head.id if head else 0, 1)
                for text, head in zip(texts, parents, strict=True)
            ]
            drafts = [edits.save_in(session, proposal, clock.now()) for proposal in proposals]
        began = time.monotonic()
        releases.publish_edits(releases.Order(tuple(draft.id for draft in drafts)), Signature(clock.now(), 1))
        return time.monotonic() - began


def _reworded(text: Text, number: int) -> str:
    return text.msgid.replace("A word", f"Word {number + 1}")


BENCHMARK = Benchmark(
    "words",
    "Published words",
    "`flexsmt catalogs publish` on one host, and a second host on the same PostgreSQL that fetches what is "
    "published, as `flexsmt serve` lets it. On the publishing host the next request has the new words: tests "
    "hold that.",
    measure,
)

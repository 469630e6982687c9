"""What an accepted enquiry costs: the request, and the transaction that makes it durable."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from flask import Flask
from sqlalchemy.engine import Connection

from flexsmt_site import database
from flexsmt_site.config import Settings
from flexsmt_site.outbox.rules import State
from tests.bench import calls, hello, places, stock
from tests.bench.calls import Asked, Call, Counts
from tests.bench.figures import Benchmark, Limit, Row
from tests.contact.form import FILLED_IN, token

#: One recipient: an enquiry, its arrival and one notice are what is stored.
_SITE = {"RATE_LIMIT": "100000", "SALES_TO": "en:export@example.com"}
_TABLES = ("enquiry", "arrival", "outbox")
_UNIQUE = {"reference", "token_nonce", "dedupe_key", "message_id"}
_POST, _TRANSACTION = Limit(4), Limit(8)
_COUNTS = Counts(rounds=9, ours=20, theirs=200)

Rows = dict[str, dict[str, Any]]


def measure(counts: Counts = _COUNTS) -> Iterator[Row]:
    """Send forms to the site, to a trivial view and to one that stores the same rows; then look inside."""
    with places.site(places.SQLITE, **_SITE) as app, _bare_store(app) as store:
        asked = [*forms(app, 1 + 3 * (counts.rounds + 1) * counts.ours)]
        post = calls.one_by_one(app, asked)
        with calls.unheard():
            post()
        rows = _stored(app)
        trivial = calls.repeated(hello.app, Asked("/form", asked[0].form))
        name = "POST /en/contact, accepted, against a view that reads one field"
        yield calls.row(name, calls.compare(post, trivial, counts), _POST, 7)
        same = Counts(counts.rounds, counts.ours, counts.ours)
        name = "the same, against that view with the same rows stored by sqlite3"
        yield calls.row(name, calls.compare(post, lambda: (trivial(), store(rows))[0], same), None)
        pairs = _transactions(post, lambda: store(rows), same)
        yield calls.row("the transaction of an enquiry, against sqlite3", pairs, _TRANSACTION, 8)
        # Three times the site's, and the first.
        if stock.count(app, State.QUEUED) != 1 + 3 * (counts.rounds + 1) * counts.ours:
            raise RuntimeError("an enquiry was held, or its notice is missing")


def forms(app: Flask, count: int) -> Iterator[Asked]:
    """Fill in so many forms, each with its own text and from a network of its own."""
    chance = random.Random(1)
    with stock.opened(app):
        for number in range(count):
            address = f"203.{chance.randrange(1, 250)}.{chance.randrange(250)}.7"
            text = f"{FILLED_IN['description']}\n{chance.random()} of {number}"
            yield Asked(
                "/en/contact",
                {**FILLED_IN, "description": text, "form_token": token()},
                address=address,
                status=303,
            )


def _transactions(post: Call, store: Call, counts: Counts) -> list[tuple[float, float]]:
    """Return the CPU seconds of the transaction alone, and of one by the driver, for each round."""
    spent: list[float] = []
    opened = database.writing

    @contextmanager
    def timed() -> Iterator[Connection]:
        began = time.thread_time()
        with opened() as connection:
            yield connection
        spent.append(time.thread_time() - began)

    pairs = []
    with calls.unheard(), calls.pinned(0), patch.object(database, "writing", timed):
        for _ in range(counts.rounds + 1):
            spent.clear()
            calls.cpu(post, counts.ours)
            pairs.append((sum(spent) / counts.ours, calls.cpu(store, counts.theirs)))
    return pairs[1:]


def _file(app: Flask) -> str:
    here: Settings = app.extensions["flexsmt_settings"]
    return str(here.data_dir / "site.db")


def _stored(app: Flask) -> Rows:
    """Return what the enquiry has left in each table."""
    with closing(sqlite3.connect(_file(app))) as link:
        link.row_factory = sqlite3.Row
        found = {table: link.execute(f"SELECT * FROM {table}").fetchone() for table in _TABLES}  # noqa: S608
    for table, row in found.items():
        if row is None:
            raise RuntimeError(f"there is nothing in {table}: the enquiry was held")
    return {table: dict(row) for table, row in found.items()}


Store = Callable[[Mapping[str, dict[str, Any]]], None]


@contextmanager
def _bare_store(app: Flask) -> Iterator[Store]:
    """Give what writes rows of the same sizes to a copy of the file, as durably, with the driver alone."""
    copy = f"{_file(app)}.bare"
    with closing(sqlite3.connect(_file(app))) as original:
        original.execute("VACUUM INTO ?", (copy,))
    link = sqlite3.connect(copy, isolation_level=None)
    link.execute("PRAGMA journal_mode=WAL")
    link.execute("PRAGMA synchronous=FULL")
    # Rows alone: the words that enquiries are found by are the site's own wish.
    for (name,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        link.execute(f"DROP TRIGGER {name}")
    with closing(link):

        def store(rows: Mapping[str, dict[str, Any]]) -> None:
            link.execute("BEGIN IMMEDIATE")
            for table, row in rows.items():
                marks = ", ".join("?" * len(row))
                link.execute(f"INSERT INTO {table} VALUES ({marks})", _copied(row))  # noqa: S608
            link.execute("COMMIT")

        yield store


def _copied(row: dict[str, Any]) -> list[Any]:
    """Return the values of a further row: what has to be unique is drawn, as long as before."""
    drawn = uuid4().hex
    return [
        None if name == "id" else (drawn + value)[: len(value)] if name in _UNIQUE else value
        for name, value in row.items()
    ]


BENCHMARK = Benchmark(
    "enquiry",
    "An accepted enquiry",
    """The contact form is posted in this process, each time with another text and from another network, to a
site with SQLite (WAL, `synchronous=FULL`) and one recipient: an enquiry, its arrival and a notice are
stored in one transaction. The first row compares with a view of Flask that reads one field of the same
form; the second with the same view when it also stores those three rows by `sqlite3` alone, as durably.
The last one compares only the transaction, from its beginning to its end, with what `sqlite3` takes to
store rows of the same sizes, without a question before it. All of it is CPU, medians of the rounds'
ratios.""",
    measure,
)

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.engine import Connection

from flexsmt_site import clock, create_app
from flexsmt_site.contact import desk, finding
from flexsmt_site.contact.finding import Shelf
from flexsmt_site.extensions import db
from flexsmt_site.migrating import downgrade, upgrade
from tests.conftest import make_settings
from tests.contact.form import FILLED_IN, take
from tests.contact.stored import store

SECRET = "Unmistakableword"
TRIGGERS = {"enquiry_word_added", "enquiry_word_changed", "enquiry_word_erased"}


@pytest.fixture
def _site(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def found(search: str) -> list[str]:
    return [enquiry.city for enquiry in finding.find(None, search).enquiries]


@contextmanager
def plans(kind: str) -> Iterator[list[str]]:
    """How the database answers each SELECT that is sent meanwhile."""
    told: list[str] = []
    explain = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"

    def note(connection: Connection, _cursor: object, statement: str, values: Any, *_more: object) -> None:
        if statement.startswith(("SELECT", "WITH")):
            if kind != "sqlite":
                # A table of three rows is read whole, unless that is forbidden.
                connection.connection.cursor().execute("SET LOCAL enable_seqscan = off")
            cursor = connection.connection.cursor()
            cursor.execute(f"{explain} {statement}", values)
            told.append("\n".join(str(line[-1]) for line in cursor.fetchall()))

    event.listen(db.engine, "before_cursor_execute", note)
    yield told
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.usefixtures("_site")
@pytest.mark.parametrize(
    ("shelf", "search", "index"),
    [
        (Shelf.NEW, "", "ix_enquiry_stage"),
        (Shelf.HELD, "", "ix_enquiry_held"),
        (Shelf.UNDELIVERED, "", "ix_outbox_"),
        (None, "FX-7K3M-92QD", "sqlite_autoindex_enquiry_1|enquiry_reference_key"),
        (None, "word", "ix_enquiry_word"),
        (None, "word germany", "ix_enquiry_word"),
    ],
)
def test_an_index_answers_without_having_been_told_of_the_rows(
    shelf: Shelf | None, search: str, index: str
) -> None:
    store(*[{"city": "Word"}] * 3)
    kind = db.engine.dialect.name
    with plans(kind) as told:
        # Of the newest few SQLite says that it scans, as if it were all; not of those below a number.
        finding.find(shelf, search, before=1000 if kind == "sqlite" else None)

    assert re.search(index, "\n".join(told))
    whole = re.compile(r"Seq Scan|SCAN (enquiry|outbox)(?!_)(?! USING INDEX ix_enquiry_held)")
    assert not [plan for plan in told if whole.search(plan)]


@pytest.mark.usefixtures("_site")
def test_every_count_is_by_an_index() -> None:
    store({})
    with plans(db.engine.dialect.name) as told:
        finding.count()
    assert not re.search(r"Seq Scan|SCAN (enquiry|outbox)(?!_)(?! USING INDEX ix_enquiry_held)", told[0])
    indexes = ["ix_enquiry_stage", "ix_enquiry_held"]
    indexes += ["ix_outbox_undelivered"] * (db.engine.dialect.name == "sqlite")
    assert [name for name in indexes if name not in told[0]] == []


@pytest.mark.usefixtures("_site")
def test_words_are_kept_of_enquiries_that_were_there_before_and_go_with_the_way_back() -> None:
    downgrade(revision="0007")
    take(clock.now(), city="Ёлкино")
    upgrade()
    take(clock.now(), city="Wien")
    assert (found("елкино"), found("wien"), found("platine")) == (["Ёлкино"], ["Wien"], ["Wien", "Ёлкино"])

    downgrade(revision="0007")
    upgrade()
    assert found("platine") == ["Wien", "Ёлкино"]


def test_the_triggers_of_sqlite_stand_after_all_migrations(lone_app: Flask) -> None:
    with lone_app.app_context():
        for _ in range(2):
            with db.engine.connect() as connection:
                rows = connection.execute(
                    text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'")
                )
                assert {name for name, table in rows if table == "enquiry"} == TRIGGERS
            downgrade(revision="0001")
            upgrade()


@pytest.mark.usefixtures("_site")
def test_an_erased_enquiry_is_found_by_nothing_and_leaves_no_word(tmp_path: Path) -> None:
    stays = take(clock.now())
    gone = take(
        clock.now(), last_name=SECRET, company=f"{SECRET} GmbH", description=f"{SECRET} {SECRET[:-1]}x"
    )
    assert found(SECRET[:8]) == [FILLED_IN["city"]]
    desk.erase(desk.get_entry(gone))

    for search in (SECRET, SECRET[:8], gone):
        assert found(search) == []
        assert finding.count_all(None, search) == 0
    assert [enquiry.reference for enquiry in finding.find(None, "").enquiries] == [stays]
    if db.engine.dialect.name == "sqlite":
        db.engine.dispose()
        file = tmp_path / "site.db"
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        held = b"".join(path.read_bytes() for path in (file, Path(f"{file}-wal")) if path.exists()).lower()
        assert SECRET[:-1].lower().encode() not in held
        # One half alone may stand there by chance.
        halves = gone.lower().encode().split(b"-")[1:]
        others = held.replace(stays.lower().encode(), b"")
        assert not all(half in others for half in halves)


def test_cyrillic_has_no_case_on_a_server_that_knows_ascii_alone(
    postgres_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server, _, name = postgres_url.replace("+psycopg", "").rpartition("/")
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}_c TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'".encode())
        request.addfinalizer(lambda: _drop(f"{server}/{name}", f"{name}_c"))
    app = create_app(make_settings(tmp_path, DATABASE_URL=f"{postgres_url}_c"))
    with app.app_context():
        upgrade()
        store({"last_name": "ЩЁЛКИНА-ЙОВЧУК", "city": "ÜBERLINGEN"}, {"last_name": "щёлкина"})
        shown = [enquiry.last_name for enquiry in finding.find(None, "Щелкина").enquiries]
        assert shown == ["щёлкина", "ЩЁЛКИНА-ЙОВЧУК"]
        assert len(finding.find(None, "йов überlingen").enquiries) == 1
        db.engine.dispose()


def _drop(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select

from flexsmt_site.extensions import db
from tests.faults.cluster import Database
from tests.faults.serving import Books, Visitors, received, refusal, site_on
from tests.faults.wire import wire_to
from tests.ground.visitors import Visitor, visit
from tests.outbox.servers import Script

#: What PostgreSQL may say in the middle of any statement, whatever the statement is.
STATES = {
    "0A000": "feature not supported",
    "25006": "read-only transaction",
    "40001": "serialization failure",
    "40P01": "deadlock",
    "42501": "insufficient privilege",
    "42P01": "undefined table",
    "53100": "disk full",
    "53200": "out of memory",
    "53300": "too many connections",
    "54000": "limit exceeded",
    "55P03": "lock not available",
    "57014": "cancelled",
    "57P01": "shut down",
    "57P03": "can not connect now",
    "58030": "input or output failed",
    "XX000": "internal error",
    "XX001": "data corrupted",
    "XX002": "index corrupted",
}
FAILS = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'out of order' USING ERRCODE = '{state}'; END $$;
CREATE {trigger} FOR EACH ROW EXECUTE FUNCTION fail();
"""
IN_THE_MIDDLE = "TRIGGER fails BEFORE INSERT ON outbox"
AT_COMMIT = "CONSTRAINT TRIGGER fails AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED"


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Iterator[Flask]:
    with site_on(tmp_path, DATABASE_URL=database.url) as made:
        yield made


@pytest.fixture
def books(database: Database) -> Books:
    return Books(database.url, Script())


@pytest.fixture
def client(app: Flask) -> Visitor:
    return visit(app)


@pytest.fixture
def form(visitors: Visitors) -> dict[str, str]:
    return visitors.form()


@contextmanager
def failing(database: Database, state: str, trigger: str) -> Iterator[None]:
    with database.connect() as admin:
        admin.execute(FAILS.format(state=state, trigger=trigger))
        yield
        admin.execute("DROP FUNCTION fail CASCADE")


@pytest.mark.parametrize("trigger", [IN_THE_MIDDLE, AT_COMMIT], ids=["in the middle", "at commit"])
def test_whatever_postgresql_fails_with_stores_nothing_and_is_an_honest_503(
    database: Database, client: Visitor, books: Books, visitors: Visitors, trigger: str
) -> None:
    amiss: dict[str, list[str]] = {}
    for number, state in enumerate(STATES):
        form = visitors.form()
        with failing(database, state, trigger):
            amiss[state] = refusal(client.post("/en/contact", data=form), form)
            assert books.counts() == (number, 2 * number), state
        received(client.post("/en/contact", data=form))
    assert not any(amiss.values()), amiss


@pytest.mark.parametrize("state", ["22001", "23514"])
def test_a_value_that_the_database_refuses_is_a_fault_of_ours(
    database: Database, client: Visitor, books: Books, form: dict[str, str], state: str
) -> None:
    with failing(database, state, IN_THE_MIDDLE):
        assert client.post("/en/contact", data=form).status_code == 500
        assert books.counts() == (0, 0)


def test_a_connection_that_ended_while_idle_costs_no_visitor_anything(
    database: Database, client: Visitor, form: dict[str, str]
) -> None:
    page = received(client.post("/en/contact", data=form))
    for path, status in {page: 200, "/readyz": 200, "/en/contact/received/FX-0000-0000": 404}.items():
        assert database.hang_up() >= 1
        assert client.get(path).status_code == status
    assert database.hang_up() >= 1
    assert received(client.post("/en/contact", data=form)) == page


def test_a_connection_that_ends_within_the_transaction_leaves_nothing_half_written(
    database: Database, app: Flask, client: Visitor, books: Books, form: dict[str, str]
) -> None:
    ended: list[int] = []

    def end(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO outbox") and not ended:
            ended.append(database.hang_up())

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", end)
    assert refusal(client.post("/en/contact", data=form), form) == []
    assert ended == [1]
    assert books.counts() == (0, 0)
    received(client.post("/en/contact", data=form))
    assert books.counts() == (1, 2)


def test_a_commit_whose_answer_is_lost_is_found_when_the_form_is_sent_again(
    database: Database, tmp_path: Path, books: Books, form: dict[str, str]
) -> None:
    with wire_to(database.cluster.port) as wire:
        url = database.url.replace(f":{database.cluster.port}/", f":{wire.port}/")
        with site_on(tmp_path, DATABASE_URL=url) as app:
            client = visit(app)
            client.get("/readyz")
            wire.cut_after = b"COMMIT"
            assert refusal(client.post("/en/contact", data=form), form) == []
            assert books.counts() == (1, 2)
            page = received(client.post("/en/contact", data=form))
            assert client.get(page).status_code == 200
    assert books.counts() == (1, 2)


@pytest.mark.proof
def test_a_server_that_has_frozen_holds_nobody_for_ever(
    database: Database, tmp_path: Path, books: Books, form: dict[str, str]
) -> None:
    with wire_to(database.cluster.port) as wire:
        url = database.url.replace(f":{database.cluster.port}/", f":{wire.port}/")
        with site_on(tmp_path, DATABASE_URL=url) as app:
            client = visit(app)
            client.get("/readyz")
            wire.flows.clear()
            assert refusal(client.post("/en/contact", data=form), form) == []
            assert client.get("/readyz").status_code == 503
            wire.flows.set()
            received(client.post("/en/contact", data=form))
    assert books.counts() == (1, 2)


def test_a_database_that_was_read_only_takes_enquiries_again_without_a_restart(
    database: Database, client: Visitor, books: Books, form: dict[str, str]
) -> None:
    database.administer("ALTER DATABASE {} SET default_transaction_read_only = on")
    assert refusal(client.post("/en/contact", data=form), form) == []
    assert client.get("/readyz").status_code == 200
    assert refusal(client.post("/en/contact", data=form), form) == []
    database.administer("ALTER DATABASE {} RESET default_transaction_read_only")
    received(client.post("/en/contact", data=form))
    assert books.counts() == (1, 2)


def test_a_database_that_lets_nobody_in_is_an_honest_503(
    database: Database, client: Visitor, form: dict[str, str]
) -> None:
    page = received(client.post("/en/contact", data=form))
    database.administer("ALTER DATABASE {} ALLOW_CONNECTIONS false")
    database.hang_up()
    assert refusal(client.post("/en/contact", data=form), form) == []
    assert client.get(page).status_code == 503
    database.administer("ALTER DATABASE {} ALLOW_CONNECTIONS true")
    assert client.get(page).status_code == 200


def test_a_network_that_swallows_everything_is_noticed_within_a_minute(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(select(1))
        driver = connection.connection.driver_connection
        assert driver is not None
        with socket.socket(fileno=os.dup(driver.fileno())) as link:
            assert link.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            idle = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
            tries = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
            each = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
            assert idle + tries * each <= 60
            assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 60_000

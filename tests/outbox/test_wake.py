from collections.abc import Callable, Iterator
from threading import Event, Thread

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import make_url

from flexsmt_site import clock
from flexsmt_site.config import Settings
from flexsmt_site.extensions import db
from flexsmt_site.outbox import service, wake
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.wake import Waiter
from tests.outbox.conftest import Box

#: So long that only a call can end the wait before a test gives up.
LONG_SECONDS = 60.0


@pytest.fixture
def waiter(box: Box) -> Iterator[Waiter]:
    assert box.put("first@example.com")
    with wake.waiter() as made:
        # The first wait connects, and on SQLite the second learns where the counter stands.
        made.wait(Event(), 0.1)
        made.wait(Event(), 0.1)
        yield made


def returns_before(waiter: Waiter, seconds: float) -> bool:
    """Whether a wait ends well before its time."""
    began = clock.elapsed()
    waiter.wait(Event(), seconds)
    return clock.elapsed() - began < seconds / 2


def later(action: Callable[[], object]) -> Thread:
    thread = Thread(target=action)
    thread.start()
    return thread


def test_a_mail_that_is_put_wakes_a_waiting_relay(box: Box, waiter: Waiter, app: Flask) -> None:
    def put() -> None:
        with app.app_context():
            box.put()

    thread = later(put)
    assert returns_before(waiter, LONG_SECONDS)
    thread.join()


def test_a_mail_that_is_sent_again_wakes_a_waiting_relay(box: Box, waiter: Waiter) -> None:
    mail_id = box.put()
    waiter.wait(Event(), LONG_SECONDS)
    box.change(mail_id, state=State.FAILED)
    service.resend(str(mail_id), clock.now())
    assert returns_before(waiter, LONG_SECONDS)


def test_a_wait_without_a_call_ends_in_its_time(waiter: Waiter) -> None:
    assert not returns_before(waiter, 0.2)


def test_a_relay_that_is_stopped_waits_no_longer(box: Box, waiter: Waiter) -> None:
    stopping = Event()
    stopping.set()
    # On PostgreSQL the second of the poll is the most that it waits.
    seconds = LONG_SECONDS if db.engine.dialect.name == "sqlite" else 0.1
    waiter.wait(stopping, seconds)
    assert box.put()


@pytest.mark.parametrize("database_variables", ["postgresql"], indirect=True)
def test_a_connection_on_which_nobody_can_listen_is_closed(box: Box) -> None:
    links: list[psycopg.Connection[object]] = []

    def begin(link: psycopg.Connection[object], _record: object, _proxy: object) -> None:
        # Within a transaction the driver refuses to leave transactions to the server.
        link.execute("SELECT 1")
        links.append(link)

    event.listen(db.engine, "checkout", begin)
    with wake.waiter() as made:
        made.wait(Event(), 0)
        assert [link.closed for link in links] == [True]
        event.remove(db.engine, "checkout", begin)
        made.wait(Event(), 0)
        assert box.put()
        assert returns_before(made, LONG_SECONDS)


def test_a_lost_connection_is_made_again(box: Box, waiter: Waiter, settings: Settings) -> None:
    url = make_url(settings.database_url)
    if url.get_backend_name() == "postgresql":
        plain = settings.database_url.replace("+psycopg", "")
        with psycopg.connect(plain, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
    else:
        waiter._link.close()  # noqa: SLF001 (as when its file is gone)
    for _ in range(3):
        waiter.wait(Event(), 0.1)
    box.put()
    assert returns_before(waiter, LONG_SECONDS)

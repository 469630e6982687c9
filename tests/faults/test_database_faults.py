import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from werkzeug.test import TestResponse

from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.transport import Connection, Limits
from tests.browser.live import until
from tests.faults.serving import PAGES, Books, Visitors, carrying, received, refusal, served, site_on
from tests.ground.visitors import visit
from tests.outbox.servers import Script

#: As a stuck program would: it takes the lock, says so, and keeps it until its input ends.
_STUCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def _locked(folder: Path, variables: dict[str, str], table: LiteralString = "enquiry") -> Iterator[None]:
    if "DATABASE_URL" in variables:
        with psycopg.connect(variables["DATABASE_URL"].replace("+psycopg", "")) as other:
            other.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(Identifier(table)))
            yield
            other.rollback()
        return
    command = [sys.executable, "-c", _STUCK, str(folder / "site.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stuck:
        assert stuck.stdout
        assert stuck.stdout.readline() == b"locked\n"
        yield
        stuck.communicate()


def test_a_locked_database_refuses_honestly_and_takes_the_same_form_once_afterwards(
    tmp_path: Path, database_variables: dict[str, str], visitors: Visitors
) -> None:
    forms = {language: visitors.form(language) for language in ("en", "ru")}
    with site_on(tmp_path, **database_variables) as app:
        books = Books(app.config["SQLALCHEMY_DATABASE_URI"], Script())

        def send(language: str) -> TestResponse:
            return visit(app).post(f"/{language}/contact", data=forms[language])

        with ThreadPoolExecutor() as pool, _locked(tmp_path, database_variables):
            waiting = {language: pool.submit(send, language) for language in forms}
            read = {visit(app).get(path).status_code for path in PAGES}
            refused = {language: reply.result() for language, reply in waiting.items()}
        assert read == {200}
        assert [refusal(refused[language], forms[language], language) for language in forms] == [[], []]
        assert books.counts() == (0, 0)

        assert len({received(send(language)) for language in ("en", "ru", "en", "ru")}) == 2
        assert books.counts() == (2, 4)


@pytest.mark.proof
def test_a_lock_that_stays_for_two_rounds_of_forms_loses_nothing_and_holds_up_no_reader(
    tmp_path: Path, database_variables: dict[str, str], visitors: Visitors
) -> None:
    forms = [visitors.form("ru") for _ in range(4)]
    amiss: list[list[str]] = []
    with served(tmp_path, **database_variables) as (site, books), ThreadPoolExecutor() as pool:
        with _locked(tmp_path, database_variables):
            for _ in range(2):
                waiting = [pool.submit(site.send, form, "ru") for form in forms]
                assert site.statuses() == {200}
                amiss += [
                    refusal(reply.result(), form, "ru") for reply, form in zip(waiting, forms, strict=True)
                ]
        for form in forms * 2:
            received(site.send(form, "ru"))
        until(books.are_carried, "the notices are not carried", seconds=30)
        assert amiss == [[]] * 8
        assert books.counts() == (4, 8)
        assert set(books.copies().values()) == {1}


@pytest.mark.proof
def test_a_mail_that_is_taken_while_the_database_is_locked_goes_once(
    tmp_path: Path, database_variables: dict[str, str], visitors: Visitors, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as lock, site_on(tmp_path, **database_variables) as app:
        script = Script()

        def take_lock() -> None:
            if not script.got:
                lock.enter_context(_locked(tmp_path, database_variables, "outbox"))

        script.on_data = take_lock
        received(visit(app).post("/en/contact", data=visitors.form()))
        with Catcher(script) as server:
            relay = Relay(lambda: Connection(server.target, "localhost", Limits()), tmp_path)
            with carrying(app, relay):
                until(lambda: "database.unavailable" in caplog.text, "the lock is not met", seconds=30)
                lock.close()
                books = Books(app.config["SQLALCHEMY_DATABASE_URI"], script)
                until(books.are_carried, "the mails are not settled", seconds=30)
    assert list(books.copies().values()) == [1, 1]

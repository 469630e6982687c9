import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Pace, Relay
from flexsmt_site.outbox.transport import Connection, Limits
from tests.browser.live import SALES, until
from tests.faults.cluster import Cluster, Database, private_cluster
from tests.faults.serving import Books, Serving, Visitors, carrying, received, refusal, served, site_on
from tests.ground.visitors import visit
from tests.outbox.servers import Script

MODES = ("fast", "immediate")
LATER = "451 4.3.0 Come again"
PACE = Pace(poll=timedelta(milliseconds=50))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with private_cluster() as made:
        made.migrate(tmp_path_factory.mktemp("migrated"))
        yield made


@pytest.fixture
def database(cluster: Cluster) -> Database:
    cluster.start()
    return cluster.database()


def insist(site: Serving, form: dict[str, str], answers: Counter[int]) -> str:
    """Send the same form until it is taken; returns the address of the page that says so."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        reply = site.send(form)
        answers[reply.status_code] += 1
        if reply.status_code == 303:
            return received(reply)
        time.sleep(0.05)
    raise AssertionError(f"an enquiry is not taken: {answers}")


def has_taken(answers: Counter[int], count: int) -> bool:
    return answers[303] >= count


def has_tried(script: Script, count: int) -> bool:
    """Tell whether so many mails were offered to the mail server."""
    return script.commands.count("RCPT") >= count


@pytest.mark.proof
def test_a_database_that_stops_or_crashes_is_waited_for_and_nothing_is_lost(
    database: Database, tmp_path: Path, visitors: Visitors
) -> None:
    with served(tmp_path, DATABASE_URL=database.url) as (site, books):
        parts = site.parts()
        for mode in MODES:
            books.script.recipients = dict.fromkeys(SALES.values(), LATER)
            books.script.commands.clear()
            queued = received(site.send(visitors.form()))
            until(lambda: has_tried(books.script, 2), "nothing is tried", seconds=120)

            database.cluster.stop(mode)
            form = visitors.form("ru")
            assert refusal(site.send(form, "ru"), form, "ru") == []
            assert site.statuses() == {200}
            assert [site.visit(path).status_code for path in ("/readyz", queued)] == [503, 503]
            books.script.recipients = {}
            database.cluster.start()

            assert received(site.send(form, "ru")) == received(site.send(form, "ru"))
            until(books.are_carried_in_time, "the relay does not come back", seconds=30)
        assert site.parts() == parts
        assert books.counts() == (4, 8)
        assert list(books.copies().values()) == [1] * 8


@pytest.mark.proof
def test_a_database_that_crashes_again_and_again_loses_no_enquiry_and_no_mail(
    database: Database, tmp_path: Path, visitors: Visitors
) -> None:
    forms = [visitors.form() for _ in range(60)]
    answers: Counter[int] = Counter()
    with served(tmp_path, DATABASE_URL=database.url) as (site, books):
        with ThreadPoolExecutor(3) as pool:
            pages = [pool.submit(insist, site, form, answers) for form in forms]
            for taken in range(10, 60, 10):
                until(partial(has_taken, answers, taken), "nothing is taken", seconds=60)
                database.cluster.stop("immediate")
                database.cluster.start()
            assert len({page.result() for page in pages}) == 60
        until(books.are_carried_in_time, "the relay does not come back", seconds=60)
        assert set(answers) == {303, 503}
        assert books.counts() == (60, 120)
        copies = books.copies()
    assert len(copies) == 120
    assert max(copies.values()) <= 2


@pytest.mark.parametrize("mode", MODES)
def test_a_mail_that_is_taken_while_the_database_is_gone_goes_once(
    database: Database, tmp_path: Path, visitors: Visitors, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    script = Script(on_data=lambda: database.cluster.stop(mode) if len(script.got) == 0 else None)
    with Catcher(script) as server, site_on(tmp_path, DATABASE_URL=database.url) as app:
        received(visit(app).post("/en/contact", data=visitors.form()))
        relay = Relay(lambda: Connection(server.target, "localhost", Limits()), tmp_path, PACE)

        with carrying(app, relay):
            until(lambda: "database.unavailable" in caplog.text, "the database is not missed", seconds=120)
            database.cluster.start()
            books = Books(database.url, script)
            until(books.are_carried, "the mails are not settled", seconds=30)
    assert sorted(books.copies().values()) == [1, 1]

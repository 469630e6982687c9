import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from werkzeug.test import TestResponse

from flexsmt_site import clock
from flexsmt_site.outbox.catcher import Catcher, Keeper
from flexsmt_site.outbox.caught import list_caught
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.transport import Connection, Limits
from tests.browser.live import until
from tests.faults.cluster import Cluster, Database, cluster_in
from tests.faults.disk import SmallDisk, breakable_disk, small_disk
from tests.faults.serving import Books, Reply, Serving, Visitors, received, refusal, served, site_on
from tests.ground.visitors import visit
from tests.outbox.conftest import Box
from tests.outbox.servers import Script

#: So small that the server has to make new ones soon.
LOGS = ("max_wal_size=2MB", "min_wal_size=2MB", "wal_recycle=off")


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk(16) as mounted:
        yield mounted


@pytest.mark.proof
def test_a_full_disk_under_the_log_stops_neither_enquiries_nor_mail(
    disk: SmallDisk, database: Database, visitors: Visitors
) -> None:
    with served(disk.path, DATABASE_URL=database.url) as (site, books):
        parts = site.parts()
        web, relay, _words = parts
        disk.fill()
        for _ in range(30):
            received(site.send(visitors.form()))
        until(books.are_carried, "the relay stands still", seconds=30)
        assert site.parts() == parts

        # That a part is started again, too, finds no room in the log.
        os.kill(int(relay), signal.SIGKILL)
        received(site.send(visitors.form()))
        until(books.are_carried, "no other relay is started", seconds=30)
        assert site.parts()[0] == web
        assert books.counts() == (31, 62)
        assert list(books.copies().values()) == [1] * 62


def test_caught_mails_wait_for_room_on_the_disk(disk: SmallDisk, box: Box) -> None:
    mail_id = box.put()
    frozen = box.row(mail_id).raw
    with Catcher(Keeper(disk.path / "mail")) as catcher:
        relay = Relay(lambda: Connection(catcher.target, "localhost", Limits()), box.folder)
        disk.fill()
        relay.drain()
        assert (box.row(mail_id).state, box.row(mail_id).last_code) == (State.QUEUED, 452)
        assert [path.name for path in disk.path.rglob("*") if path.is_file()] == ["ballast"]
        disk.free()
        box.change(mail_id, not_before=clock.now())
        relay.drain()
    assert [caught.raw for caught in list_caught(disk.path / "mail")] == [frozen]


@pytest.mark.proof
def test_a_read_only_folder_stops_nothing_where_the_database_lies_elsewhere(
    disk: SmallDisk, tmp_path: Path, database: Database, visitors: Visitors
) -> None:
    with served(tmp_path, DATA_DIR=str(disk.path), DATABASE_URL=database.url) as (site, books):
        with disk.read_only():
            received(site.send(visitors.form()))
            until(books.are_carried, "the relay stands still", seconds=30)
            assert site.statuses() == {200}
        assert books.counts() == (1, 2)
        assert list(books.copies().values()) == [1, 1]


def test_a_full_disk_under_postgresql_takes_no_enquiry_half_and_the_same_form_afterwards(
    tmp_path: Path, visitors: Visitors, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk(64) as disk, cluster_in(disk.path, *LOGS) as cluster:
        cluster.migrate(tmp_path / "forms")
        url = cluster.database().url
        with site_on(tmp_path, DATABASE_URL=url) as app:
            client, books = visit(app), Books(url, Script())
            first, *forms = [visitors.form("ru") for _ in range(10)]
            received(client.post("/ru/contact", data=first))
            disk.fill()
            # The first finds a connection; on a full disk the server opens no other.
            replies = [client.post("/ru/contact", data=form) for form in forms]
            disk.free()
            taken = _taken(replies, forms)
            assert "DiskFull" in caplog.text
            assert books.counts() == (1 + taken, 2 + 2 * taken)
            for form in forms * 2:
                received(client.post("/ru/contact", data=form))
            assert books.counts() == (10, 20)


@pytest.mark.proof
def test_a_site_over_a_full_postgresql_comes_back_by_itself(tmp_path: Path, visitors: Visitors) -> None:
    with small_disk(64) as disk, cluster_in(disk.path, *LOGS) as cluster:
        cluster.migrate(tmp_path / "forms")
        with served(tmp_path, DATABASE_URL=cluster.database().url) as (site, books):
            parts = site.parts()
            disk.fill()
            forms = [visitors.form("ru") for _ in range(10)]
            _taken([site.send(form, "ru") for form in forms], forms)
            assert site.statuses() == {200}
            disk.free()
            _goes_on(site, books, forms)
            assert site.parts() == parts


@pytest.mark.proof
def test_postgresql_that_falls_for_want_of_room_is_waited_for(tmp_path: Path, visitors: Visitors) -> None:
    with small_disk(64) as disk, small_disk(8) as log_disk, cluster_in(disk.path, *LOGS) as cluster:
        cluster.migrate(tmp_path / "forms")
        cluster.move_log(log_disk.path)
        with served(tmp_path, DATABASE_URL=cluster.database().url) as (site, books):
            _use_up(cluster, log_disk)
            forms = [visitors.form("ru") for _ in range(5)]
            _taken([site.send(form, "ru") for form in forms], forms)
            assert site.statuses() == {200}
            assert "PANIC" in cluster.said()
            log_disk.free()
            cluster.start()
            _goes_on(site, books, forms)


def _use_up(cluster: Cluster, disk: SmallDisk) -> None:
    """Let the server write ahead until it falls, as it does where it can not."""
    with suppress(psycopg.OperationalError), cluster.connect("postgres") as admin:
        while True:
            disk.fill()
            admin.execute("SELECT pg_create_restore_point('full'), pg_switch_wal()")


def _taken(replies: Sequence[Reply | TestResponse], forms: list[dict[str, str]]) -> int:
    """Count what was taken, as it fitted into pages that the server had; the rest is refused honestly."""
    refused = [pair for pair in zip(replies, forms, strict=True) if pair[0].status_code != 303]
    assert refused
    assert not any(refusal(*pair, "ru") for pair in refused)
    return len(replies) - len(refused)


def _goes_on(site: Serving, books: Books, forms: list[dict[str, str]]) -> None:
    """Everybody sends the same form again, and each enquiry is there and carried once."""
    until(lambda: site.visit("/readyz").status_code == 200, "the database does not come back", seconds=30)
    for form in forms:
        received(site.send(form, "ru"))
    until(books.are_carried_in_time, "the relay does not come back", seconds=30)
    assert books.counts() == (len(forms), 2 * len(forms))
    assert list(books.copies().values()) == [1] * 2 * len(forms)


@pytest.mark.proof
def test_a_disk_that_the_system_gives_up_loses_nothing_that_was_received(
    tmp_path: Path, visitors: Visitors
) -> None:
    form = visitors.form("ru")
    with breakable_disk(tmp_path) as disk:
        with served(tmp_path, DATA_DIR=str(disk.path)) as (site, books):
            received(site.send(visitors.form()))
            until(books.are_carried, "the relay stands still", seconds=30)
            disk.give_up()
            for _ in range(5):
                assert refusal(site.send(form, "ru"), form, "ru") == []
            assert site.statuses() == {200}
        disk.repair()
        assert books.counts() == (1, 2)
        with served(tmp_path, DATA_DIR=str(disk.path)) as (site, books):
            received(site.send(form, "ru"))
            until(books.are_carried, "the relay stands still", seconds=30)
            assert books.counts() == (2, 4)
            assert list(books.copies().values()) == [1, 1]

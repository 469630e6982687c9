import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site.config import ROOT
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Pace, Relay
from flexsmt_site.outbox.transport import Connection, Limits
from tests.browser.live import until
from tests.conftest import make_settings
from tests.faults.disk import SmallDisk, small_disk
from tests.faults.serving import PAGES, Books, Visitors, carrying, dispose, received, refusal, served, site_on
from tests.ground.visitors import Visitor, visit
from tests.outbox.servers import Script

PACE = Pace(poll=timedelta(milliseconds=50))


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk(16) as mounted:
        yield mounted


@pytest.fixture
def app(disk: SmallDisk, sqlite_template: Path) -> Iterator[Flask]:
    """The site whose SQLite lies on the small disk."""
    shutil.copy(sqlite_template, disk.path / "site.db")
    with site_on(disk.path) as made:
        yield made


@pytest.fixture
def client(app: Flask) -> Visitor:
    return visit(app)


@pytest.fixture
def books(disk: SmallDisk) -> Books:
    return Books(f"sqlite:///{disk.path / 'site.db'}", Script())


def test_a_full_disk_takes_no_enquiry_half_and_the_same_form_once_there_is_room(
    disk: SmallDisk, client: Visitor, books: Books, visitors: Visitors
) -> None:
    for taken, language in enumerate(("en", "ru")):
        form = visitors.form(language)
        disk.fill()
        assert refusal(client.post(f"/{language}/contact", data=form), form, language) == []
        assert {client.get(path).status_code for path in PAGES} == {200}
        disk.free()
        assert books.counts() == (taken, 2 * taken)
        page = received(client.post(f"/{language}/contact", data=form))
        assert received(client.post(f"/{language}/contact", data=form)) == page
    assert books.counts() == (2, 4)


@pytest.mark.proof
def test_a_site_on_a_full_disk_goes_on_and_comes_back_by_itself(disk: SmallDisk, visitors: Visitors) -> None:
    with served(disk.path) as (site, books):
        parts = site.parts()
        disk.fill()
        # While its line finds room.
        until(lambda: "relay.no_heartbeat" in site.said(), "the relay does not notice", seconds=120)
        forms = [visitors.form("ru") for _ in range(60)]
        # So many that their log lines, too, find no room.
        assert not any(refusal(site.send(form, "ru"), form, "ru") for form in forms)
        assert site.statuses() == {200}
        disk.free()

        for form in forms[:3] * 2:
            received(site.send(form, "ru"))
        until(books.are_carried, "the relay does not come back", seconds=30)
        assert '"mail":"ok"' in site.visit("/readyz").text
        assert site.parts() == parts
        assert books.counts() == (3, 6)
    assert list(books.copies().values()) == [1] * 6


def test_a_disk_that_is_read_only_for_a_while_takes_no_enquiry_and_needs_no_restart(
    disk: SmallDisk, app: Flask, books: Books, visitors: Visitors
) -> None:
    client, form = visit(app), visitors.form("ru")
    page = received(client.post("/en/contact", data=visitors.form()))
    # The system makes no disk read-only while somebody has a file open for writing.
    dispose(app)

    with disk.read_only():
        assert refusal(client.post("/ru/contact", data=form), form, "ru") == []
        assert {client.get(path).status_code for path in PAGES} == {200}
        assert client.get(page).status_code == 503
        assert refusal(client.post("/ru/contact", data=form), form, "ru") == []

    assert client.get(page).status_code == 200
    assert received(client.post("/ru/contact", data=form)) == received(client.post("/ru/contact", data=form))
    assert books.counts() == (2, 4)


def test_what_was_opened_on_a_read_only_disk_is_not_used_when_it_takes_writes_again(
    disk: SmallDisk, app: Flask, books: Books, tmp_path: Path, visitors: Visitors
) -> None:
    client, form = visit(app), visitors.form("ru")
    page = received(client.post("/en/contact", data=visitors.form()))
    shutil.copytree(disk.path, tmp_path / "crashed", ignore=shutil.ignore_patterns("static"))
    dispose(app)
    # As after a crash: SQLite's shared memory is there, so that it can be read without being written.
    shutil.copytree(tmp_path / "crashed", disk.path, dirs_exist_ok=True)

    with disk.read_only():
        assert refusal(client.post("/ru/contact", data=form), form, "ru") == []
        assert client.get(page).status_code == 200

    assert received(client.post("/ru/contact", data=form)) == received(client.post("/ru/contact", data=form))
    assert books.counts() == (2, 4)


def test_a_mail_that_is_taken_when_the_disk_fills_up_goes_once(
    disk: SmallDisk, app: Flask, visitors: Visitors, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script()
    script.on_data = lambda: None if script.got else disk.fill()
    with Catcher(script) as server:
        received(visit(app).post("/en/contact", data=visitors.form()))
        relay = Relay(lambda: Connection(server.target, "localhost", Limits()), disk.path, PACE)
        with carrying(app, relay):
            until(lambda: "database.unavailable" in caplog.text, "the disk is not missed", seconds=120)
            disk.free()
            books = Books(app.config["SQLALCHEMY_DATABASE_URI"], script)
            until(books.are_carried, "the mails are not settled", seconds=30)
    assert list(books.copies().values()) == [1, 1]


def _start(folder: Path) -> tuple[int, list[str]]:
    """Try to start the site; returns its exit status and what it says."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")}
    command = [sys.executable, "-m", "flexsmt_site.cli", "serve"]
    environ = plain | {"FLEXSMT_DATA_DIR": str(folder)}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_a_start_on_a_read_only_disk_says_so_in_one_line(disk: SmallDisk) -> None:
    with disk.read_only():
        status, said = _start(disk.path)
    assert status == 1
    assert said == [
        f"flexsmt: FLEXSMT_DATA_DIR is '{disk.path}', but should be a folder that this user may write to"
    ]


@pytest.mark.parametrize("there", [(), ("secret",), ("secret", "static")])
def test_a_start_on_a_full_disk_says_so_in_one_line_and_leaves_nothing(
    disk: SmallDisk, tmp_path: Path, there: tuple[str, ...]
) -> None:
    make_settings(tmp_path)
    if "secret" in there:
        shutil.copy(tmp_path / "secret", disk.path)
    if "static" in there:
        (disk.path / "static").symlink_to((tmp_path / "static").resolve(), target_is_directory=True)
    disk.fill()
    before = {path.name for path in disk.path.iterdir()}
    status, said = _start(disk.path)
    assert (status, len(said)) == (1, 1)
    assert "No space left on device" in said[0] or "disk" in said[0]
    left = {path.relative_to(disk.path).as_posix() for path in disk.path.rglob("*") if path.is_file()}
    assert not left - before - {"site.db", "site.db-wal", "site.db-shm"}

"""Publishing words, and fetching what another host has published."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from flexsmt_site import clock, create_app, ledger, proof
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.extensions import db
from flexsmt_site.language import making, overlay, packing, releases, words
from flexsmt_site.language.models import Release
from tests.conftest import make_settings
from tests.faults.serving import dispose
from tests.language.publishing import SKIP, Desk, file_of, publish, skip_link

pytestmark = pytest.mark.usefixtures("attentive", "tried_once")


@pytest.fixture
def other_host(tmp_path: Path, migrated_postgres: str) -> Iterator[Flask]:
    made = create_app(make_settings(tmp_path / "other", DATABASE_URL=migrated_postgres))
    yield made
    dispose(made)


@pytest.fixture
def host(tmp_path: Path, migrated_postgres: str) -> Iterator[Flask]:
    made = create_app(make_settings(tmp_path / "one", DATABASE_URL=migrated_postgres))
    yield made
    with made.app_context(), db.engine.execution_options(write=True).begin() as connection:
        connection.execute(delete(Release))
    dispose(made)


def count(app: Flask) -> int:
    with app.app_context(), db.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Release)) or 0


def test_the_same_words_again_are_no_new_release(app: Flask, desk: Desk) -> None:
    desk.change("To the text")
    first = publish(app)
    written = file_of(app).stat().st_mtime_ns

    assert first.is_new
    assert publish(app) == making.Published(first.number, is_new=False)
    assert (count(app), file_of(app).stat().st_mtime_ns) == (1, written)


def test_words_with_an_error_are_not_published(app: Flask, desk: Desk) -> None:
    desk.change("Write to <b>us", "Write to us")
    with pytest.raises(making.NotPublishable, match="Write to us"):
        publish(app)

    assert count(app) == 0
    assert not file_of(app).exists()


def test_another_host_fetches_what_is_published(host: Flask, other_host: Flask, desk: Desk) -> None:
    for text in ("To the text", "To the page"):
        desk.change(text)
        publish(host)
        assert skip_link(other_host) != text
        with other_host.app_context():
            assert [releases.fetch(), releases.fetch()] == [True, False]
        assert skip_link(other_host) == text
        assert file_of(other_host).read_bytes() == file_of(host).read_bytes()


def test_the_follower_waits_for_a_database_that_is_gone_and_says_so_once(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.change("To the text")
    publish(app)
    file_of(app).unlink()
    stopping = Event()
    rounds: list[bool] = []
    fetch = releases.fetch

    def sick() -> bool:
        if len(rounds) in (1, 2, 4):
            raise DatabaseUnavailable("gone")
        return fetch()

    def wait(stopping: Event, _seconds: float) -> None:
        rounds.append(file_of(app).exists())
        if len(rounds) == 5:
            stopping.set()

    monkeypatch.setattr(releases, "fetch", sick)
    with app.app_context():
        releases.follow(stopping, wait)

    assert rounds == [True] * 5
    assert caplog.text.count("words.not_fetched") == 2


def test_a_host_without_any_release_is_left_alone(app: Flask) -> None:
    with app.app_context():
        assert not releases.fetch()
        assert list(releases.findings(app.extensions["flexsmt_settings"])) == []

    assert not file_of(app).exists()
    assert skip_link(app) == SKIP


def test_doctor_says_where_what_was_published_cannot_be_shown(lone_app: Flask, desk: Desk) -> None:
    settings = lone_app.extensions["flexsmt_settings"]
    desk.change("To the text")
    publish(lone_app)
    with lone_app.app_context():
        assert list(releases.findings(settings)) == []
        file_of(lone_app).write_bytes(b"")
        (damaged,) = releases.findings(settings)

    assert (damaged.level, damaged.mend) == ("error", "run: flexsmt catalogs publish")


def test_a_file_that_cannot_be_read_is_exchanged(lone_app: Flask, desk: Desk) -> None:
    desk.change("To the text")
    publish(lone_app)
    file_of(lone_app).unlink()
    file_of(lone_app).mkdir()
    assert skip_link(lone_app) == SKIP
    assert "Is a directory" in words.shelf(lone_app).fault
    with lone_app.app_context():
        with pytest.raises(OSError, match=r"words\.zip"):
            releases.fetch()
        file_of(lone_app).rmdir()
        assert releases.fetch()

    assert skip_link(lone_app) == "To the text"
    assert not words.shelf(lone_app).fault


def test_where_a_restored_database_has_no_release_none_is_in_force(lone_app: Flask, desk: Desk) -> None:
    desk.change("To the text")
    publish(lone_app)
    assert skip_link(lone_app) == "To the text"
    with lone_app.app_context():
        with db.engine.execution_options(write=True).begin() as connection:
            connection.execute(delete(Release))
        assert [releases.fetch(), releases.fetch()] == [True, False]

    assert skip_link(lone_app) == SKIP


def test_what_a_notice_says_is_not_proven_in_other_words(lone_app: Flask, desk: Desk) -> None:
    notice, rule = ledger.get_promise("P13.4"), ledger.get_promise("P7.3")
    row = proof.Test("t", "passed", clock.now())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(proof, "proven_tests", lambda: {notice.id: (row,), rule.id: (row,)})
        with lone_app.app_context():
            assert [proof.is_proven(notice), proof.is_proven(rule)] == [True, True]
            desk.change("To the text")
            publish(lone_app)
            assert [proof.is_proven(notice), proof.is_proven(rule)] == [False, True]


def test_the_commands_publish_and_refuse_in_one_line(lone_app: Flask, desk: Desk) -> None:
    run = lone_app.test_cli_runner().invoke
    desk.change("To the text")
    first, again = (run(args=["catalogs", "publish"]) for _ in range(2))
    assert "release 1 is in force\n" in first.output
    assert "release 1 is in force already: nothing has changed\n" in again.output
    desk.change("Write to <b>us", "Write to us")
    refused = run(args=["catalogs", "publish"])

    assert refused.exit_code == 1
    assert "nothing was published" in refused.output
    assert count(lone_app) == 1


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [(["publish"], "run it again"), (["rollback", "1"], "run 'flexsmt catalogs publish'")],
)
def test_the_commands_tell_what_is_published_and_not_shown_here(
    lone_app: Flask, desk: Desk, arguments: list[str], mend: str
) -> None:
    publish(lone_app)
    desk.change("To the text")
    if arguments == ["rollback", "1"]:
        publish(lone_app)
    before = count(lone_app)
    file_of(lone_app).unlink()
    file_of(lone_app).mkdir()
    answer = lone_app.test_cli_runner().invoke(args=["catalogs", *arguments])

    assert answer.exit_code == 1
    assert f"release {before + 1} is published, but this host does not show it yet" in answer.output
    assert answer.output.endswith(f": mend that and {mend}\n")
    assert count(lone_app) == before + 1


@pytest.mark.parametrize("arguments", [["publish"], ["rollback", "1"]])
def test_a_file_that_can_not_be_read_is_not_said_to_be_published(
    lone_app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    publish(lone_app)
    desk.change("To the text")

    def unreadable() -> None:
        raise PermissionError(13, "Permission denied", "glossary.csv")

    monkeypatch.setattr(overlay, "base", unreadable)
    answer = lone_app.test_cli_runner().invoke(args=["catalogs", *arguments])

    assert answer.exit_code == 1
    assert re.search(r"glossary\.csv'\nnothing was (published|changed)", answer.output)
    assert count(lone_app) == 1


def test_a_file_of_words_that_is_gone_is_named(lone_app: Flask, desk: Desk) -> None:
    (desk.folder / "ru" / "LC_MESSAGES" / "messages.po").unlink()
    with pytest.raises(making.NotPublishable, match=r"ru/LC_MESSAGES/messages\.po can not be read"):
        publish(lone_app)


@pytest.mark.parametrize("raw", [b"", b"PK", b"x" * 5000], ids=["empty", "cut", "other"])
def test_what_is_no_release_is_refused(raw: bytes) -> None:
    with pytest.raises(packing.BrokenRelease):
        packing.read(raw)


def test_a_catalogue_that_cannot_be_read_is_not_packed() -> None:
    with pytest.raises(packing.BrokenRelease):
        packing.pack({("messages", "en"): b"no catalogue"}, "1")

"""What was published comes to every host, stays when its file is damaged, and doctor knows of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import update

from flexsmt_site import create_app, database
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.language import audit, releases
from flexsmt_site.language.gate_entry import Finding
from flexsmt_site.policy import checks, rows, service
from flexsmt_site.policy.models import PolicyVersion
from tests.conftest import make_settings
from tests.faults.serving import dispose
from tests.ground.visitors import visit
from tests.policy.publishing import clauses, fault_of, fetch, file_of, footer, name, publish, start

pytestmark = pytest.mark.usefixtures("quickly")
NOTES = ["--note-en", "Another recipient.", "--note-ru", "Ещё один получатель."]


@pytest.fixture
def other(app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """Another host of the same database."""
    url = app.extensions["flexsmt_settings"].database_url
    (tmp_path / "other").mkdir()
    made = create_app(make_settings(tmp_path / "other", DATABASE_URL=url))
    yield made
    dispose(made)


@pytest.fixture
def run(lone_app: Flask) -> FlaskCliRunner:
    return lone_app.test_cli_runner()


def doctor(app: Flask) -> dict[str, tuple[str, str]]:
    """What doctor says of versions: by level, in words, with the mend."""
    with app.app_context():
        found = list(checks.versions(app.extensions["flexsmt_settings"]))
    return {one.level: (one.what, one.mend) for one in found}


def test_another_host_follows_what_is_published(app: Flask, other: Flask) -> None:
    assert start(app)
    assert start(other) is None
    name(app, "Another")
    publish(app)
    assert footer(other) == 1
    name(other, "Another")
    assert "do not know version 2" in str(doctor(other))
    stopping = Event()
    with other.app_context():
        releases.follow(stopping, lambda stopping, _seconds: stopping.set())

    assert (footer(other), clauses(other)) == (2, clauses(app))
    assert fetch(other) is False


def test_a_damaged_file_changes_nothing_that_is_read_but_readiness(
    lone_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    start(lone_app)
    name(lone_app, "Another")
    publish(lone_app)
    before, whole = clauses(lone_app), file_of(lone_app).read_bytes()
    empty = b'{"versions": [], "texts": {}}'
    for damaged in (b"", whole[:-9], b"{}", b"[1]", empty, whole.replace(b"Another", b"Somebody")):
        file_of(lone_app).write_bytes(damaged)
        assert clauses(lone_app) == before
        answer = visit(lone_app).get("/readyz")
        assert (answer.status_code, answer.json) == (503, {"ready": False, "reason": "policy"})
        assert "error" in doctor(lone_app)
    assert "policy.unreadable" in caplog.text
    assert fetch(lone_app)

    assert file_of(lone_app).read_bytes() == whole
    assert (footer(lone_app), fault_of(lone_app)) == (2, "")


def test_a_date_that_a_restored_backup_changes_is_fetched(lone_app: Flask) -> None:
    start(lone_app)
    name(lone_app, "Another")
    publish(lone_app, "2037-03-01")
    assert fetch(lone_app) is False
    _change(lone_app, 2, effective=datetime(2038, 5, 2, tzinfo=UTC))

    assert [fetch(lone_app), fetch(lone_app)] == [True, False]
    assert "From 2 May 2038 version 2 applies" in visit(lone_app).get("/en/privacy").text


def test_a_text_that_is_damaged_in_the_database_is_refused_and_never_taken(lone_app: Flask) -> None:
    start(lone_app)
    before = file_of(lone_app).read_bytes()
    name(lone_app, "Another")
    publish(lone_app)
    _change(lone_app, 2, html_ru="<p>Other words.</p>")
    file_of(lone_app).write_bytes(before)
    with lone_app.app_context(), pytest.raises(DatabaseUnavailable, match="restore a backup"):
        service.take_over()

    assert file_of(lone_app).read_bytes() == before
    assert footer(lone_app) == 1


@pytest.mark.parametrize("contents", ["[", "[[1]]", "[1]", "null", '[["a", "b"]]'])
def test_damaged_contents_end_neither_a_follower_nor_a_start(
    lone_app: Flask, contents: str, caplog: pytest.LogCaptureFixture
) -> None:
    start(lone_app)
    _change(lone_app, 1, contents_en=contents)
    file_of(lone_app).unlink()
    stopping = Event()
    with lone_app.app_context():
        releases.follow(stopping, lambda stopping, _seconds: stopping.set())
        with pytest.raises(rows.DamagedVersion, match="restore a backup"):
            service.fetch()

    assert "words.not_fetched" in caplog.text
    assert not file_of(lone_app).exists()


def _change(app: Flask, number: int, **values: object) -> None:
    with app.app_context(), database.write() as session:
        session.execute(update(PolicyVersion).where(PolicyVersion.number == number).values(**values))


def test_doctor_asks_for_a_version_when_words_or_registers_differ(lone_app: Flask) -> None:
    assert "no version of the policy has been published" in doctor(lone_app)["warning"][0]
    start(lone_app)
    assert list(doctor(lone_app)) == ["ok"]
    name(lone_app, "Another")
    what, mend = doctor(lone_app)["warning"]
    assert what.endswith("differ from version 1, in clauses: 12")
    assert "flexsmt policy publish" in mend
    publish(lone_app, "2037-03-01")

    assert doctor(lone_app) == {"ok": ("version 1 of the policy is in force", "")}


def test_the_commands_try_publish_and_list(lone_app: Flask, run: FlaskCliRunner) -> None:
    assert "no version is published" in run.invoke(args=["policy", "versions"]).output
    start(lone_app)
    name(lone_app, "Another")
    when = ["--effective", "2037-03-01T00:00", "--material"]
    tried = run.invoke(args=["policy", "publish", *NOTES, *when, "--dry-run"])
    assert "version 2 would be published: it takes effect from 2037-03-01 00:00 UTC" in tried.output
    assert footer(lone_app) == 1
    made = run.invoke(args=["policy", "publish", *NOTES, *when])
    assert "version 2 is published: it takes effect from 2037-03-01 00:00 UTC" in made.output
    name(lone_app, "Yet another")
    earlier = run.invoke(args=["policy", "publish", *NOTES])
    assert (
        "version 2, announced for 2037-03-01 00:00 UTC, is skipped: version 3 comes first" in earlier.output
    )

    listed = run.invoke(args=["policy", "versions"]).output
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("   ")][::3] == ["3", "2", "1"]
    assert "skipped" in listed
    assert "ru: Ещё один получатель." in listed


def test_a_refusal_is_a_list_of_faults_and_exit_status_1(lone_app: Flask, run: FlaskCliRunner) -> None:
    start(lone_app)
    name(lone_app, "Another", "Mail within 5 days", "Почта за 6 дней")
    refused = run.invoke(args=["policy", "publish", *NOTES])

    assert refused.exit_code == 1
    assert "clause 12: numbers differ in ru" in refused.output
    assert "nothing was published" in refused.output
    assert footer(lone_app) == 1


def test_a_host_that_cannot_take_a_version_says_so(lone_app: Flask, run: FlaskCliRunner) -> None:
    start(lone_app)
    name(lone_app, "Another")
    file_of(lone_app).unlink()
    file_of(lone_app).mkdir()
    answer = run.invoke(args=["policy", "publish", *NOTES])

    assert answer.exit_code == 1
    assert "Error: version 2 is published, but this host does not show it yet" in answer.output


def test_a_version_that_the_database_can_not_give_back_is_said_to_be_published(
    lone_app: Flask, run: FlaskCliRunner
) -> None:
    start(lone_app)
    name(lone_app, "Another")
    _change(lone_app, 1, html_ru="<p>Other words.</p>")
    answer = run.invoke(args=["policy", "publish", *NOTES, "--effective", "2037-03-01"])

    assert answer.exit_code == 1
    assert "Error: version 2 is published, but this host does not show it yet (the versions" in answer.output
    assert "2037-03-01" in run.invoke(args=["policy", "versions"]).output


def test_a_file_that_can_not_be_read_is_not_said_to_be_published(
    lone_app: Flask, run: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(lone_app)
    name(lone_app, "Another")
    monkeypatch.setattr(audit, "judge_all", lambda: iter(Path("no.csv").read_text("utf-8")))
    answer = run.invoke(args=["policy", "publish", *NOTES])

    assert answer.exit_code == 1
    assert "no.csv'\nnothing was published" in answer.output
    assert footer(lone_app) == 1


def test_catalogues_with_an_error_are_not_made_a_version(
    lone_app: Flask, run: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(lone_app)
    name(lone_app, "Another")
    source = Path(service.__file__)
    fault = Finding("error", "empty", "no text", "translate it")
    monkeypatch.setattr(audit, "judge_all", lambda: iter([audit.Judged(source, "Cookies", fault)]))
    answer = run.invoke(args=["policy", "publish", *NOTES])

    assert answer.exit_code == 1
    assert "“Cookies” no text (empty): translate it" in answer.output

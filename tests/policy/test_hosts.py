"""What was published comes to every host, stays when its file is damaged, and doctor knows of it."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from flexsmt_site import create_app
from flexsmt_site.language import audit, releases
from flexsmt_site.language.gate_entry import Finding
from flexsmt_site.policy import checks, service
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
    for damaged in (b"", whole[:-9], b"{}", b"[1]", whole.replace(b"Another", b"Somebody")):
        file_of(lone_app).write_bytes(damaged)
        assert clauses(lone_app) == before
        answer = visit(lone_app).get("/readyz")
        assert (answer.status_code, answer.json) == (503, {"ready": False, "reason": "policy"})
        assert "error" in doctor(lone_app)
    assert "policy.unreadable" in caplog.text
    assert fetch(lone_app)

    assert file_of(lone_app).read_bytes() == whole
    assert (footer(lone_app), fault_of(lone_app)) == (2, "")


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
    assert "is published, but this host can not take it" in answer.output


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

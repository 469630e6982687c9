import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import create_app
from flexsmt_site.outbox.caught import list_caught
from flexsmt_site.outbox.rules import State
from tests.conftest import make_settings
from tests.outbox.conftest import Box


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    kept = [(name, signal.getsignal(name)) for name in (signal.SIGTERM, signal.SIGINT)]
    yield
    for name, handler in kept:
        signal.signal(name, handler)


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    found = app.test_cli_runner().invoke(args=["mail", *arguments])
    return found.exit_code, found.output


def test_relay_once_catches_what_is_due_and_stops(app: Flask, box: Box) -> None:
    mail_id = box.put()
    code, output = run(app, "relay", "--once")
    assert code == 0, output
    assert box.row(mail_id).state is State.ACCEPTED
    assert len(list_caught(box.folder / "mail")) == 1


def test_status_counts_and_names_what_stopped(app: Flask, box: Box) -> None:
    mail_id = box.put()
    box.put("b@example.com")
    box.change(mail_id, state="failed", last_code=550)
    code, output = run(app, "status")
    lines = [line.split() for line in output.splitlines()]
    assert code == 0
    assert ["queued", "1"] in lines
    assert ["failed", "1"] in lines
    assert ["stopped", str(mail_id), "letter", "failed", "550"] in lines


def test_status_of_an_empty_outbox_says_that_nothing_waits(app: Flask, box: Box) -> None:
    assert "nothing waits" in run(app, "status")[1]
    assert box.folder.is_dir()


def test_resend_queues_a_stopped_mail(app: Flask, box: Box) -> None:
    mail_id = box.put()
    box.change(mail_id, state="failed")
    assert run(app, "resend", box.row(mail_id).message_id) == (0, f"mail {mail_id} is queued again\n")


def test_resend_says_why_not(app: Flask, box: Box) -> None:
    mail_id = box.put()
    assert run(app, "resend", str(mail_id))[0] == 1
    code, output = run(app, "resend", "99")
    assert code == 1
    assert "no mail 99" in output


@pytest.mark.parametrize("reference", ["9" * 9, "9" * 10, "9" * 23, "9" * 5000])
@pytest.mark.usefixtures("box")
def test_resend_of_a_number_that_no_mail_can_have_is_one_line(app: Flask, reference: str) -> None:
    code, output = run(app, "resend", reference)
    assert (code, output.count("\n")) == (1, 1)
    assert f"no mail {reference}" in output


@pytest.mark.usefixtures("box")
def test_resend_of_bytes_that_are_no_text_is_one_line(app: Flask) -> None:
    assert run(app, "resend", "\udcff") == (1, "Error: what was given holds characters that no text has\n")


@pytest.mark.parametrize("arguments", ["status", "bounces", "resend 1", "relay", "relay --once"])
@pytest.mark.parametrize("url", ["", "postgresql+psycopg://x@127.0.0.1:1/x", "sqlite:////nowhere/site.db"])
def test_a_database_without_tables_or_out_of_reach_is_one_line_that_names_the_mend(
    tmp_path: Path, arguments: str, url: str
) -> None:
    app = create_app(make_settings(tmp_path, **({"DATABASE_URL": url} if url else {})))
    code, output = run(app, *arguments.split())
    # Events are JSON, one a line, and may come before.
    said = [line for line in output.splitlines() if not line.startswith('{"at": ')]
    assert (code, len(said)) == (1, 1), output
    assert said[0].startswith("Error: the database can not be used (")
    assert said[0].endswith("): check FLEXSMT_DATABASE_URL, or run: flexsmt db upgrade")


class TestWithAServerThatIsGone:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {"SMTP_URL": "smtp+plain://127.0.0.1:9"}

    def test_relay_once_says_so_and_the_mail_waits(self, app: Flask, box: Box) -> None:
        mail_id = box.put()
        code, output = run(app, "relay", "--once")
        assert code == 1
        assert "unusable (connect)" in output
        assert box.row(mail_id).state is State.QUEUED

from dataclasses import replace
from datetime import timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from flexsmt_site import clock, health
from flexsmt_site.config import Settings
from flexsmt_site.outbox import checks, heartbeat
from flexsmt_site.outbox.catcher import Catcher
from tests.outbox.conftest import Box
from tests.outbox.servers import Script


def levels(found: list[health.Finding]) -> list[str]:
    return [finding.level for finding in found]


def test_a_catcher_is_a_warning(settings: Settings) -> None:
    (found,) = checks.target(settings)
    assert (found.level, "FLEXSMT_SMTP_URL" in found.mend) == ("warning", True)


def test_the_relay_is_seen_by_its_beat(settings: Settings) -> None:
    now = clock.now()
    assert levels(list(checks.relay(settings))) == ["warning"]
    heartbeat.beat(settings.data_dir, now)
    assert levels(list(checks.relay(settings))) == ["ok"]
    heartbeat.beat(settings.data_dir, now, "auth")
    (found,) = checks.relay(settings)
    assert (found.level, "auth" in found.what) == ("error", True)
    heartbeat.beat(settings.data_dir, now - timedelta(hours=1))
    (found,) = checks.relay(settings)
    assert (found.level, "last seen" in found.what) == ("error", True)


def test_the_queue_is_watched(settings: Settings, box: Box) -> None:
    assert [finding.what for finding in checks.queue(settings)] == ["no mail waits"]
    mail_id = box.put()
    assert levels(list(checks.queue(settings))) == ["ok"]
    box.change(mail_id, created=clock.now() - timedelta(minutes=16))
    assert levels(list(checks.queue(settings))) == ["warning"]
    box.change(mail_id, state="failed")
    assert levels(list(checks.queue(settings))) == ["ok", "warning"]


def test_a_clock_that_went_back_is_a_warning(settings: Settings, box: Box) -> None:
    assert levels(list(checks.clock_runs_on(settings))) == []
    mail_id = box.put()
    assert levels(list(checks.clock_runs_on(settings))) == []
    box.change(mail_id, created=clock.now() + timedelta(hours=1))
    (found,) = checks.clock_runs_on(settings)
    assert (found.level, "the clock went back" in found.what) == ("warning", True)


def test_a_mail_server_that_answers_is_in_order_and_gets_no_mail(
    settings: Settings, app: Flask, server: Catcher, script: Script
) -> None:
    url = f"smtp+plain://127.0.0.1:{server.port}"
    with app.app_context():
        assert levels(list(checks.server(replace(settings, smtp_url=url)))) == ["ok"]
        assert list(checks.server(settings)) == []
    assert script.commands == []


@pytest.mark.parametrize(("password", "what"), [("right", "takes our password"), ("wrong", "auth (535)")])
def test_the_password_is_tried_and_nothing_is_sent(
    settings: Settings, app: Flask, script: Script, password: str, what: str
) -> None:
    options = {"authenticator": script.authenticate, "auth_require_tls": False}
    with Catcher(script, **options) as server, app.app_context():
        url = f"smtp+plain://site:{password}@127.0.0.1:{server.port}"
        (found,) = checks.server(replace(settings, smtp_url=url))
    assert what in found.what
    assert found.level == ("ok" if password == "right" else "error")
    assert (bool(script.passwords), script.commands) == (True, [])


def test_a_mail_server_out_of_reach_is_an_error_with_its_reason(settings: Settings, app: Flask) -> None:
    with app.app_context():
        (found,) = checks.server(replace(settings, smtp_url="smtp://127.0.0.1:9"))
    assert (found.level, found.what) == ("error", "the mail server cannot be used: connect")


def test_a_mail_server_without_starttls_is_an_error_with_its_reason(
    settings: Settings, app: Flask, server: Catcher
) -> None:
    with app.app_context():
        (found,) = checks.server(replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}"))
    assert (found.level, found.what) == ("error", "the mail server cannot be used: tls")


class Unfriendly:
    """A server that will not be greeted."""

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, _session: Session, _envelope: Envelope, _name: str, _answers: list[str]
    ) -> list[str]:
        return ["550 Not you"]

    async def handle_HELO(  # noqa: N802
        self, _server: SMTP, _session: Session, _envelope: Envelope, _name: str
    ) -> str:
        return "550 Not you"


def test_a_mail_server_that_refuses_the_greeting_is_an_error_with_its_reason(
    settings: Settings, app: Flask
) -> None:
    with app.app_context(), Catcher(Unfriendly()) as server:
        url = f"smtp+plain://127.0.0.1:{server.port}"
        (found,) = checks.server(replace(settings, smtp_url=url))
    assert (found.level, found.what.partition(" (")[0]) == (
        "error",
        "the mail server cannot be used: refused",
    )


class TestWithAServer:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {"SMTP_URL": "smtps://site:hunter2@localhost"}

    def test_the_server_is_named_without_its_password(self, settings: Settings) -> None:
        (found,) = checks.target(settings)
        assert (found.level, "localhost:465" in found.what) == ("ok", True)
        assert "hunter2" not in found.what


def test_a_bounce_address_without_a_maildir_is_a_warning(settings: Settings) -> None:
    sends = replace(settings, smtp_url="smtp://127.0.0.1:9")
    (found,) = checks.bounces(sends)
    assert (found.level, "bounces@localhost" in found.what) == ("warning", True)
    (settings.bounces / "new").mkdir(parents=True)
    assert list(checks.bounces(sends)) == []
    assert list(checks.bounces(settings)) == []

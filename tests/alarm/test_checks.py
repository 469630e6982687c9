from dataclasses import replace
from pathlib import Path

import pytest

from flexsmt_site.alarm import checks
from flexsmt_site.config import Settings
from flexsmt_site.health import Finding
from flexsmt_site.outbox.catcher import Catcher
from tests.alarm.conftest import OPERATOR
from tests.conftest import make_settings
from tests.ground.test_cli import flexsmt
from tests.outbox.servers import Script

SAME_WAY = "an alarm takes the same way as the mail that it warns of"


def _said(settings: Settings) -> list[Finding]:
    return [*checks.told(settings), *checks.way(settings)]


def test_an_alarm_that_nobody_gets_is_a_warning(tmp_path: Path) -> None:
    (found,) = _said(make_settings(tmp_path))
    assert (found.level, found.what) == ("warning", "nobody is told when mail fails")
    assert found.mend == "set FLEXSMT_ALERT_TO"


@pytest.mark.parametrize("alert", ["", "smtps://mail.example.com", "smtp://other:word@mail.example.com:2525"])
def test_an_alarm_that_goes_by_the_server_of_the_notices_is_a_warning(tmp_path: Path, alert: str) -> None:
    settings = make_settings(
        tmp_path, ALERT_TO=OPERATOR, ALERT_SMTP_URL=alert, SMTP_URL="smtp://mail.example.com"
    )
    (found,) = _said(settings)
    assert (found.level, found.what) == ("warning", SAME_WAY)
    assert "FLEXSMT_ALERT_SMTP_URL" in found.mend


@pytest.mark.usefixtures("lone_app")
def test_a_server_for_alarms_that_answers_is_in_order_and_gets_neither_mail_nor_password(
    tmp_path: Path,
) -> None:
    script = Script()
    with Catcher(script) as server:
        url = f"smtp+plain://site:hunter2@127.0.0.1:{server.port}"
        settings = make_settings(tmp_path, ALERT_TO=OPERATOR, ALERT_SMTP_URL=url)
        (found,) = _said(settings)
    assert (found.level, f"127.0.0.1:{server.port}" in found.what) == ("ok", True)
    assert (script.passwords, script.commands) == ([], [])


@pytest.mark.usefixtures("lone_app")
def test_a_server_for_alarms_that_can_not_be_used_is_an_error_with_its_reason(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, ALERT_TO=OPERATOR, ALERT_SMTP_URL="smtp+plain://u:hunter2@127.0.0.1:9")
    (found,) = _said(replace(settings, smtp_url="smtp://mail.example.com"))
    assert (found.level, found.what) == ("error", "the mail server for alarms cannot be used: connect")
    assert "FLEXSMT_ALERT_SMTP_URL" in found.mend


def test_doctor_asks_who_is_told(tmp_path: Path) -> None:
    assert (
        "nobody is told when mail fails\n         → set FLEXSMT_ALERT_TO"
        in flexsmt(tmp_path, "doctor").stdout
    )

import json
import logging
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from flexsmt_site.alarm import words
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.transport import Connection, Limits
from tests.alarm.conftest import OPERATOR, Bell
from tests.outbox.conftest import Box
from tests.outbox.servers import Script

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("box")


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("trouble", ["connect", "tls", "auth", "refused"])
def test_a_relay_that_can_not_send_is_told_of_with_what_to_do(bell: Bell, trouble: str) -> None:
    assert bell.look(trouble=trouble) == 1
    (mail,), (text,) = bell.mails, bell.texts
    assert (mail["To"], mail["From"]) == (OPERATOR, "Flex SMT <site@localhost>")
    assert mail["Subject"] == f"Mail is in trouble at 127.0.0.1:8000: {trouble}"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert bell.script.envelopes == [("bounces@localhost", [OPERATOR])]
    said = words.ADVICE[trouble]
    assert said.what in plain(text)
    assert said.mend in plain(text)
    assert "http://127.0.0.1:8000/" in text


@pytest.mark.parametrize("state", ["failed", "dead", "uncertain", "bounced"])
def test_a_mail_that_stopped_is_told_of_once_by_its_number(
    box: Box, bell: Bell, stop: Callable[..., int], state: str
) -> None:
    mail_id = stop(state=state, code=None)
    assert bell.look() == 1
    (text,) = bell.texts
    assert f"  {mail_id} letter {state} no answer\n" in text
    assert f"  {state}: 1\n" in text
    assert "queued" not in text
    assert box.row(mail_id).told == bell.start
    assert bell.look(2 * HOUR) == 1


def test_a_mail_that_waits_for_more_than_fifteen_minutes_is_told_of(box: Box, bell: Bell) -> None:
    mail_id = box.put()
    box.change(mail_id, created=bell.start)
    assert bell.look(15 * MINUTE) == 0
    assert bell.look(16 * MINUTE) == 1
    assert "The oldest has waited for 16 min." in bell.texts[0]
    assert "no answer" not in bell.texts[0]


def test_nothing_is_told_while_mail_goes(box: Box, bell: Bell) -> None:
    for key, state in enumerate(["queued", "sending", "accepted", "cancelled"]):
        box.change(box.put(subject_key=key), state=state)
    assert bell.look() == 0
    assert bell.script.commands == []


def test_trouble_that_lasts_is_told_of_every_hour(bell: Bell) -> None:
    looks = [timedelta(), MINUTE, 59 * MINUTE, 60 * MINUTE, 61 * MINUTE, 120 * MINUTE]
    assert [bell.look(after, "connect") for after in looks] == [1, 1, 1, 2, 2, 3]
    assert len({mail["Message-ID"] for mail in bell.mails}) == 3


def test_a_clock_that_goes_back_an_hour_silences_nothing_and_repeats_once(bell: Bell) -> None:
    looks = [timedelta(), -HOUR, -HOUR + MINUTE, timedelta()]
    assert [bell.look(after, "connect") for after in looks] == [1, 2, 2, 3]


def test_a_relay_whose_clock_is_a_little_behind_does_not_repeat_the_alarm(bell: Bell) -> None:
    assert [bell.look(after, "connect") for after in (timedelta(), timedelta(seconds=-30))] == [1, 1]


@pytest.mark.parametrize("fault", ["sender", "recipients", "data", "silence"])
def test_an_alarm_that_fails_is_tried_again_after_five_minutes_with_all_reasons(
    box: Box, bell: Bell, stop: Callable[..., int], caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.INFO, "flexsmt")
    mail_id = stop()
    faults = {
        "sender": Script(sender=["421 Too busy"]),
        "recipients": Script(recipients={OPERATOR: "550 No"}),
        "data": Script(data=["451 Later"]),
        "silence": Script(data=["drop"]),
    }
    vars(bell.script).update(vars(faults[fault]))
    assert bell.look(trouble="auth") == 0
    tries = bell.script.commands.count("MAIL")
    bell.script.recipients.clear()
    assert (bell.look(4 * MINUTE, "auth"), bell.script.commands.count("MAIL")) == (0, tries)
    assert box.row(mail_id).told is None
    assert bell.look(5 * MINUTE, "auth") == 1
    assert box.row(mail_id).told == bell.start + 5 * MINUTE
    assert [words.ADVICE[reason].what in bell.texts[0] for reason in ("auth", "stopped")] == [True, True]
    assert bell.look(64 * MINUTE, "auth") == 1
    failed, sent = [json.loads(record.message) for record in caplog.records]
    assert (failed["event"], failed["reason"]) == (
        "alarm.failed",
        "silence" if fault == "silence" else "refused",
    )
    assert (sent["event"], sent["reasons"]) == ("alarm.sent", ["auth", "stopped"])
    assert "@" not in caplog.text


def test_the_alarm_arrives_by_its_own_server_while_the_notices_server_refuses(
    box: Box, bell: Bell, server: Catcher, script: Script, relay_to: Callable[..., Relay]
) -> None:
    script.sender = ["421 Too busy"] * 2
    mail_id = box.put()
    relay = relay_to(server.target)
    assert not relay.drain()
    relay.do_chores()
    assert [mail["Subject"] for mail in bell.mails] == ["Mail is in trouble at 127.0.0.1:8000: refused"]
    assert box.row(mail_id).state is State.QUEUED
    assert script.got == []


def test_of_many_stopped_mails_twenty_are_listed_and_all_are_told_of_once(
    bell: Bell, stop: Callable[..., int]
) -> None:
    ids = [stop(key) for key in range(23)]
    assert [bell.look(after) for after in (timedelta(), HOUR, 2 * HOUR)] == [1, 1, 1]
    (text,) = bell.texts
    listed = [int(number) for number in re.findall(r"^  (\d+) letter failed 550$", text, re.MULTILINE)]
    assert listed == ids[:20]
    assert "and 3 more" in text


def test_nobody_is_named_but_the_operator(bell: Bell, stop: Callable[..., int]) -> None:
    stop()
    assert bell.look(trouble="connect") == 1
    (mail,) = bell.mails
    named = re.findall(r"[\w.+-]+@[\w.-]+", "\n".join(f"{name}: {value}" for name, value in mail.items()))
    message_id = mail["Message-ID"].strip("<>")
    assert sorted(named) == sorted(["site@localhost", OPERATOR, message_id])
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    bodies = [str(part.get_content()) for part in parts if part]
    assert len(bodies) == 2
    assert not [body for body in bodies if "@" in body or "someone" in body]


class TestWithoutAServerOfItsOwn:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {"ALERT_TO": OPERATOR}

    def test_an_alarm_takes_the_way_of_the_notices(self, bell: Bell, server: Catcher, script: Script) -> None:
        assert (
            bell.look(trouble="auth", connect=lambda: Connection(server.target, "localhost", Limits())) == 0
        )
        assert script.envelopes == [("bounces@localhost", [OPERATOR])]


class TestWithAServerOutOfReach:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {"ALERT_TO": OPERATOR, "ALERT_SMTP_URL": "smtp+plain://127.0.0.1:9"}

    def test_the_failure_is_logged_with_its_reason(
        self, bell: Bell, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "flexsmt")
        assert bell.look(trouble="auth") == 0
        (line,) = [json.loads(record.message) for record in caplog.records]
        assert (line["event"], line["reason"]) == ("alarm.failed", "connect")


class TestWithoutAnOperator:
    @pytest.fixture
    def variables(self, bell: Bell) -> dict[str, str]:
        return {"ALERT_SMTP_URL": bell.url}

    def test_nothing_is_sent_and_nothing_counts_as_told(
        self, box: Box, bell: Bell, stop: Callable[..., int]
    ) -> None:
        mail_id = stop()
        assert bell.look(trouble="connect") == 0
        assert bell.script.commands == []
        assert box.row(mail_id).told is None

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock, create_app
from flexsmt_site.config import settings
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.outbox.bounces import AT_ONCE, LONGEST_READ
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from tests.conftest import make_settings
from tests.outbox.conftest import PACE, Box
from tests.outbox.reports import Maildir, report
from tests.outbox.servers import Script

Said = Callable[[], list[dict[str, object]]]


@pytest.fixture
def maildir(box: Box) -> Maildir:
    assert box.folder / "bounces" == settings().bounces
    return Maildir(settings().bounces)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Said:
    """What was said about bounces, without the time."""
    caplog.set_level(logging.INFO, "flexsmt")

    def lines() -> list[dict[str, object]]:
        told = [json.loads(record.message) for record in caplog.records if record.name == "flexsmt"]
        return [{name: fact for name, fact in line.items() if name != "at"} for line in told]

    return lines


def sent(box: Box, state: State = State.ACCEPTED, recipient: str = "sales@example.com", key: int = 1) -> int:
    mail_id = box.put(recipient, subject_key=key)
    box.change(mail_id, state=state)
    return mail_id


def report_on(box: Box, mail_id: int, **parts: str) -> bytes:
    row = box.row(mail_id)
    return report(**{"message_id": row.message_id, "final": row.recipient, **parts})


@pytest.mark.parametrize("state", [State.ACCEPTED, State.UNCERTAIN])
def test_a_mail_that_came_back_is_bounced_with_code_and_text(
    box: Box, maildir: Maildir, said: Said, state: State
) -> None:
    mail_id = sent(box, state)
    box.change(mail_id, told=clock.now())
    name = maildir.deliver(report_on(box, mail_id))
    assert maildir.look() == {"recorded": 1}
    row = box.row(mail_id)
    assert (row.state, row.last_code) == (State.BOUNCED, 550)
    assert row.last_text == "5.1.1 <sales@example.com>: No such user"
    assert (row.raw, row.told) == (None, None)
    assert (maildir.new(), maildir.cur()) == ([], [f"{name}:2,S"])
    assert said() == [{"event": "bounce.recorded", "mail": mail_id, "code": 550}]


def test_a_second_report_changes_nothing(box: Box, maildir: Maildir, said: Said) -> None:
    mail_id = sent(box)
    maildir.deliver(report_on(box, mail_id))
    maildir.deliver(report_on(box, mail_id, diagnostic="smtp; 554 Something else", status="5.7.1"))
    assert maildir.look() == {"recorded": 1, "noted": 1}
    assert box.row(mail_id).last_code == 550
    assert said()[1] == {
        "event": "bounce.noted",
        "mail": mail_id,
        "action": "failed",
        "state": "bounced",
        "until": "2026-11-27T19:48:40+00:00",
    }
    assert len(maildir.cur()) == 2


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
@pytest.mark.parametrize("state", [State.ACCEPTED, State.SENDING])
def test_what_is_no_failure_is_only_noted(box: Box, maildir: Maildir, state: State, action: str) -> None:
    mail_id = sent(box, state)
    name = maildir.deliver(report_on(box, mail_id, action=action))
    assert maildir.look() == {"noted": 1}
    assert (box.row(mail_id).state, maildir.cur()) == (state, [f"{name}:2,S"])


@pytest.mark.parametrize("state", [State.QUEUED, State.FAILED, State.DEAD, State.CANCELLED])
def test_a_mail_that_the_server_does_not_have_cannot_bounce(box: Box, maildir: Maildir, state: State) -> None:
    mail_id = sent(box, state)
    maildir.deliver(report_on(box, mail_id))
    assert maildir.look() == {"noted": 1}
    assert box.row(mail_id).state is state
    assert box.row(mail_id).raw is not None


def test_a_report_that_overtakes_its_relay_is_looked_at_again(
    app: Flask, box: Box, maildir: Maildir, relay: Relay, script: Script
) -> None:
    mail_id = box.put()
    seen: list[dict[str, int]] = []

    def come_back_at_once() -> None:
        with app.app_context():
            maildir.deliver(report_on(box, mail_id))
            seen.append(maildir.look())

    script.on_data = come_back_at_once
    assert relay.drain()
    assert (seen, len(maildir.new()), maildir.cur()) == ([{"left": 1}], 1, [])
    assert box.row(mail_id).state is State.ACCEPTED
    assert maildir.look() == {"recorded": 1}
    assert box.row(mail_id).state is State.BOUNCED


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"final": "other@example.com"}, "no such recipient"),
        ({"message_id": "<other@example.com>"}, "no such mail"),
        ({"message_id": ""}, "no such mail"),
        ({"action": "vanished"}, "no such recipient"),
    ],
)
def test_a_report_about_nothing_of_ours_is_kept_unseen(
    box: Box,
    maildir: Maildir,
    said: Said,
    parts: dict[str, str],
    reason: str,
) -> None:
    mail_id = sent(box)
    raw = report_on(box, mail_id, **parts)
    name = maildir.deliver(raw)
    assert maildir.look() == {"unknown": 1}
    assert box.row(mail_id).state is State.ACCEPTED
    assert said() == [{"event": "bounce.unknown", "file": name, "reason": reason}]
    assert (maildir.folder / "cur" / f"{name}:2,").read_bytes() == raw
    assert maildir.look() == {}


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff" * 1000, b"Subject: I am away\n\nBack on Monday.\n", b"From: a\n" * 10**6]
)
@pytest.mark.usefixtures("box")
def test_what_is_no_report_is_kept_unseen(maildir: Maildir, raw: bytes) -> None:
    name = maildir.deliver(raw)
    assert maildir.look() == {"unknown": 1}
    assert (maildir.folder / "cur" / f"{name}:2,").read_bytes() == raw


def test_of_ten_megabytes_only_the_beginning_is_read(box: Box, maildir: Maildir) -> None:
    mail_id, other = sent(box), sent(box, key=2)
    maildir.deliver(report_on(box, mail_id) + b"x" * 10**7)
    maildir.deliver(b"X: " + b"x" * LONGEST_READ + b"\n" + report_on(box, other))
    assert maildir.look() == {"recorded": 1, "unknown": 1}
    assert [box.row(number).state for number in (mail_id, other)] == [State.BOUNCED, State.ACCEPTED]


def test_an_alias_fails_when_one_behind_it_fails(box: Box, maildir: Maildir) -> None:
    mail_id = sent(box)
    group = b"Original-Recipient: rfc822; Sales@Example.com\nAction: delivered\nStatus: 2.0.0\n\n"
    raw = report_on(box, mail_id, original="sales@example.com", final="box7@mail.example.com")
    maildir.deliver(raw.replace(b"Final-Recipient", group + b"Final-Recipient"))
    assert maildir.look() == {"recorded": 1}
    assert box.row(mail_id).last_code == 550


def test_a_long_answer_fits_into_its_column(box: Box, maildir: Maildir) -> None:
    mail_id = sent(box)
    maildir.deliver(report_on(box, mail_id, diagnostic="smtp; 550 5.1.1 " + "\x00no " * 1000))
    assert maildir.look() == {"recorded": 1}
    text = box.row(mail_id).last_text or ""
    assert (len(text), text[:12]) == (500, "5.1.1  no  n")


@pytest.fixture
def busy(relay_to: Callable[..., Relay], server: Catcher) -> Relay:
    """A relay for which it is always time for its chores."""
    return relay_to(server.target, replace(PACE, chores=timedelta(0)))


def test_a_relay_looks_by_itself_and_takes_only_so_many_at_once(maildir: Maildir, busy: Relay) -> None:
    for _ in range(AT_ONCE + 1):
        maildir.deliver(b"Subject: I am away\n\n")
    busy.do_chores()
    assert (len(maildir.cur()), len(maildir.new())) == (AT_ONCE, 1)
    busy.do_chores()
    assert (len(maildir.cur()), len(maildir.new())) == (AT_ONCE + 1, 0)


def test_files_that_stay_are_among_so_many_and_keep_nobody_from_those_behind_them(
    box: Box, maildir: Maildir, busy: Relay
) -> None:
    waiting = report_on(box, sent(box, State.SENDING))
    for _ in range(AT_ONCE):
        maildir.deliver(waiting)
    last = maildir.deliver(report_on(box, sent(box, key=2)))
    busy.do_chores()
    assert (maildir.cur(), len(maildir.new())) == ([], AT_ONCE + 1)
    busy.do_chores()
    assert (maildir.cur(), len(maildir.new())) == ([f"{last}:2,S"], AT_ONCE)


def test_a_database_that_is_gone_is_named_and_loses_nothing(tmp_path: Path, maildir: Maildir) -> None:
    name = maildir.deliver(report())
    gone = create_app(make_settings(tmp_path, DATABASE_URL="sqlite:////nowhere/site.db"))
    with gone.app_context(), pytest.raises(DatabaseUnavailable):
        maildir.look()
    assert (maildir.new(), maildir.cur()) == ([name], [])


def command(app: Flask, *arguments: str) -> tuple[int, list[list[str]]]:
    result = app.test_cli_runner().invoke(args=["mail", *arguments])
    return result.exit_code, [line.split() for line in (result.stdout or result.output).splitlines()]


def test_the_command_counts_what_it_found_and_status_lists_what_came_back(
    app: Flask, box: Box, maildir: Maildir
) -> None:
    mail_id = sent(box)
    maildir.deliver(report_on(box, mail_id))
    counts = [["recorded", "1"], ["noted", "0"], ["unknown", "0"], ["left", "0"]]
    assert command(app, "bounces") == (0, counts)
    assert ["stopped", str(mail_id), "letter", "bounced", "550"] in command(app, "status")[1]
    assert command(app, "resend", str(mail_id))[0] == 1
    assert box.row(mail_id).state is State.BOUNCED


def test_the_command_says_in_one_line_that_the_folder_is_no_maildir(app: Flask, maildir: Maildir) -> None:
    (maildir.folder / "cur").rmdir()
    result = app.test_cli_runner().invoke(args=["mail", "bounces"])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "FLEXSMT_BOUNCES can not be used" in result.output

import json
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from threading import Thread

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.outbox import lease
from flexsmt_site.outbox.catcher import Catcher, Keeper
from flexsmt_site.outbox.caught import list_caught
from flexsmt_site.outbox.relay import Pace, Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.transport import Connection, Limits
from tests.outbox.conftest import PACE, Box
from tests.outbox.servers import Script


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_mail_reaches_the_catcher_as_it_was_frozen(box: Box, relay_to: Callable[..., Relay]) -> None:
    mail_id = box.put()
    frozen = box.row(mail_id).raw
    with Catcher(Keeper(box.folder / "mail")) as catcher:
        assert relay_to(catcher.target).drain()
    (caught,) = list_caught(box.folder / "mail")
    assert caught.raw == frozen
    assert box.row(mail_id).state is State.ACCEPTED


def test_many_mails_share_a_connection(box: Box, relay: Relay, script: Script) -> None:
    for key in range(25):
        box.put(subject_key=key)
    assert relay.drain()
    assert len(script.got) == 25
    assert len(script.peers) == 1


def test_a_connection_is_renewed_after_its_share_of_mails(
    box: Box, server: Catcher, script: Script, relay_to: Callable[..., Relay]
) -> None:
    for key in range(5):
        box.put(subject_key=key)
    assert relay_to(server.target, Pace(connection_mails=2)).drain()
    assert (len(script.got), len(script.peers)) == (5, 3)


def test_a_connection_is_renewed_after_its_time(
    box: Box, server: Catcher, script: Script, relay_to: Callable[..., Relay]
) -> None:
    for key in range(3):
        box.put(subject_key=key)
    assert relay_to(server.target, Pace(connection_life=timedelta())).drain()
    assert (len(script.got), len(script.peers)) == (3, 3)


def test_one_refused_recipient_does_not_stop_the_other(box: Box, relay: Relay, script: Script) -> None:
    script.recipients = {"gone@example.com": "550 5.1.1 No such user"}
    gone, here = box.put("gone@example.com"), box.put("here@example.com")
    assert relay.drain()
    row = box.row(gone)
    assert (row.state, row.last_code, row.last_text) == (State.FAILED, 550, "5.1.1 No such user")
    assert box.row(here).state is State.ACCEPTED
    assert "RSET" in script.commands
    assert len(script.peers) == 1


@pytest.mark.parametrize("answer", ["451 4.3.0 Later", "drop"])
def test_a_mail_refused_for_now_waits_a_minute_and_the_queue_moves_on(
    box: Box, relay: Relay, script: Script, answer: str
) -> None:
    script.data = [answer]
    first, second = box.put("a@example.com"), box.put("b@example.com")
    before = clock.now()
    assert relay.drain()
    row = box.row(first)
    assert (row.state, row.attempts, row.phase, row.lease_owner) == (State.QUEUED, 1, None, None)
    assert timedelta(seconds=47) < row.not_before - before < timedelta(seconds=90)
    assert box.row(second).state is State.ACCEPTED


def test_a_mail_that_was_sent_again_keeps_its_message_id(box: Box, relay: Relay, script: Script) -> None:
    script.data = ["451 Later"]
    mail_id = box.put()
    assert relay.drain()
    box.change(mail_id, not_before=clock.now())
    assert relay.drain()
    assert [message_from_bytes(raw)["Message-ID"] for raw in script.got] == [box.row(mail_id).message_id]


def test_a_circular_lost_in_data_is_uncertain(box: Box, relay: Relay, script: Script) -> None:
    script.data = ["drop"]
    mail_id = box.put(kind="circular")
    assert relay.drain()
    row = box.row(mail_id)
    assert (row.state, row.last_code) == (State.UNCERTAIN, None)
    assert script.got == []


def test_silence_in_data_ends_and_the_mail_waits(
    box: Box, server: Catcher, script: Script, relay_to: Callable[..., Relay]
) -> None:
    script.data = ["silence"]
    mail_id = box.put()
    assert relay_to(server.target, limits=Limits(5, 3)).drain()
    assert box.row(mail_id).state is State.QUEUED


def test_a_mail_whose_lease_went_is_left_to_its_next_relay(
    box: Box, relay: Relay, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, kept = box.put("a@example.com"), box.put("b@example.com")
    take = lease.claim

    def claim_and_lose(owner: str, now: datetime, limit: int) -> list[lease.Claimed]:
        mails = take(owner, now, limit)
        box.change(lost, lease_owner="other")
        return mails

    monkeypatch.setattr(lease, "claim", claim_and_lose)
    assert relay.drain()
    assert box.row(lost).lease_owner == "other"
    assert box.row(kept).state is State.ACCEPTED
    assert script.envelopes == [("bounces@localhost", ["b@example.com"])]


def test_leases_are_renewed_when_they_have_aged_and_not_with_each_mail(
    box: Box, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in range(3):
        box.put(subject_key=key)
    renew, renewed = lease.renew, list[str]()

    def count(owner: str, now: datetime) -> None:
        renewed.append(owner)
        renew(owner, now)

    monkeypatch.setattr(lease, "renew", count)
    monkeypatch.setattr(lease, "FRESH", timedelta(hours=1))
    assert relay.drain()
    seldom = len(renewed)
    for key in range(3):
        box.put("others@example.com", subject_key=key)
    monkeypatch.setattr(lease, "FRESH", timedelta())
    assert relay.drain()

    assert (seldom, renewed) == (0, [relay.owner] * 3)


def test_a_relay_that_is_told_to_stop_finishes_one_mail_and_gives_back_the_rest(
    box: Box, app: Flask, script: Script, server: Catcher
) -> None:
    ids = [box.put(subject_key=key) for key in range(5)]
    relay = Relay(lambda: Connection(server.target, "localhost", Limits()), box.folder, PACE)
    script.on_data = relay.stopping.set
    with app.app_context():
        relay.run()
    states = [box.row(mail_id).state for mail_id in ids]
    assert states == [State.ACCEPTED, *[State.QUEUED] * 4]
    assert [box.row(mail_id).lease_owner for mail_id in ids] == [None] * 5


def test_a_running_relay_finds_mails_by_itself_and_outlives_an_error(
    box: Box, app: Flask, server: Catcher, script: Script
) -> None:
    errors = [RuntimeError("once")]

    def connect() -> Connection:
        if errors:
            raise errors.pop()
        return Connection(server.target, "localhost", Limits())

    relay = Relay(connect, box.folder, PACE)
    first_owner = relay.owner

    def run() -> None:
        with app.app_context():
            relay.run()

    thread = Thread(target=run)
    thread.start()
    box.put("first@example.com")
    _until(lambda: relay.owner != first_owner)
    mail_id = box.put()
    _until(lambda: len(script.got) == 2)
    relay.stopping.set()
    thread.join()
    assert relay.owner != first_owner
    assert box.row(mail_id).state is State.ACCEPTED


def test_log_lines_are_json_without_addresses(
    box: Box, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flexsmt")
    mail_id = box.put("someone@example.com")
    assert relay.drain()
    (line,) = [json.loads(record.message) for record in caplog.records]
    assert (line["event"], line["mail"], line["state"], line["code"]) == (
        "mail.settled",
        mail_id,
        "accepted",
        250,
    )
    assert "example.com" not in caplog.text

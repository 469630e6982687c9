import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from flexsmt_site import clock
from flexsmt_site.outbox import heartbeat
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.transport import Connection, Limits
from tests.outbox.conftest import PACE, Box


def test_a_relay_beats_and_silence_is_trouble(box: Box, relay: Relay) -> None:
    assert heartbeat.find_beat(box.folder) is None
    assert relay.drain()
    beat = heartbeat.find_beat(box.folder)
    assert beat is not None
    assert not beat.is_degraded(clock.now())
    assert beat.is_degraded(clock.now() + timedelta(minutes=10))


def test_a_relay_that_can_not_beat_sends_and_says_so_once(
    box: Box, server: Catcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flexsmt")
    relay = Relay(lambda: Connection(server.target, "localhost", Limits()), box.folder / "gone", PACE)
    ids = [box.put(subject_key=key) for key in range(2)]
    assert relay.drain()
    assert {box.row(mail_id).state for mail_id in ids} == {State.ACCEPTED}
    events = [json.loads(record.message)["event"] for record in caplog.records]
    assert events.count("relay.no_heartbeat") == 1

    (box.folder / "gone").mkdir()
    assert relay.drain()
    assert heartbeat.find_beat(box.folder / "gone") is not None


def test_a_heart_beats_once_a_second_and_at_once_when_the_trouble_changes(tmp_path: Path) -> None:
    heart = heartbeat.Heart(tmp_path)
    heart.beat("")
    first = heartbeat.find_beat(tmp_path)
    heart.beat("")
    second = heartbeat.find_beat(tmp_path)
    heart.beat("connect")
    third = heartbeat.find_beat(tmp_path)

    assert first == second
    assert third is not None
    assert third.trouble == "connect"


def test_a_heart_beats_again_after_its_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heart, began = heartbeat.Heart(tmp_path), clock.elapsed()
    heart.beat("")
    first = heartbeat.find_beat(tmp_path)

    monkeypatch.setattr(clock, "elapsed", lambda: began + 2)
    heart.beat("")

    assert heartbeat.find_beat(tmp_path) != first


def test_a_sign_that_a_power_cut_left_empty_is_none(tmp_path: Path) -> None:
    heartbeat.beat(tmp_path, clock.now())
    (path,) = tmp_path.iterdir()
    path.write_text("")
    assert heartbeat.find_beat(tmp_path) is None

"""A clock that is set, by an hour either way, while mails are on their way."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from threading import Thread

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.outbox import service
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from tests.outbox.conftest import Box
from tests.outbox.servers import Script

MAILS = 12


class Clock:
    """The machine's clock, as somebody sets it."""

    def __init__(self, hours: int) -> None:
        self.true = clock.now
        self.off = timedelta()
        self.hours = hours

    def __call__(self) -> datetime:
        return self.true() + self.off

    def jumps(self) -> None:
        self.off = timedelta(hours=self.hours)


@pytest.fixture(params=[1, -1], ids=["on", "back"])
def wall(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(request.param)
    monkeypatch.setattr(clock, "now", made)
    return made


@pytest.fixture
def two_relays(relay_to: Callable[..., Relay], server: Catcher) -> tuple[Relay, Relay]:
    return relay_to(server.target), relay_to(server.target)


def arrived(script: Script) -> Counter[str]:
    return Counter(str(message_from_bytes(raw)["Message-ID"]) for raw in script.got)


def put_mails(box: Box) -> Counter[str]:
    """Put mails; return each one's Message-ID, once."""
    return Counter(box.row(box.put(subject_key=key)).message_id for key in range(MAILS))


def test_mails_that_wait_while_the_clock_jumps_arrive_once(
    box: Box, relay: Relay, script: Script, wall: Clock
) -> None:
    names = put_mails(box)
    wall.jumps()
    assert relay.drain()
    assert arrived(script) == names


def test_a_clock_that_jumps_in_the_midst_of_data_sends_nothing_twice(
    app: Flask, box: Box, script: Script, wall: Clock, two_relays: tuple[Relay, Relay]
) -> None:
    names = put_mails(box)

    def other_relay_works() -> None:
        with app.app_context():
            assert two_relays[1].drain()

    other = Thread(target=other_relay_works)

    def jumps() -> None:
        script.on_data = list
        wall.jumps()
        other.start()

    script.on_data = jumps
    assert two_relays[0].drain()
    other.join()

    assert arrived(script) == names
    assert service.status(clock.now()).counts[State.ACCEPTED] == MAILS


def test_an_open_breaker_closes_in_its_time_whatever_the_clock_says(
    box: Box, relay: Relay, script: Script, wall: Clock
) -> None:
    script.sender = ["421 Too busy"]
    mail_id = box.put()
    assert not relay.drain()
    pause = relay.open_until - clock.elapsed()

    wall.jumps()

    # Five minutes are the pace of the tests; the wait counts on the clock that nobody sets.
    assert 0 < pause <= 300
    assert relay.open_until - clock.elapsed() <= pause
    assert not relay.round()
    relay.open_until = clock.elapsed()
    box.change(mail_id, not_before=clock.now())
    assert relay.drain()
    assert len(script.got) == 1

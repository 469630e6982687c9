import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from flexsmt_site.outbox import chores
from flexsmt_site.outbox.chores import Round
from flexsmt_site.outbox.relay import Pace, Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.smtp_url import Security, SmtpTarget
from tests.outbox.conftest import Box
from tests.outbox.servers import Script

NOWHERE = SmtpTarget(Security.PLAIN, "127.0.0.1", 9)
QUICK = timedelta(milliseconds=10)


@pytest.fixture
def done() -> Iterator[list[Round]]:
    kept = dict(chores._chores)  # noqa: SLF001
    chores._chores.clear()  # noqa: SLF001
    rounds: list[Round] = []
    chores.declare("count", rounds.append)
    yield rounds
    chores._chores.clear()  # noqa: SLF001
    chores._chores.update(kept)  # noqa: SLF001


def stops_after(relay: Relay, rounds: list[Round], number: int) -> None:
    """Let the relay stop itself once its chores have been run that often."""

    def count(_round: Round) -> None:
        if len(rounds) >= number:
            relay.stopping.set()

    chores.declare("stop", count)
    relay.run()


def test_a_relay_runs_its_chores_again_and_again(done: list[Round], relay_to: Callable[..., Relay]) -> None:
    relay = relay_to(NOWHERE, Pace(poll=QUICK, chores=QUICK))
    stops_after(relay, done, 3)
    assert [found.trouble for found in done] == ["", "", ""]


def test_chores_hear_at_once_of_a_server_that_is_gone(
    box: Box, done: list[Round], relay_to: Callable[..., Relay]
) -> None:
    relay = relay_to(NOWHERE, Pace(poll=QUICK, chores=timedelta(hours=1)))
    box.put()
    stops_after(relay, done, 1)
    assert [found.trouble for found in done] == ["connect"]


def test_a_chore_that_fails_keeps_no_other_from_its_work(
    done: list[Round], relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_round: Round) -> None:
        raise RuntimeError("someone@example.com")

    caplog.set_level(logging.INFO, "flexsmt")
    chores._chores.clear()  # noqa: SLF001
    chores.declare("bad", fails)
    chores.declare("count", done.append)
    relay.do_chores()
    assert len(done) == 1
    (line,) = [json.loads(record.message) for record in caplog.records]
    assert (line["event"], line["chore"], line["error"]) == ("chore.failed", "bad", "RuntimeError")
    assert "example.com" not in caplog.text


def test_chores_come_to_their_turn_while_there_is_always_more_to_send(
    box: Box, done: list[Round], relay: Relay, script: Script
) -> None:
    ids = [box.put(subject_key=key) for key in range(3)]
    relay.pace = Pace(poll=QUICK, chores=timedelta(), batch=1)
    seen: list[int] = []
    chores.declare("see", lambda _round: seen.append(len(script.got)))
    stops_after(relay, done, 4)
    # Before the queue was empty, too.
    assert seen[:3] == [1, 2, 3]
    assert [box.row(mail_id).state for mail_id in ids] == [State.ACCEPTED] * 3


def test_a_slow_server_does_not_keep_chores_waiting_for_the_whole_batch(
    box: Box, relay: Relay, script: Script
) -> None:
    ids = [box.put(subject_key=key) for key in range(3)]
    relay.pace = Pace(chores=timedelta(microseconds=1))
    assert relay.round()
    assert len(script.got) == 1
    assert [box.row(mail_id).state for mail_id in ids] == [State.ACCEPTED, State.QUEUED, State.QUEUED]
    assert relay.drain()
    assert len(script.got) == 3

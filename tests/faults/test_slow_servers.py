from collections.abc import Callable

import pytest

from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.transport import Limits
from tests.faults.faulty import Act, Faulty, message_ids
from tests.faults.misdeeds import drips, falls_silent, floods, says, stops_reading
from tests.outbox.conftest import Box

#: Short, because each of these servers makes the client wait to the end of its patience.
BRIEF = Limits(connect_seconds=1.5, data_seconds=1.5)

TARPITS = [
    pytest.param(drips(b"2"), id="a byte at a time"),
    pytest.param(falls_silent, id="silence", marks=pytest.mark.proof),
    pytest.param(drips(b"250-more\r\n"), id="a line at a time", marks=pytest.mark.proof),
]
FLOODS = [
    pytest.param(floods(b"250-more\r\n"), id="lines"),
    pytest.param(floods(b"2"), id="one line", marks=pytest.mark.proof),
    pytest.param(floods(b"250 \0\0\0"), id="NUL", marks=pytest.mark.proof),
]


@pytest.mark.parametrize("act", [*TARPITS, *FLOODS])
def test_a_step_that_has_no_end_is_left_and_the_next_mail_goes_out(
    box: Box, relay_to: Callable[..., Relay], act: Act
) -> None:
    ids = [box.put(subject_key=key, kind="circular") for key in range(5)]
    steps = "MAIL", "RCPT", "DATA", "TEXT"
    with Faulty() as server:
        for step in steps:
            server.at(step, [act])
        relay = relay_to(server.target(), limits=BRIEF)
        assert relay.drain()
    rows = [box.row(mail_id) for mail_id in ids]
    waiting = [State.QUEUED] * 3
    assert [row.state for row in rows] == [*waiting, State.UNCERTAIN, State.ACCEPTED]
    assert [(row.attempts, row.phase, row.lease_owner) for row in rows] == [(1, None, None)] * 5
    assert message_ids(server.texts) == [row.message_id for row in rows[3:]]
    assert (server.connections, server.outlasted, relay.trouble) == (5, False, "")


@pytest.mark.parametrize("act", [*TARPITS, *FLOODS])
@pytest.mark.parametrize(("step", "reason"), [("GREETING", "connect"), ("EHLO", "refused")])
def test_a_server_that_never_comes_to_the_point_is_left_and_costs_no_mail_an_attempt(
    box: Box, relay_to: Callable[..., Relay], step: str, reason: str, act: Act
) -> None:
    mail_id = box.put()
    with Faulty().at(step, [act]) as server:
        relay = relay_to(server.target(), limits=BRIEF)
        assert not relay.drain()
    row = box.row(mail_id)
    assert (row.state, row.attempts, row.last_code) == (State.QUEUED, 0, None)
    assert (server.connections, server.outlasted, relay.trouble) == (1, False, reason)


@pytest.mark.parametrize("act", [*TARPITS, *FLOODS])
def test_a_goodbye_or_a_reset_without_end_holds_up_nothing(
    box: Box, relay_to: Callable[..., Relay], act: Act
) -> None:
    gone, here = box.put("gone@example.com"), box.put("here@example.com")
    with Faulty().at("RCPT", [says(b"550 5.1.1 No such user\r\n")]) as server:
        server.at("RSET", [act]).at("QUIT", [act])
        relay = relay_to(server.target(), limits=BRIEF)
        assert relay.drain()
    assert [box.row(mail_id).state for mail_id in (gone, here)] == [State.FAILED, State.ACCEPTED]
    assert (server.connections, server.outlasted, relay.trouble) == (2, False, "")
    assert server.count("QUIT") == 1


@pytest.mark.proof
def test_a_server_that_stops_reading_is_left(box: Box, relay_to: Callable[..., Relay]) -> None:
    stuck, good = box.put("a@example.com", "circular"), box.put("b@example.com", "circular")
    # More than the buffers of a loopback connection hold.
    box.change(stuck, raw=b"Subject: big\r\n\r\n" + b"a" * 78 * 200_000)
    with Faulty().at("DATA", [stops_reading]) as server:
        assert relay_to(server.target(), limits=BRIEF).drain()
    assert [box.row(mail_id).state for mail_id in (stuck, good)] == [State.UNCERTAIN, State.ACCEPTED]
    assert not server.outlasted

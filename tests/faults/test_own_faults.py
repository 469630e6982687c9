import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from flexsmt_site import clock
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.smtp_url import Security, SmtpTarget
from tests.faults.faulty import Act, Faulty
from tests.faults.misdeeds import drops, says
from tests.outbox.conftest import Box


@dataclass(frozen=True)
class Fault:
    """What every mail would meet, and by which reason and code the operator learns of it."""

    step: str
    act: Act
    reason: str
    code: int | None = None
    further: dict[str, Act] = field(default_factory=dict)


def refused(step: str, code: int, text: bytes, reason: str = "refused") -> Fault:
    return Fault(step, says(b"%d %s\r\n" % (code, text)), reason, code)


COMMON = {
    "421 greeting": Fault("GREETING", drops(b"421 4.3.2 Busy\r\n"), "connect", 421),
    "HTTP greeting": Fault("GREETING", says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "connect"),
    "421 to MAIL": refused("MAIL", 421, b"4.3.2 Closing"),
    "530 to MAIL": refused("MAIL", 530, b"5.7.0 Authentication required"),
    "421 to RCPT": refused("RCPT", 421, b"4.3.2 Closing"),
    "421 to DATA": refused("DATA", 421, b"4.3.2 Closing"),
    "554 no relaying": refused("RCPT", 554, b"5.7.1 <sales@example.com>: Relay access denied"),
    "454 no relaying": refused("RCPT", 454, b"4.7.1 <sales@example.com>: Relay access denied"),
}
FURTHER = {
    "554 greeting": Fault("GREETING", says(b"554 5.3.2 No service\r\n"), "connect", 554),
    "binary greeting": Fault("GREETING", says(bytes(range(256)) + b"\r\n"), "connect"),
    "999 greeting": Fault("GREETING", says(b"999 hello\r\n"), "connect"),
    "NUL greeting": Fault("GREETING", says(b"\0" * 99 + b"\r\n"), "connect"),
    "no greeting but the end": Fault("GREETING", drops(), "connect"),
    "half a greeting": Fault("GREETING", drops(b"220 rea"), "connect"),
    "a drop at EHLO": Fault("EHLO", drops(), "refused"),
    "HTTP at EHLO": Fault("EHLO", says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "refused"),
    "no greeting by name": Fault(
        "EHLO", says(b"550 no\r\n"), "refused", 550, {"HELO": says(b"550 5.7.1 Not you\r\n")}
    ),
    "550 sender": refused("MAIL", 550, b"5.7.1 Sender rejected"),
    "553 sender": refused("MAIL", 553, b"5.7.1 Not your address"),
    "535 to RCPT": refused("RCPT", 535, b"5.7.8 Who are you"),
    "550 no relaying": refused("RCPT", 550, b"5.7.1 Relaying denied"),
    "550 unable to relay": refused("RCPT", 550, b"5.7.1 Unable to relay"),
    "530 to DATA": refused("DATA", 530, b"5.7.0 Must issue a STARTTLS command first"),
    "421 to the text": refused("TEXT", 421, b"4.3.2 Closing"),
}
CASES = [
    *(pytest.param(fault, id=name) for name, fault in COMMON.items()),
    *(pytest.param(fault, id=name, marks=pytest.mark.proof) for name, fault in FURTHER.items()),
]


def assert_waiting(box: Box, first: int, second: int, code: int | None) -> None:
    """Both mails wait and have lost no attempt; only the first one waits for the end of the pause."""
    for mail_id in (first, second):
        row = box.row(mail_id)
        assert (row.state, row.attempts, row.phase, row.lease_owner) == (State.QUEUED, 0, None, None)
    assert box.row(first).last_code == code
    assert box.row(first).not_before > clock.now() + timedelta(minutes=4)
    assert (box.row(second).not_before < clock.now(), box.row(second).last_text) == (True, None)


@pytest.mark.parametrize("fault", CASES)
def test_a_fault_of_our_own_stops_the_queue_until_the_server_is_well_and_costs_nothing(
    box: Box, relay_to: Callable[..., Relay], fault: Fault
) -> None:
    first, second = box.put("a@example.com", "circular"), box.put("b@example.com", "circular")
    with Faulty().at(fault.step, [fault.act]) as server:
        for step, act in fault.further.items():
            server.at(step, [act])
        relay = relay_to(server.target())
        assert [relay.drain(), relay.drain()] == [False, False]
        assert (server.connections, relay.trouble) == (1, fault.reason)
        assert_waiting(box, first, second, fault.code)
        box.change(first, not_before=clock.now())
        assert relay_to(server.target()).drain()
    assert server.connections == 2
    assert [box.row(mail_id).state for mail_id in (first, second)] == [State.ACCEPTED] * 2
    assert [(box.row(mail_id).attempts, box.row(mail_id).last_code) for mail_id in (first, second)] == [
        (1, 250),
        (1, 250),
    ]


def test_a_port_where_nobody_listens_stops_the_queue(box: Box, relay_to: Callable[..., Relay]) -> None:
    first, second = box.put("a@example.com"), box.put("b@example.com")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nowhere = SmtpTarget(Security.PLAIN, *listener.getsockname())
    relay = relay_to(nowhere)
    assert not relay.drain()
    assert relay.trouble == "connect"
    assert_waiting(box, first, second, None)


@pytest.mark.parametrize("last_words", [b"", b"421 4.3.2 Closing\r\n"])
def test_a_server_that_goes_away_between_two_mails_costs_the_second_nothing(
    box: Box, relay_to: Callable[..., Relay], last_words: bytes
) -> None:
    first, second, third = (box.put(subject_key=key, kind="circular") for key in range(3))
    with Faulty().at("MAIL", [None, drops(last_words)]) as server:
        server.at("GREETING", [None, drops(b"421 4.3.2 Shutting down\r\n")])
        relay = relay_to(server.target())
        assert not relay.drain()
    assert box.row(first).state is State.ACCEPTED
    assert_waiting(box, second, third, 421)
    assert (server.connections, len(server.texts)) == (2, 1)

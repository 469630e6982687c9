from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from flexsmt_site import clock
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from tests.faults.faulty import Act, Faulty, message_ids
from tests.faults.misdeeds import breaks_off, drops, says
from tests.outbox.conftest import Box

MINUTE = timedelta(seconds=47), timedelta(seconds=90)
HINT = timedelta(seconds=300), timedelta(seconds=330)

HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Fault:
    """What one mail meets at a step, and how it ends; ``unsure``: of a kind that may go at most once."""

    step: str
    act: Act
    state: State = State.QUEUED
    code: int | None = None
    unsure: State = State.QUEUED
    wait: tuple[timedelta, timedelta] = MINUTE


def refused(step: str, code: int, text: bytes = b"4.3.0 Later") -> Fault:
    return Fault(step, says(b"%d %s\r\n" % (code, text)), code=code)


def fails(step: str, code: int, text: bytes) -> Fault:
    return Fault(step, says(b"%d %s\r\n" % (code, text)), State.FAILED, code, State.FAILED)


def unknown(act: Act, step: str = "TEXT") -> Fault:
    return Fault(step, act, unsure=State.UNCERTAIN)


COMMON = {
    "451 with a hint": Fault(
        "RCPT", says(b"451 4.7.1 Please try again in 300 seconds\r\n"), code=451, wait=HINT
    ),
    "450 greylisted": refused("RCPT", 450, b"4.2.0 Greylisted, see https://example.com/"),
    "451 to the text": refused("TEXT", 451),
    "550 no such user": fails("RCPT", 550, b"5.1.1 No such user"),
    "552 too big": fails("TEXT", 552, b"5.3.4 Too big"),
    "drop after RCPT": Fault("RCPT", drops(b"250 fine\r\n")),
    "drop amid the text": unknown(breaks_off, "DATA"),
    "drop after the dot": unknown(drops()),
    "250 to DATA": Fault("DATA", says(b"250 fine\r\n")),
    "NUL": Fault("RCPT", says(b"451 a\0b\x1bc\r\n"), code=451),
    "999 to the text": unknown(says(b"999 what\r\n")),
}
FURTHER = {
    "451 to MAIL": refused("MAIL", 451),
    "452 to MAIL": refused("MAIL", 452, b"4.3.1 Out of memory"),
    "452 to RCPT": refused("RCPT", 452, b"4.2.2 Mailbox full"),
    "451 to DATA": refused("DATA", 451),
    "452 to the text": refused("TEXT", 452),
    "552 to MAIL": fails("MAIL", 552, b"5.3.4 Too big"),
    "553 to RCPT": fails("RCPT", 553, b"5.1.3 Bad address"),
    "554 to DATA": fails("DATA", 554, b"5.5.1 No valid recipients"),
    "554 spam": fails("TEXT", 554, b"5.7.1 Spam"),
    "drop at MAIL": Fault("MAIL", drops()),
    "drop at RCPT": Fault("RCPT", drops()),
    "drop at DATA": Fault("DATA", drops()),
    "drop after MAIL": Fault("MAIL", drops(b"250 fine\r\n")),
    "half an answer to RCPT": Fault("RCPT", drops(b"550 5.1")),
    "half an answer to the text": unknown(drops(b"250 fi")),
    "HTTP at RCPT": Fault("RCPT", says(HTTP)),
    "HTTP after the dot": unknown(says(HTTP)),
    "354 after the dot": unknown(says(b"354 go on\r\n")),
    "short code after the dot": unknown(says(b"25\r\n")),
    "words after the dot": unknown(says(b"fine, thanks\r\n")),
    "binary after the dot": unknown(says(bytes(range(128, 256)) + b"\r\n")),
    "an empty line after the dot": unknown(says(b"\r\n")),
    "one long line after the dot": unknown(says(b"250 " + b"a" * 100_000 + b"\r\n")),
    "999 to RCPT": Fault("RCPT", says(b"999 what\r\n")),
    "000 to RCPT": Fault("RCPT", says(b"000 what\r\n")),
    "NUL after the dot": Fault("TEXT", says(b"451 a\0b\r\n"), code=451),
}
CASES = [
    *(pytest.param(fault, id=name) for name, fault in COMMON.items()),
    *(pytest.param(fault, id=name, marks=pytest.mark.proof) for name, fault in FURTHER.items()),
]


@pytest.mark.parametrize("kind", ["letter", "circular"])
@pytest.mark.parametrize("fault", CASES)
def test_a_fault_of_one_mail_ends_in_its_state_and_the_next_mail_goes_out(
    box: Box, relay_to: Callable[..., Relay], fault: Fault, kind: str
) -> None:
    bad, good = box.put("bad@example.com", kind), box.put("good@example.com", kind)
    before = clock.now()
    with Faulty().at(fault.step, [fault.act]) as server:
        relay = relay_to(server.target())
        assert relay.drain()
    row = box.row(bad)
    assert row.state is (fault.unsure if kind == "circular" else fault.state)
    assert (row.last_code, row.attempts, row.phase, row.lease_owner) == (fault.code, 1, None, None)
    if row.state is State.QUEUED:
        assert fault.wait[0] <= row.not_before - before <= fault.wait[1]
    assert (box.row(good).state, relay.trouble) == (State.ACCEPTED, "")
    assert "good@example.com" in server.texts[-1].decode()


@pytest.mark.parametrize("act", [breaks_off, drops()])
def test_a_letter_lost_in_its_text_goes_again_as_the_same_and_a_circular_does_not(
    box: Box, relay_to: Callable[..., Relay], act: Act
) -> None:
    letter, circular = box.put("a@example.com"), box.put("b@example.com", "circular")
    names = box.row(letter).message_id, box.row(circular).message_id
    with Faulty().at("DATA" if act is breaks_off else "TEXT", [act, act]) as server:
        relay = relay_to(server.target())
        assert relay.drain()
        for mail_id in (letter, circular):
            box.change(mail_id, not_before=clock.now())
        assert relay.drain()
    assert [box.row(mail_id).state for mail_id in (letter, circular)] == [State.ACCEPTED, State.UNCERTAIN]
    whole = [names[0]] if act is breaks_off else [names[0], names[1], names[0]]
    assert message_ids(server.texts) == whole


@pytest.mark.parametrize("step", ["TEXT", "QUIT"])
def test_a_server_that_hangs_up_after_each_mail_gets_each_on_a_fresh_connection(
    box: Box, relay_to: Callable[..., Relay], step: str
) -> None:
    ids = [box.put(subject_key=key, kind="circular") for key in range(3)]
    with Faulty().at(step, [drops(b"250 fine\r\n")] * 3) as server:
        assert relay_to(server.target()).drain()
    rows = [box.row(mail_id) for mail_id in ids]
    assert [(row.state, row.attempts) for row in rows] == [(State.ACCEPTED, 1)] * 3
    assert message_ids(server.texts) == [row.message_id for row in rows]
    assert server.connections == (3 if step == "TEXT" else 1)


def test_a_connection_that_has_had_its_share_of_mails_is_no_trouble(
    box: Box, relay_to: Callable[..., Relay]
) -> None:
    ids = [box.put(subject_key=key) for key in range(3)]
    enough = drops(b"421 4.7.0 Too many mails in one connection\r\n")
    with Faulty().at("MAIL", [None, enough, None, enough]) as server:
        relay = relay_to(server.target())
        assert relay.drain()
    assert [box.row(mail_id).state for mail_id in ids] == [State.ACCEPTED] * 3
    assert (server.connections, relay.trouble) == (3, "")


def test_answers_out_of_step_are_never_taken_for_an_acceptance(
    box: Box, relay_to: Callable[..., Relay]
) -> None:
    first, second = box.put("a@example.com"), box.put("b@example.com")
    with Faulty().at("TEXT", [says(b"250 fine\r\n250 and another\r\n")]) as server:
        assert relay_to(server.target()).drain()
    assert box.row(first).state is State.ACCEPTED
    accepted = box.row(second).state is State.ACCEPTED
    assert accepted == (box.row(second).message_id in message_ids(server.texts))


@pytest.mark.parametrize(
    "reply",
    [
        b"250 " + b"a" * 2048 + b"\r\n",
        b"250-line\r\n" * 1000 + b"250 end\r\n",
        b"250 fine\n",
        b"250\r\n",
        b"250 a\0b\r\n",
        b"250 \xff\xfe\r\n",
    ],
    ids=["2 kB", "a thousand lines", "bare LF", "no text", "NUL", "binary"],
)
def test_an_odd_answer_with_a_good_code_counts(
    box: Box, relay_to: Callable[..., Relay], reply: bytes
) -> None:
    ids = [box.put(subject_key=key) for key in range(2)]
    with Faulty().at("MAIL", [says(reply)]).at("RCPT", [says(reply)]).at("TEXT", [says(reply)]) as server:
        assert relay_to(server.target()).drain()
    rows = [box.row(mail_id) for mail_id in ids]
    assert [row.state for row in rows] == [State.ACCEPTED] * 2
    assert len(server.texts) == 2
    assert str(rows[0].last_text).isprintable()


def test_a_failing_reset_costs_the_next_mail_nothing(box: Box, relay_to: Callable[..., Relay]) -> None:
    box.put("gone@example.com")
    here = box.put("here@example.com")
    with (
        Faulty().at("RCPT", [says(b"550 5.1.1 No such user\r\n")]).at("RSET", [says(b"500 what\r\n")])
    ) as server:
        assert relay_to(server.target()).drain()
    assert (box.row(here).state, box.row(here).attempts) == (State.ACCEPTED, 1)
    assert server.connections == 2

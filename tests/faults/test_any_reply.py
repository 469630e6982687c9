"""Whatever a mail server says, an attempt ends, and only a text that it took counts as accepted."""

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flexsmt_site import clock
from flexsmt_site.outbox import rules
from flexsmt_site.outbox.rules import Answer, Course, State, Step
from flexsmt_site.outbox.transport import Connection, Unreachable
from tests.faults.faulty import STEPS, Faulty
from tests.faults.misdeeds import drops, says
from tests.outbox.conftest import LIMITS

RAW = b"Subject: hello\r\n\r\nText\r\n"

#: Replies that are nearly right break more than noise does.
NEARLY = st.builds(
    lambda code, sign, text, end: b"%d" % code + sign + text + end,
    st.sampled_from([0, 25, 199, 220, 250, 334, 354, 421, 450, 500, 535, 550, 599, 600, 999, 2500]),
    st.sampled_from([b" ", b"-", b"", b"\t", b"\0"]),
    st.binary(max_size=20),
    st.sampled_from([b"\r\n", b"\n", b"\r", b""]),
)
REPLIES = st.lists(NEARLY | st.binary(max_size=80), max_size=4).map(b"".join)
#: Half of them at the end of the text, where an answer that is read wrongly loses or doubles a mail.
AT = st.just("TEXT") | st.sampled_from(STEPS)


def attempt(server: Faulty) -> Answer:
    """Try to hand over one mail, as the relay does."""
    try:
        with Connection(server.target(), "localhost", LIMITS) as connection:
            answer = connection.deliver("site@example.com", "sales@example.com", RAW, lambda: None)
            connection.reset()
            return answer
    except Unreachable as fault:
        return Answer(Step.LINK, fault.code, fault.reason)


def said(reply: bytes) -> int | None:
    """Read the code of the first whole reply, as RFC 5321 writes one; None: there is none."""
    found = re.match(rb"(?:[2-5]\d\d-[^\n]*\n)*([2-5]\d\d)(?: [^\n]*)?\r?\n", reply)
    return int(found[1]) if found else None


def holds(step: str, reply: bytes) -> None:
    """Check one reply, after which the server hangs up: what is missing never comes."""
    with Faulty().at(step, [drops(reply)]) as server:
        answer = attempt(server)
    course = Course(0, clock.now() + timedelta(days=5), "stop")
    state = rules.fate(answer, course, clock.now(), 0.5).state
    assert (state is State.ACCEPTED) <= bool(server.texts)
    assert answer.code is None or 200 <= answer.code <= 599
    assert answer.text.isprintable()
    if step == "TEXT":
        code = said(reply)
        final = code if code and code // 100 != 3 else None
        assert (answer.step, answer.code) == (Step.DATA, final)


def test_any_reply_at_any_step_ends_in_a_state() -> None:
    settings(max_examples=60, deadline=None)(given(AT, REPLIES)(holds))()


@pytest.mark.proof
def test_any_reply_at_any_step_ends_in_a_state_however_often() -> None:
    settings(max_examples=1500, deadline=None)(given(AT, REPLIES)(holds))()


@given(REPLIES)
@settings(max_examples=30, deadline=None)
def test_leftover_answers_never_stand_for_the_acceptance_of_the_next_mail(leftover: bytes) -> None:
    with (
        Faulty().at("TEXT", [says(b"250 fine\r\n" + leftover + b"\r\n")]) as server,
        Connection(server.target(), "localhost", LIMITS) as connection,
    ):
        assert connection.deliver("a@example.com", "b@example.com", RAW, lambda: None).is_accepted
        answer = connection.deliver("a@example.com", "c@example.com", RAW, lambda: None)
    assert answer.is_accepted <= (len(server.texts) == 2)

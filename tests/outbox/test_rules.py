from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.outbox import rules
from flexsmt_site.outbox.rules import Answer, Course, OnUnknown, Phase, State, Step

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def course(
    attempts: int = 0, on_unknown: OnUnknown = "resend", life: timedelta = timedelta(days=5)
) -> Course:
    return Course(attempts, NOW + life, on_unknown)


def fate(answer: Answer, mail: Course | None = None, chance: float = 0.5) -> rules.Fate:
    return rules.fate(answer, mail or course(), NOW, chance)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(0, 1), (1, 2), (2, 4), (7, 128), (8, 240), (9, 240), (999, 240)]
)
def test_the_wait_doubles_up_to_four_hours(attempts: int, minutes: int) -> None:
    assert rules.backoff(attempts, 0.5) == minutes * MINUTE


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_chance_moves_the_wait_by_a_fifth_at_most(attempts: int, chance: float) -> None:
    middle = rules.backoff(attempts, 0.5)
    assert middle * 0.8 <= rules.backoff(attempts, chance) <= middle * 1.2


def test_250_after_the_dot_is_accepted() -> None:
    assert fate(Answer(Step.DATA, 250, "Queued as 1")).state is State.ACCEPTED


def test_250_to_the_recipient_is_not_yet_accepted() -> None:
    assert not Answer(Step.RECIPIENT, 250).is_accepted


def test_4xx_waits_and_costs_an_attempt() -> None:
    found = fate(Answer(Step.RECIPIENT, 451, "Try later"), course(attempts=3))
    assert (found.state, found.not_before, found.attempted) == (State.QUEUED, NOW + 8 * MINUTE, True)


def test_a_longer_wait_that_the_server_asks_for_is_kept() -> None:
    found = fate(Answer(Step.RECIPIENT, 450, "4.7.1 Greylisted, please try again in 15 minutes"))
    assert found.not_before == NOW + 15 * MINUTE


def test_a_shorter_wait_than_ours_is_not() -> None:
    assert fate(Answer(Step.RECIPIENT, 450, "retry in 5 seconds")).not_before == NOW + MINUTE


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("Greylisted for 300 seconds", timedelta(seconds=300)),
        ("try again in 2 hours", timedelta(hours=2)),
        ("please retry after 90s", timedelta(seconds=90)),
        ("try again in 99999 hours", timedelta(hours=4)),
        ("4.2.2 mailbox 500 mbytes full", None),
        ("try again later", None),
    ],
)
def test_hints_are_read_from_the_answer(text: str, wait: timedelta | None) -> None:
    assert rules.hinted_wait(text) == wait


def test_silence_before_data_waits() -> None:
    assert fate(Answer(Step.RECIPIENT, None), course(on_unknown="stop")).state is State.QUEUED


def test_silence_in_data_goes_again_where_twice_is_better_than_never() -> None:
    assert fate(Answer(Step.DATA, None), course(on_unknown="resend")).state is State.QUEUED


def test_silence_in_data_stops_where_never_is_better_than_twice() -> None:
    assert fate(Answer(Step.DATA, None), course(on_unknown="stop")).state is State.UNCERTAIN


@pytest.mark.parametrize(
    ("step", "code", "text"),
    [(Step.RECIPIENT, 550, "No such user"), (Step.DATA, 554, "Spam"), (Step.SENDER, 552, "")],
)
def test_5xx_fails_for_good(step: Step, code: int, text: str) -> None:
    assert fate(Answer(step, code, text)).state is State.FAILED


@pytest.mark.parametrize(
    "answer",
    [
        Answer(Step.SENDER, 421, "Too busy"),
        Answer(Step.DATA, 421, "Closing"),
        Answer(Step.SENDER, 530, "Authentication required"),
        Answer(Step.RECIPIENT, 535, "Who are you"),
        Answer(Step.SENDER, 553, "Sender not allowed"),
        Answer(Step.RECIPIENT, 554, "5.7.1 Relay access denied"),
        Answer(Step.RECIPIENT, 454, "4.7.1 <relay@example.com>: Relay access denied"),
        Answer(Step.RECIPIENT, 550, "5.7.1 Unable to relay."),
        Answer(Step.RECIPIENT, 551, "we do not relay for you"),
        Answer(Step.LINK, None, "tls"),
        Answer(Step.LINK, 535, "auth"),
    ],
)
def test_a_fault_of_our_own_costs_no_attempt(answer: Answer) -> None:
    found = fate(answer)
    assert (found.state, found.attempted) == (State.QUEUED, False)


@pytest.mark.parametrize(
    "text",
    [
        "<relay@example.com>: no such user",
        "5.1.1 relay.example.com said: no such user here",
        "5.1.1 anna.relay@mail-relay.example.com unknown",
    ],
)
def test_a_name_with_relay_in_it_is_no_fault_of_our_own(text: str) -> None:
    assert fate(Answer(Step.RECIPIENT, 550, text)).state is State.FAILED


@given(st.sampled_from(Step), st.none() | st.integers(200, 599))
def test_only_a_good_answer_to_a_step_lets_it_go_on(step: Step, code: int | None) -> None:
    assert Answer(step, code).is_go_on == (code is not None and code < 400)


def test_a_mail_that_cannot_go_again_in_time_is_dead() -> None:
    assert fate(Answer(Step.DATA, 451), course(attempts=8, life=timedelta(hours=3))).state is State.DEAD


answers = st.builds(Answer, st.sampled_from(Step), st.none() | st.integers(200, 599), st.text())
courses = st.builds(course, st.integers(0, 100), st.sampled_from(["resend", "stop"]))


@given(answers, courses, st.floats(0, 1, exclude_max=True))
def test_every_answer_has_a_fate_that_is_never_in_between(
    answer: Answer, mail: Course, chance: float
) -> None:
    found = fate(answer, mail, chance)
    assert found.state in {State.QUEUED, State.ACCEPTED, State.FAILED, State.DEAD, State.UNCERTAIN}
    assert (found.state is State.QUEUED) == (found.not_before is not None)
    assert (found.state is State.ACCEPTED) == answer.is_accepted


@pytest.mark.parametrize("on_unknown", ["resend", "stop"])
def test_a_claim_that_was_lost_goes_again_at_no_cost(on_unknown: OnUnknown) -> None:
    found = rules.fate_of_lost_lease(Phase.CLAIMED, course(on_unknown=on_unknown), NOW)
    assert (found.state, found.not_before, found.attempted) == (State.QUEUED, NOW, False)


def test_a_mail_lost_in_data_goes_again_where_its_kind_says_so() -> None:
    found = rules.fate_of_lost_lease(Phase.IN_DATA, course(on_unknown="resend"), NOW)
    assert (found.state, found.attempted) == (State.QUEUED, True)


def test_a_mail_lost_in_data_is_uncertain_where_its_kind_says_stop() -> None:
    assert rules.fate_of_lost_lease(Phase.IN_DATA, course(on_unknown="stop"), NOW).state is State.UNCERTAIN


def test_the_relay_rests_longer_with_every_fault() -> None:
    pauses = [
        rules.pause_after(n, timedelta(seconds=30), 15 * MINUTE).total_seconds() for n in (1, 2, 3, 6, 99)
    ]
    assert pauses == [30, 60, 120, 900, 900]

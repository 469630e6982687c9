from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.staff import rules
from flexsmt_site.staff.rules import Asked, Attempt, Role, Span, Verdict

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
MOMENTS = st.timedeltas(timedelta(days=-9999), timedelta(days=50_000)).map(lambda span: NOW + span)
#: Requests of the last hour.
EARLIER = st.lists(
    st.builds(
        Asked,
        st.timedeltas(timedelta(), timedelta(minutes=59)).map(lambda ago: NOW - ago),
        st.integers(0, rules.MOST_TRIES),
    ),
    max_size=12,
)
ATTEMPTS = st.builds(
    Attempt,
    st.timedeltas(timedelta(hours=-1), timedelta(hours=1)).map(lambda ahead: NOW + ahead),
    st.integers(0, 7),
    st.booleans(),
    st.booleans(),
)


@pytest.mark.parametrize("needed", list(Role))
def test_admin_may_everything_and_nobody_else_what_is_not_theirs(needed: Role) -> None:
    allowed = {role for role in Role if rules.may(role, [needed])}
    above = {Role.EDITOR: {Role.PUBLISHER}}.get(needed, set())
    assert allowed == {needed, Role.ADMIN} | above
    assert rules.may(needed, [])


@given(st.integers(0, 99_999_999))
def test_a_code_is_eight_digits_that_are_read_back(chance: int) -> None:
    digits = rules.code(chance)
    assert len(digits) == 8
    assert int(digits) == chance
    assert rules.read_code(f" {digits[:4]} - {digits[4:]}\n") == digits


@given(st.text())
def test_what_is_read_as_a_code_is_eight_plain_digits(written: str) -> None:
    found = rules.read_code(written)
    assert found is None or (len(found) == 8 and found.isascii() and found.isdecimal())


@pytest.mark.parametrize(
    "written", ["", "1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨", "-1234567", "1e500000"]
)
def test_what_is_no_code(written: str) -> None:
    assert rules.read_code(written) is None


def test_what_is_stored_of_a_code_depends_on_all_of_it() -> None:
    sums = {
        rules.code_sum(secret, nonce, digits)
        for secret in ("a", "b")
        for nonce in ("a", "b")
        for digits in ("12345678", "12345679")
    }
    assert len(sums) == 8
    assert all(len(found) == 64 for found in sums)


def test_what_is_stored_says_nothing_without_the_secret() -> None:
    assert rules.address_key("a", "Anna@example.com") == rules.address_key("a", "anna@EXAMPLE.com")
    assert rules.address_key("a", "anna@example.com") != rules.address_key("b", "anna@example.com")
    assert rules.handle("a", 1) != rules.handle("a", 2)
    assert rules.handle("a", 1) != rules.handle("b", 1)
    assert rules.token_sum("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(EARLIER, EARLIER, st.integers(1, 12))
def test_when_the_pause_is_over_nothing_more_has_to_be_waited_for(
    of_address: list[Asked], of_network: list[Asked], most: int
) -> None:
    wait = rules.pause(of_address, of_network, most, NOW)
    assert timedelta() <= wait <= rules.HOUR
    later = NOW + wait

    def lately(found: list[Asked]) -> list[Asked]:
        return [one for one in found if one.asked > later - rules.HOUR]

    assert rules.pause(lately(of_address), lately(of_network), most, later) == timedelta()


@given(EARLIER, EARLIER, st.integers(1, 12))
def test_who_has_to_wait_has_asked_or_tried_too_much(
    of_address: list[Asked], of_network: list[Asked], most: int
) -> None:
    is_tried = any(one.tries >= rules.MOST_TRIES and one.asked > NOW - rules.CODE_LIFE for one in of_address)
    is_asked = len(of_address) >= rules.MOST_ASKED or len(of_network) >= most
    assert bool(rules.pause(of_address, of_network, most, NOW)) == (is_tried or is_asked)


@given(ATTEMPTS, st.booleans())
def test_only_the_right_code_of_a_member_in_time_opens(attempt: Attempt, is_right: bool) -> None:  # noqa: FBT001
    found = rules.verdict(attempt, NOW, is_right=is_right)
    is_live = NOW < attempt.expires <= NOW + rules.CODE_LIFE + MINUTE
    is_good = is_live and not attempt.is_used and attempt.tries < rules.MOST_TRIES
    assert (found is Verdict.SPENT) == (not is_good)
    assert (found is Verdict.OPEN) == (is_good and is_right and attempt.is_known)


@pytest.mark.parametrize(
    ("began", "seen", "is_over"),
    [
        (timedelta(), timedelta(), False),
        (12 * rules.HOUR - SECOND, timedelta(), False),
        (12 * rules.HOUR, timedelta(), True),
        (rules.HOUR, rules.HOUR - SECOND, False),
        (rules.HOUR, rules.HOUR, True),
        (-MINUTE, -MINUTE, False),
    ],
)
def test_a_session_ends_after_twelve_hours_and_after_one_without_use(
    began: timedelta,
    seen: timedelta,
    is_over: bool,  # noqa: FBT001
) -> None:
    assert rules.is_over(Span(NOW - began, NOW - seen, NOW), NOW) is is_over


@pytest.mark.parametrize(("ago", "is_fresh"), [(15 * MINUTE - SECOND, True), (15 * MINUTE, False)])
def test_for_a_quarter_of_an_hour_nobody_is_asked_again(ago: timedelta, is_fresh: bool) -> None:  # noqa: FBT001
    assert rules.is_fresh(Span(NOW, NOW, NOW - ago), NOW) is is_fresh


@given(MOMENTS)
def test_the_trail_is_kept_for_24_months_to_the_day(now: datetime) -> None:
    since = rules.kept_since(now)
    assert (now.year - since.year, now.month - since.month) == (2, 0)
    assert since.timetz() == now.timetz()
    assert since.day == now.day or (now.month, now.day, since.day) == (2, 29, 28)

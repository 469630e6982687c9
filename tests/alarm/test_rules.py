from datetime import UTC, datetime, timedelta

import pytest

from flexsmt_site.alarm import rules

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATIENCE = timedelta(minutes=15)


def test_nothing_is_wrong_while_mails_wait_for_their_turn_only() -> None:
    assert rules.reasons("", 0, None, PATIENCE) == ()
    assert rules.reasons("", 0, PATIENCE, PATIENCE) == ()


def test_each_trouble_is_a_reason_of_its_own() -> None:
    late = PATIENCE + timedelta(seconds=1)
    assert rules.reasons("tls", 0, None, PATIENCE) == ("tls",)
    assert rules.reasons("", 1, None, PATIENCE) == ("stopped",)
    assert rules.reasons("", 0, late, PATIENCE) == ("waiting",)
    assert rules.reasons("auth", 2, late, PATIENCE) == ("auth", "stopped", "waiting")


@pytest.mark.parametrize(
    ("ago", "due"),
    [
        (timedelta(0), False),
        (timedelta(minutes=59, seconds=59), False),
        (timedelta(hours=1), True),
        (timedelta(days=1), True),
        (timedelta(minutes=-1), False),
        (timedelta(minutes=-1, seconds=-1), True),
        (timedelta(hours=-1), True),
    ],
)
def test_an_alarm_is_due_an_hour_after_the_last_or_when_the_clock_went_back(
    ago: timedelta, *, due: bool
) -> None:
    assert rules.is_due(NOW - ago, NOW) is due


def test_the_first_alarm_is_due_at_once() -> None:
    assert rules.is_due(None, NOW)


def test_a_claim_lasts_five_minutes() -> None:
    claimed = rules.claimed(NOW)
    assert not rules.is_due(claimed, NOW + timedelta(minutes=4, seconds=59))
    assert rules.is_due(claimed, NOW + timedelta(minutes=5))

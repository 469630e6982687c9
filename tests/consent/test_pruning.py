"""Receipts go on their day, and screens with the last receipt that tells of them."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from flexsmt_site import clock, cookies, datamap
from flexsmt_site.config import LANGUAGES
from flexsmt_site.consent import privacy, rules, screens, service
from flexsmt_site.consent.screens import Place
from flexsmt_site.consent.service import Given
from tests.consent.device import Device

DAY = timedelta(days=1)
MADE = datetime(2026, 11, 23, 12, tzinfo=UTC)


def choose(app: Flask, moment: datetime, number: str = "", *chosen: str, language: str = "en") -> str:
    """Make a choice as at that moment; return the receipt's number."""
    with app.test_request_context():
        shown = screens.get(Place.BANNER, language)
        return service.record(Given(frozenset(chosen), shown, gpc=False, now=moment), number)


def prune(app: Flask, moment: datetime) -> int:
    with app.app_context():
        return service.prune(moment)


@pytest.mark.parametrize("made", [MADE, datetime(2027, 8, 29, 23, 59, 59, 999999, tzinfo=UTC)])
def test_a_receipt_stays_until_the_day_before_and_goes_on_the_day(chooser: Device, made: datetime) -> None:
    choose(chooser.app, made, "", "preferences")
    ends = rules.proof_ends(made)

    assert prune(chooser.app, ends - DAY) == 0
    assert prune(chooser.app, ends - timedelta(microseconds=1)) == 0
    assert (len(chooser.receipts()), len(chooser.screens())) == (1, 1)
    assert prune(chooser.app, ends) == 1
    assert (chooser.receipts(), chooser.screens()) == ([], [])
    assert prune(chooser.app, ends) == 0


def test_a_withdrawal_goes_on_its_own_day_and_not_with_the_acceptance(chooser: Device) -> None:
    number = choose(chooser.app, MADE, "", "preferences")
    choose(chooser.app, MADE + 3 * DAY, number)

    assert prune(chooser.app, rules.proof_ends(MADE)) == 1
    assert [receipt.granted for receipt in chooser.receipts()] == [[]]
    assert prune(chooser.app, rules.proof_ends(MADE + 3 * DAY)) == 1


def test_a_screen_stays_while_a_receipt_tells_of_it(chooser: Device) -> None:
    assert LANGUAGES == ("en", "ru")
    choose(chooser.app, MADE, "", "preferences")
    choose(chooser.app, MADE, "", "preferences", language="ru")
    choose(chooser.app, MADE + 30 * DAY, "", "preferences")
    prune(chooser.app, rules.proof_ends(MADE))

    assert [screen.language for screen in chooser.screens()] == ["en"]
    prune(chooser.app, rules.proof_ends(MADE + 30 * DAY))
    assert chooser.screens() == []


def test_the_screen_of_an_erased_receipt_goes_in_the_end_too(chooser: Device) -> None:
    number = choose(chooser.app, MADE, "", "preferences")
    with chooser.app.app_context():
        service.erase(number)

    assert prune(chooser.app, MADE + DAY) == 0
    # Another visitor may be looking at it: it stays as long as a receipt would.
    assert len(chooser.screens()) == 1
    prune(chooser.app, rules.proof_ends(MADE) + DAY)
    assert chooser.screens() == []


@pytest.mark.parametrize("hours", [-1, 1], ids=["back", "on"])
def test_a_clock_that_jumps_loses_no_choice(chooser: Device, hours: int) -> None:
    number = choose(chooser.app, MADE, "", "preferences")
    choose(chooser.app, MADE + timedelta(hours=hours), number)

    assert [receipt.granted for receipt in chooser.receipts()] == [["preferences"], []]


def test_the_period_of_the_policy_is_the_one_that_is_kept_to(lone_app: Flask) -> None:
    assert lone_app
    declared = next(holding for holding in datamap.holdings() if holding.key == privacy.RECEIPTS.key)

    assert declared.months == rules.PROVEN_MONTHS
    assert f"{rules.LIFE.days} days" in str(declared.counted_from)
    assert all(
        cookie.life == rules.LIFE for cookie in cookies.declared() if cookie.name.startswith("consent")
    )
    assert clock.now() < rules.proof_ends(clock.now())

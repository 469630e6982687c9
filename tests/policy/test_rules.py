"""Which version holds, whatever the order in which they were published."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.policy import book, rules
from flexsmt_site.policy.book import Book
from flexsmt_site.policy.rules import Standing, Version

BEGAN = datetime(2027, 1, 1, tzinfo=UTC)
MINUTES = st.lists(st.integers(0, 20), min_size=1, max_size=8)


def _versions(minutes: list[int]) -> list[Version]:
    return [
        Version(number, BEGAN, BEGAN + timedelta(minutes=minute), is_material=False, note={}, sum="")
        for number, minute in enumerate(minutes, start=1)
    ]


@given(minutes=MINUTES, moment=st.integers(0, 25))
def test_exactly_one_version_is_in_force_and_it_is_the_highest_that_took_effect(
    minutes: list[int], moment: int
) -> None:
    versions, now = _versions(minutes), BEGAN + timedelta(minutes=moment)
    found = rules.in_force(versions, now)

    standing = [rules.standing(version, versions, now) for version in versions]
    taken = [version for version in versions if version.effective <= now]
    if taken:
        assert found.number == max(version.number for version in taken)
        assert standing.count(Standing.IN_FORCE) == 1
    assert all(version.effective > now for version in rules.coming(versions, now))


@given(minutes=MINUTES)
def test_what_is_announced_takes_effect_in_its_time(minutes: list[int]) -> None:
    versions = _versions(minutes)
    for coming in rules.coming(versions, BEGAN):
        assert rules.in_force(versions, coming.effective) == coming
    for version in versions:
        if rules.standing(version, versions, BEGAN) is Standing.SKIPPED:
            assert all(
                rules.in_force(versions, BEGAN + timedelta(minutes=minute)) != version
                for minute in range(25)
                if any(other.effective <= BEGAN + timedelta(minutes=minute) for other in versions)
            )


@given(minutes=MINUTES, moments=st.lists(st.integers(-3, 25), max_size=20))
def test_a_book_remembers_no_longer_than_a_version_holds(minutes: list[int], moments: list[int]) -> None:
    versions = tuple(_versions(minutes))
    made = Book("", versions, {})

    for moment in moments:
        now = BEGAN + timedelta(minutes=moment)
        assert made.at(now) == rules.in_force(versions, now)


@given(raw=st.binary(max_size=60))
def test_what_is_no_book_is_refused(raw: bytes) -> None:
    with pytest.raises(book.BrokenBook, match="can not be read"):
        book.read(raw)


def test_the_number_of_the_next_version_is_free_and_not_below_the_shipped_one() -> None:
    assert rules.next_number(None, 3) == 3
    assert rules.next_number(3, 3) == 4
    assert rules.next_number(3, 7) == 7
    assert rules.next_number(9, 7) == 10

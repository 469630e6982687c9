from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from flexsmt_site import database
from flexsmt_site.contact import desk, figures
from flexsmt_site.contact.figures import Delivery
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State
from tests.contact.form import take

#: A Wednesday.
NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("desk_app")


def _set(reference: str, **values: object) -> None:
    with database.write() as session:
        session.execute(update(Enquiry).where(Enquiry.reference == reference).values(**values))


def _stands(reference: str, *states: State) -> None:
    for mail, state in zip(desk.get_entry(reference).notices, states, strict=True):
        with database.write() as session:
            session.execute(update(Mail).where(Mail.id == mail.id).values(state=state))


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 (made aware below)
def test_the_weeks_are_26_mondays_and_the_last_one_holds_the_present(now: datetime) -> None:
    days = figures.mondays(now.replace(tzinfo=UTC))
    assert len(days) == 26
    assert {day.isocalendar().weekday for day in days} == {1}
    assert days[-1] <= now.date() < days[-1] + timedelta(weeks=1)
    assert {later - day for day, later in pairwise(days)} == {timedelta(weeks=1)}


def test_an_empty_inbox_has_26_empty_weeks() -> None:
    weeks = figures.list_weeks(NOW)
    assert [week.monday for week in weeks] == figures.mondays(NOW)
    assert {(week.total, sum(week.deliveries.values()), week.answered) for week in weeks} == {(0, 0, None)}


def test_an_enquiry_counts_in_the_week_in_which_it_came() -> None:
    oldest = MONDAY - 25 * timedelta(weeks=1)
    for moment in (MONDAY, MONDAY - timedelta(microseconds=1), oldest, NOW + timedelta(days=9)):
        take(moment)
    take(oldest - timedelta(microseconds=1))
    weeks = figures.list_weeks(NOW)
    assert {week.monday: week.total for week in weeks if week.total} == {
        oldest.date(): 1,
        date(2026, 11, 16): 1,
        date(2026, 11, 23): 2,
    }


def test_a_week_is_told_by_language() -> None:
    for language in ("en", "ru", "ru"):
        _set(take(NOW), language=language)
    assert figures.list_weeks(NOW)[-1].languages == {"en": 1, "ru": 2}


def test_the_worst_of_its_notices_tells_how_an_enquiry_stands() -> None:
    _stands(take(NOW), State.ACCEPTED, State.ACCEPTED)
    _stands(take(NOW), State.ACCEPTED, State.CANCELLED)
    _stands(take(NOW), State.ACCEPTED, State.QUEUED)
    _stands(take(NOW), State.SENDING, State.BOUNCED)
    _stands(take(NOW), State.DEAD, State.UNCERTAIN)
    take(NOW, trap="x")
    assert figures.list_weeks(NOW)[-1].deliveries == {
        Delivery.DELIVERED: 2,
        Delivery.UNDER_WAY: 1,
        Delivery.UNDELIVERED: 2,
        Delivery.HELD: 1,
    }


@pytest.mark.parametrize(
    ("hours", "median"), [([3], 3), ([1, 5, 90], 5), ([8, 2], 5), ([4, 1, 3, 2], 2.5), ([], None)]
)
def test_the_median_time_to_an_answer_is_that_of_answered_ones(
    hours: list[int], median: float | None
) -> None:
    take(NOW)
    for length in hours:
        _set(take(NOW), answered=NOW + timedelta(hours=length))
    _set(take(NOW - timedelta(weeks=1)), answered=NOW)
    before, last = figures.list_weeks(NOW)[-2:]
    assert last.answered == (None if median is None else timedelta(hours=median))
    assert before.answered == timedelta(weeks=1)


def test_what_is_counted_is_read_once_for_each_question(statements: list[str]) -> None:
    figures.list_weeks(NOW)
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 3

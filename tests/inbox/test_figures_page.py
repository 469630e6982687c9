import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site import clock
from flexsmt_site.contact.figures import Delivery, Week
from flexsmt_site.inbox import chart
from flexsmt_site.outbox.rules import State
from tests.contact.form import take
from tests.inbox.desk import Desk, words_of

MONDAY = date(2026, 11, 23)


def week(number: int, english: int, russian: int) -> Week:
    counted = {"en": english, "ru": russian}
    return Week(MONDAY + timedelta(weeks=number), counted, {Delivery.DELIVERED: english + russian}, None)


counts = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=1, max_size=26)


@given(counts)
def test_bars_stand_on_each_other_and_on_the_ground(found: list[tuple[int, int]]) -> None:
    drawn = chart.draw([week(number, *pair) for number, pair in enumerate(found)], ("en", "ru"))
    for column, (english, russian) in zip(drawn.columns, found, strict=True):
        floor = drawn.bottom
        for bar in column.bars:
            assert bar.y + bar.height == pytest.approx(floor, abs=0.11)
            floor = bar.y
        assert [bar.language for bar in column.bars] == ["en"] * bool(english) + ["ru"] * bool(russian)
        assert floor >= chart.TOP - 0.01
        assert column.x >= column.left
        assert column.x + column.width <= column.left + column.place + 0.01 <= 100.1


@given(counts)
def test_two_to_four_round_lines_reach_the_highest_week(found: list[tuple[int, int]]) -> None:
    drawn = chart.draw([week(number, *pair) for number, pair in enumerate(found)], ("en", "ru"))
    values = [line.value for line in drawn.lines]
    most = max(sum(pair) for pair in found)
    assert 1 <= len(values) <= 4
    assert values[-1] >= most
    assert all(re.fullmatch("[125]0*", str(value // (place + 1))) for place, value in enumerate(values))


def test_the_last_week_is_named_and_few_others() -> None:
    drawn = chart.draw([week(number, 1, 1) for number in range(26)], ("en", "ru"))
    assert [place for place, column in enumerate(drawn.columns) if column.is_named] == [0, 5, 10, 15, 20, 25]


def test_the_page_shows_the_weeks_as_a_chart_and_as_a_table(desk: Desk) -> None:
    now = clock.now()
    first = take(now - timedelta(weeks=3))
    take(now, trap="x")
    desk.sets_mail(desk.mails(take(now))[0], state=State.FAILED)
    desk.sets(first, answered=now - timedelta(weeks=3) + timedelta(hours=5), language="ru")
    page = desk.get("figures")
    rows = re.findall(r'<tr>\s*<th scope="row">(.*?)</tr>', page.text, re.DOTALL)
    cells = [re.findall(r"<td>([^<]*)</td>", row) for row in rows]
    assert len(cells) == 26
    assert cells[0] == ["2", "0", "2", "0", "0", "1", "1", "–"]
    assert cells[3] == ["0", "1", "1", "0", "1", "0", "0", "5 hours"]
    assert page.text.count('class="bar ') == 2
    assert "3 enquiries in 26 weeks" in words_of(page)
    assert page.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_of_an_empty_inbox_has_all_weeks_too(lone_desk: Desk, language: str) -> None:
    page = lone_desk.get("figures", language)
    assert page.status_code == 200
    assert page.text.count('<th scope="row">') == 26
    assert 'class="bar ' not in page.text

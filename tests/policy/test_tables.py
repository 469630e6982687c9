import re
from html import unescape

import pytest
from flask import Flask

from flexsmt_site import cookies, datamap, pages
from flexsmt_site.datamap import Purpose
from flexsmt_site.extensions import db
from tests.ground.visitors import Visitor

Row = list[str]


#: What stays until somebody ends it: the table says so instead of a number.
UNTIL_REMOVED = {"staff member", "staff passkey"}


def rows_of(page: str, number: int) -> list[list[Row]]:
    """The tables of a clause, as rows of plain text."""
    found = re.search(rf'<section class="clause" id="c{number}".*?</section>', page, re.DOTALL)
    assert found
    return [_rows(table) for table in re.findall(r"<tbody>(.*?)</tbody>", found[0], re.DOTALL)]


def _rows(table: str) -> list[Row]:
    return [
        [
            unescape(re.sub("<[^>]+>", "", cell)).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    ]


def _table(page: str, name: str) -> list[Row]:
    """The table that shows a register: the one whose first cells are its keys."""
    clauses = {"purposes": 1, "cookies": 5, "retention": 8}
    (table,) = rows_of(page, clauses[name])
    return table


@pytest.mark.promise("P1.1", "P1.3", "P1.4")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_table_of_purposes_is_the_register(lone_app: Flask, visitor: Visitor, language: str) -> None:
    table = _table(visitor.get(f"/{language}/privacy").text, "purposes")

    with lone_app.test_request_context(), pages.speaking(language):
        assert [row[:2] for row in table] == [
            [str(purpose.value), str(basis.value)] for purpose, basis in datamap.grounds()
        ]
        for row, purpose in zip(table, Purpose, strict=True):
            for holding in datamap.holdings():
                assert (str(holding.title) in row[2]) == (purpose in holding.purposes)


@pytest.mark.promise("P1.4")
def test_the_site_uses_data_for_these_purposes_and_no_others(lone_app: Flask) -> None:
    assert lone_app
    used = {purpose for holding in datamap.holdings() for purpose in holding.purposes}

    assert set(Purpose) == {Purpose.REPLY, Purpose.SECURITY, Purpose.ACCOUNTABILITY}
    assert used <= set(Purpose)


@pytest.mark.promise("P1.3")
def test_every_purpose_has_exactly_one_ground(lone_app: Flask) -> None:
    assert lone_app
    grounds = datamap.grounds()

    assert [purpose for purpose, _ in grounds] == list(Purpose)
    assert all(isinstance(basis, datamap.Basis) for _, basis in grounds)


@pytest.mark.promise("P1.1")
def test_nothing_is_held_without_a_purpose(lone_app: Flask) -> None:
    (first, *_rest) = datamap.holdings() if lone_app else ()
    purposeless = datamap.Holding(**{**vars(first), "purposes": ()})

    with pytest.raises(datamap.Purposeless, match=first.key):
        datamap.declare(purposeless)


@pytest.mark.promise("P5.2")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_table_of_cookies_is_the_register(lone_app: Flask, visitor: Visitor, language: str) -> None:
    table = _table(visitor.get(f"/{language}/privacy").text, "cookies")

    with lone_app.test_request_context(), pages.speaking(language):
        assert table == [
            [
                cookie.sent_name,
                str(cookie.purpose_title),
                str(cookie.when),
                str(cookie.holds),
                cookie.life_text,
            ]
            for cookie in cookies.declared()
        ]


@pytest.mark.promise("P8.1a", "P0.4")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_table_of_periods_is_the_register(lone_app: Flask, visitor: Visitor, language: str) -> None:
    table = _table(visitor.get(f"/{language}/privacy").text, "retention")

    with lone_app.test_request_context(), pages.speaking(language):
        assert len(table) == len(datamap.holdings())
        for row, holding in zip(table, datamap.holdings(), strict=True):
            assert row[0] == str(holding.title)
            assert row[1] == str(holding.source)
            longest, *sooner = row[3].split("; ", len(holding.sooner))
            assert holding.key in UNTIL_REMOVED or longest.startswith(str(holding.months or holding.hours))
            assert longest.endswith(str(holding.counted_from))
            assert all(
                text.startswith(str(part.days)) and text.endswith(str(part.counted_from))
                for text, part in zip(sooner, holding.sooner, strict=True)
            )


@pytest.mark.promise("P8.1a")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", {"24 months after", "90 days after it came in", "48 hours after", "6 months after"}),
        ("ru", {"24 месяца после", "90 дней после получения", "48 часов после", "6 месяцев после"}),
    ],
)
def test_the_periods_read_well_in_both_languages(visitor: Visitor, language: str, words: set[str]) -> None:
    said = " ".join(row[3] for row in _table(visitor.get(f"/{language}/privacy").text, "retention"))

    assert {phrase for phrase in words if phrase in said.replace("\u00a0", " ")} == words


@pytest.mark.promise("P8.1a")
def test_every_table_that_says_something_about_a_person_has_a_period(lone_app: Flask) -> None:
    with lone_app.app_context():
        tables = set(db.metadata.tables)
    periods = {holding.table.description: holding.months or holding.hours for holding in datamap.holdings()}

    assert datamap.undeclared(db.metadata.tables.values()) == []
    assert set(periods) <= tables
    assert {name.replace("_", " ") for name, period in periods.items() if not period} == UNTIL_REMOVED


@pytest.mark.promise("P0.4")
def test_each_personal_column_is_in_one_holding_with_all_that_the_policy_says(
    lone_app: Flask, visitor: Visitor
) -> None:
    columns = [
        (holding.key, name)
        for holding in datamap.holdings()
        for name in (*holding.personal, *holding.pseudonym)
    ]

    assert len(columns) == len(set(columns)) > 0
    for holding in datamap.holdings():
        assert holding.purposes
        assert holding.key in UNTIL_REMOVED or (holding.months > 0) != (holding.hours > 0)
        with lone_app.test_request_context():
            assert holding.objection in lone_app.view_functions
    assert visitor.get("/en/contact?subject=my-data").status_code == 200


@pytest.mark.promise("P7.4")
def test_what_is_typed_into_the_form_is_never_for_marketing(lone_app: Flask) -> None:
    assert lone_app
    allowed = {Purpose.REPLY, Purpose.ACCOUNTABILITY}

    for holding in datamap.holdings():
        if "company" in holding.personal:
            assert set(holding.purposes) <= allowed

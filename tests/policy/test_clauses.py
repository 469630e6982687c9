import re
from html import unescape

import pytest
from flask import Flask

from flexsmt_site import ledger
from flexsmt_site.ledger import PROMISES
from tests.ground.visitors import Visitor

PAGES = [
    f"/{lang}{path}"
    for lang in ("en", "ru")
    for path in ("/", "/privacy", "/contact", "/settings", "/promises")
]
CYRILLIC = re.compile("[А-Яа-яЁё]")


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", " ", page))).replace("\u00a0", " ").strip()


def sentence(page: str, promise_id: str) -> str:
    """What the policy says under an id."""
    found = re.search(rf'<span class="promise" id="{re.escape(promise_id)}">(.*?)</span>', page, re.DOTALL)
    assert found, promise_id
    return _text(found[1])


def clause(page: str, number: int) -> str:
    found = re.search(rf'<section class="clause" id="c{number}".*?</section>', page, re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_promise_of_the_ledger_stands_once_in_each_language(visitor: Visitor, language: str) -> None:
    page = visitor.get(f"/{language}/privacy").text
    ids = re.findall(r'<span class="promise" id="([^"]+)">', page)

    assert sorted(ids) == sorted(PROMISES)
    for promise_id in PROMISES:
        words = sentence(page, promise_id)
        assert len(words) > 20
        assert bool(CYRILLIC.search(words)) == (language == "ru")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_clauses_stand_in_order_with_their_contents_list(visitor: Visitor, language: str) -> None:
    page = visitor.get(f"/{language}/privacy").text

    assert re.findall(r'<section class="clause" id="c(\d+)"', page) == [str(number) for number in range(15)]
    assert re.findall(r'<li><a href="#c(\d+)">', page) == [str(number) for number in range(15)]


@pytest.mark.promise("P0.1")
@pytest.mark.parametrize("path", [*PAGES, "/en/nothing", "/ru/nothing"])
def test_every_page_links_to_the_policy_with_version_and_date(visitor: Visitor, path: str) -> None:
    page = visitor.get(path).text
    language = path[1:3]
    footer = page.partition("<footer")[2]
    year = str(ledger.version().date.year)

    assert f'<html lang="{language}">' in page
    assert f'href="/{language}/privacy"' in footer
    assert re.search(rf"{ledger.version().number}\b.*{year}", _text(footer))


@pytest.mark.promise("P0.1")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_version_and_date_stand_at_the_top_of_the_policy(visitor: Visitor, language: str) -> None:
    answer = visitor.get(f"/{language}/privacy")
    top = answer.text.partition('id="c0"')[0].partition('class="facts"')[2]

    assert answer.status_code == 200
    assert str(ledger.version().number) in top
    assert str(ledger.version().date.year) in top


@pytest.mark.parametrize(
    ("promise_id", "english", "russian"),
    [
        pytest.param(promise_id, english, russian, marks=pytest.mark.promise(promise_id), id=promise_id)
        for promise_id, english, russian in (
            ("P0.5", "other terms may apply", "иные условия|другие условия"),
            ("P0.7", "personal data of other people", "других люд"),
            ("P2.2", "when you purchase services", "услуг"),
            ("P4.7", "described in clause 5", "разделе 5|пункте 5|клаузе 5"),
            ("P5.4", "warn you before it saves a cookie", "предупре"),
            ("P7.1", "you need not use it", "форм"),
            ("P10.1", "must give the data that the contract needs", "договор"),
            ("P10.2", "usually not conclude or perform a contract", "договор"),
            ("P10.3", "IP address", "IP-адрес"),
            ("P13.4", "never completely safe", "интернет"),
        )
    ],
)
def test_a_notice_is_there_in_both_languages(
    visitor: Visitor, promise_id: str, english: str, russian: str
) -> None:
    assert PROMISES[promise_id].kind == "notice"
    assert re.search(english, sentence(visitor.get("/en/privacy").text, promise_id), re.IGNORECASE)
    assert re.search(russian, sentence(visitor.get("/ru/privacy").text, promise_id), re.IGNORECASE)


def test_every_notice_is_looked_for() -> None:
    marks = test_a_notice_is_there_in_both_languages.pytestmark  # type: ignore[attr-defined]
    looked_for = {row.values[0] for mark in marks if mark.name == "parametrize" for row in mark.args[1]}

    assert looked_for == {name for name, promise in PROMISES.items() if promise.kind == "notice"}


@pytest.mark.promise("P2.2")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_list_of_purchase_data_is_there(visitor: Visitor, language: str) -> None:
    after = visitor.get(f"/{language}/privacy").text.partition('id="P2.2"')[2]
    listed = after.partition("</ul>")[0].count("<li>")

    assert listed == 7


@pytest.mark.promise("P4.7")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_clause_4_links_to_clause_5(visitor: Visitor, language: str) -> None:
    assert 'href="#c5"' in clause(visitor.get(f"/{language}/privacy").text, 4)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_link_of_the_policy_leads_somewhere(visitor: Visitor, language: str) -> None:
    page = visitor.get(f"/{language}/privacy").text
    clauses = page.partition('id="clauses"')[2].partition("<footer")[0]
    ids = set(re.findall(r'\bid="([^"]+)"', page))

    for link in set(re.findall(r'href="([^"]+)"', clauses)):
        path, _, anchor = link.partition("#")
        assert visitor.get(path).status_code == 200 if path else anchor in ids


@pytest.mark.promise("P1.4a", "P2.1", "P2.2a")
def test_the_site_has_no_address_for_orders_invoices_or_accounts(lone_app: Flask) -> None:
    words = "order|shop|cart|basket|invoice|pay|deliver|account|login|support|ticket|checkout"

    # Accounts of our own staff are none of customers.
    public = [rule.rule for rule in lone_app.url_map.iter_rules() if not rule.rule.startswith("/staff/")]
    assert [path for path in public if re.search(words, path)] == []

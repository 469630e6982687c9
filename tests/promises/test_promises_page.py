import re
from html import unescape

import pytest

from flexsmt_site import proof
from flexsmt_site.ledger import PROMISES, keepers
from flexsmt_site.promises import service
from tests.ground.visitors import Visitor


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_lists_every_promise_once_in_the_order_of_the_ledger(
    visitor: Visitor, language: str
) -> None:
    page = visitor.get(f"/{language}/promises").text

    assert re.findall(r'<tr id="([^"]+)">', page) == list(PROMISES)
    for promise in PROMISES.values():
        assert promise.title[language] in unescape(page)
        assert f'href="/{language}/privacy#{promise.id}"' in page


@pytest.mark.promise("P0.2a")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_people_keep_is_shown_with_who_answers_for_it(visitor: Visitor, language: str) -> None:
    page = unescape(visitor.get(f"/{language}/promises").text)
    for promise in PROMISES.values():
        if promise.kind == "people":
            row = page.partition(f'<tr id="{promise.id}">')[2].partition("</tr>")[0]
            assert promise.owner is not None
            assert promise.owner[language] in row
            assert 'class="state people"' in row


def test_every_row_says_what_kind_of_promise_it_is_and_how_it_stands(visitor: Visitor) -> None:
    page = visitor.get("/en/promises").text

    assert page.count('class="state ') == len(PROMISES)


def test_the_counts_add_up(visitor: Visitor) -> None:
    counts = [int(found) for found in re.findall(r"<dd>\s*(\d+)\s*</dd>", visitor.get("/en/promises").text)]

    assert counts[0] == len(PROMISES) == sum(counts[1:])


def test_the_machine_readable_list_says_the_same(visitor: Visitor) -> None:
    data = visitor.get("/promises.json").get_json()

    assert data["sum"] == proof.code_sum()
    assert [row["id"] for row in data["promises"]] == list(PROMISES)
    for row in data["promises"]:
        promise = PROMISES[row["id"]]
        assert (row["kind"], row["title"]) == (promise.kind, promise.title)
        assert row["kept_by"] == [service.name(keeper) for keeper in keepers(promise.id)]
        assert bool(row["owner"]) == bool(row["review"]) == (promise.kind == "people")


def test_a_keeper_is_named_by_where_it_stands(visitor: Visitor) -> None:
    rows = {row["id"]: row for row in visitor.get("/promises.json").get_json()["promises"]}

    assert "contact.service.receive" in rows["P7.3"]["kept_by"]

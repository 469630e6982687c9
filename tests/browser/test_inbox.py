import re
from typing import cast

import pytest
from playwright.sync_api import expect

from tests.browser import members
from tests.browser.conftest import MakeVisitor
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


def member(visitor: MakeVisitor, *, script: bool = True, role: str = "sales") -> Visitor:
    one = visitor(script=script)
    members.enters(one, role)
    return one


def opens_case(one: Visitor, reference: str) -> None:
    one.goes(f"/staff/{one.language}/inbox/{reference}")


def is_focused(one: Visitor, selector: str) -> None:
    expect(one.page.locator(selector)).to_be_focused()


def test_shelves_and_searches_change_the_list_in_place_and_the_address_with_it(visitor: MakeVisitor) -> None:
    reference = visitor().writes()
    one = member(visitor)
    one.goes("/staff/en/inbox")
    one.page.click("#shelf-new")
    is_focused(one, "#inbox-heading")
    one.page.fill("#q", "монтаж")
    one.page.keyboard.press("Enter")
    expect(one.page.locator("#inbox-heading")).to_have_text("New: “монтаж”")
    is_focused(one, "#inbox-heading")

    assert one.page.url.endswith("/inbox?shelf=new&q=%D0%BC%D0%BE%D0%BD%D1%82%D0%B0%D0%B6")
    expect(one.page.get_by_role("link", name=reference)).to_be_visible()
    assert len([url for url in one.urls() if url.endswith("/staff/en/inbox")]) == 1
    one.page.go_back()
    expect(one.page.locator("#inbox-heading")).to_have_text("New")


@SCRIPT
def test_an_enquiry_is_taken_noted_and_answered(visitor: MakeVisitor, *, script: bool) -> None:
    reference = visitor().writes()
    one = member(visitor, script=script)
    opens_case(one, reference)

    one.page.get_by_role("button", name="Take it").click()
    expect(one.page.locator("#stage")).to_have_text("With you")
    if script:
        is_focused(one, ".done")
    one.page.fill("#text", "They call back.")
    one.page.get_by_role("button", name="Save the note").click()
    expect(one.page.locator(".notes")).to_contain_text("They call back.")
    expect(one.page.locator("#text")).to_have_value("")
    one.page.get_by_role("button", name="Mark as answered").click()
    expect(one.page.locator("#stage")).to_have_text("Answered by you")


@SCRIPT
def test_who_comes_second_is_told_and_loses_nothing(visitor: MakeVisitor, *, script: bool) -> None:
    reference = visitor().writes()
    first, second = member(visitor), member(visitor, role="admin", script=script)
    for one in (first, second):
        opens_case(one, reference)
    second.page.fill("#text", "half typed")
    first.page.get_by_role("button", name="Take it").click()
    expect(first.page.locator("#stage")).to_have_text("With you")

    second.expects(f"/staff/en/inbox/{reference}/answer", "409")
    second.page.get_by_role("button", name="Mark as answered").click()
    expect(second.page.locator(".notice")).to_contain_text("sales-of-all@example.com took it:")
    is_focused(second, ".notice")
    expect(second.page.locator("#text")).to_have_value("half typed")


def test_a_lost_connection_leaves_the_page_as_it_is_and_says_so(visitor: MakeVisitor) -> None:
    reference = visitor().writes()
    one = member(visitor)
    opens_case(one, reference)
    one.page.fill("#text", "half typed")
    path = f"/staff/en/inbox/{reference}/note"
    one.expects(path, "ERR_FAILED")
    one.expects(cast("str", one.page.get_attribute("script[src*=htmx]", "src")), "Failed to fetch")
    one.page.route(f"**{path}", lambda route: route.abort())
    one.page.get_by_role("button", name="Save the note").click()
    expect(one.page.locator("#staff-status")).to_contain_text("The connection was lost")
    expect(one.page.locator("#text")).to_have_value("half typed")


@SCRIPT
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_is_saved_and_says_when_it_is_done(
    visitor: MakeVisitor, kind: str, *, script: bool
) -> None:
    visitor().writes()
    one = member(visitor, script=script)
    one.goes("/staff/en/inbox/export")
    one.page.check(f"input[value={kind}]")
    with one.page.expect_download() as saved:
        one.page.get_by_role("button", name="Download the file").click()

    assert re.fullmatch(rf"enquiries-\d{{4}}-\d\d-\d\d\.{kind}", saved.value.suggested_filename)
    assert saved.value.path().read_bytes()[:2] == ("\ufeff".encode()[:2] if kind == "csv" else b"PK")
    if script:
        expect(one.page.locator("#export-status")).to_have_text("The file is ready.")

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MakeVisitor
from tests.browser.live import LiveSite
from tests.browser.looks import tab_to
from tests.browser.scenes import READ
from tests.browser.visitor import LANGUAGES, TYPED, Visitor

pytestmark = pytest.mark.browser

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
#: Each language and each way once, where all four would say no more.
EITHER = pytest.mark.parametrize(
    ("language", "script"), [("en", True), ("ru", False)], ids=["en, script", "ru, no script"]
)
BANNER = "#consent-banner"
IN_BANNER = "Boolean(document.activeElement.closest('#consent-banner'))"
HELD = "({local: localStorage.length, session: sessionStorage.length, cookie: document.cookie})"


def has_chosen(one: Visitor, choice: str) -> None:
    """The device says ``choice`` for the one purpose, and nothing else but the receipt of a yes."""
    kept = one.kept()
    assert kept.pop("consent").endswith(f".{choice}")
    assert set(kept) == ({"consent_receipt"} if choice == "1" else set())


@pytest.mark.promise("P5.3")
@SCRIPT
@pytest.mark.parametrize("language", LANGUAGES)
def test_two_tabs_lead_to_the_banner_and_one_key_refuses(
    visitor: MakeVisitor, language: str, *, script: bool
) -> None:
    one = visitor(language, script=script)
    one.opens("/privacy")
    assert one.focused() == "BODY"

    one.page.keyboard.press("Tab")
    one.page.keyboard.press("Tab")
    assert one.page.evaluate(IN_BANNER)
    one.page.keyboard.press("Tab")
    assert one.page.evaluate("document.activeElement.value") == "reject"
    one.page.keyboard.press("Enter")

    expect(one.page.locator("#consent-done" if script else "#main")).to_be_focused()
    assert one.page.locator(BANNER).count() == 0
    assert one.page.evaluate("scrollY") < 300
    has_chosen(one, "0")


@pytest.mark.promise("P5.3")
@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_refusal_no_page_asks_again_or_stores_anything_else(
    visitor: MakeVisitor, language: str
) -> None:
    one = visitor(language)
    one.opens("/")

    one.decides("reject")

    for page in READ:
        one.opens(page)
        assert one.page.locator(f"{BANNER}, #consent-withdraw").count() == 0
        assert one.page.evaluate(HELD) == {"local": 0, "session": 0, "cookie": ""}
    has_chosen(one, "0")


@pytest.mark.promise("P2.5")
@EITHER
def test_from_every_page_one_click_withdraws_as_one_click_agreed(
    visitor: MakeVisitor, language: str, *, script: bool
) -> None:
    one = visitor(language, script=script)
    listed = re.findall(rf"/{language}(/[^<]*)</loc>", one.site.ask("/sitemap.xml").body)
    assert set(listed) <= set(READ)
    one.expects(f"/{language}/nowhere", "404")
    for page in (*READ, "/nowhere"):
        one.context.clear_cookies()
        one.opens(page)

        one.decides("accept", "#consent-choices" if page == "/settings" else BANNER)
        has_chosen(one, "1")
        one.decides("reject", "#consent-withdraw")

        has_chosen(one, "0")
        assert one.page.locator("#consent-withdraw").count() == 0
        assert one.focused() in ("consent-done", "main")
        assert one.page.locator("[id=consent-done]").count() <= 1


@EITHER
def test_a_choice_in_the_settings_needs_nothing_but_the_keyboard(
    visitor: MakeVisitor, language: str, *, script: bool
) -> None:
    one = visitor(language, script=script)
    one.opens("/")
    tab_to(one, f"/{language}/settings")
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**/settings")
    box = one.page.locator("#purpose-preferences")
    save = one.page.inner_text("#consent-choices [value=save]")

    for choice in "1", "0":
        assert box.is_checked() == (choice == "0")
        tab_to(one, "purpose-preferences")
        one.page.keyboard.press("Space")
        tab_to(one, save)
        with one.page.expect_navigation():
            one.page.keyboard.press("Enter")
        assert one.focused() == "cookies"
        has_chosen(one, choice)


@pytest.mark.promise("P5.1", "P5.3")
@pytest.mark.parametrize("language", LANGUAGES)
def test_reading_scrolling_writing_and_escape_choose_nothing(visitor: MakeVisitor, language: str) -> None:
    one = visitor(language)
    one.opens("/privacy")

    one.page.mouse.wheel(0, 3000)
    one.page.keyboard.press("Escape")
    one.page.click("h1")
    one.page.focus(f"{BANNER} [value=accept]")
    one.page.keyboard.press("Escape")
    one.writes()

    assert one.page.locator(BANNER).is_visible()
    assert one.context.cookies() == []
    assert not any(url.endswith("/consent") for url in one.posts())


@pytest.mark.parametrize(("language", "decision"), [("en", "accept"), ("ru", "reject")])
def test_a_half_typed_form_survives_the_choice_and_is_sent(
    visitor: MakeVisitor, language: str, decision: str
) -> None:
    one = visitor(language)
    one.opens("/contact")
    one.fills_in("Half-typed")
    button = one.page.locator("#contact-form button.button")
    words = button.inner_text()
    one.page.evaluate("scrollTo(0, 400)")

    # As with a mouse: Playwright's own click may scroll before it presses.
    box = one.page.locator(f"{BANNER} [value={decision}]").bounding_box()
    assert box
    one.page.mouse.click(box["x"] + 5, box["y"] + 5)
    expect(one.page.locator("#consent-done")).to_be_focused()

    assert one.page.evaluate("scrollY") == 400
    assert {name: one.value(name) for name in TYPED} == TYPED
    assert one.value("description") == "Half-typed"
    assert one.page.is_checked("#agree")
    assert (button.inner_text(), one.page.inner_text("#form-status").strip()) == (words, "")
    one.page.focus("#city")
    expect(one.page.locator("#consent-done")).not_to_be_in_viewport()
    one.sends()
    assert one.is_received()
    assert ("contact_en" in one.kept()) == (decision == "accept")


@pytest.mark.promise("P2.4")
@SCRIPT
def test_remembered_details_fill_the_form_until_they_are_forgotten(
    visitor: MakeVisitor, *, script: bool
) -> None:
    one = visitor(script=script)
    one.opens("/contact")
    one.decides("accept")
    one.opens("/contact")
    one.fills_in()
    one.sends()
    one.is_received()
    one.opens("/contact")
    assert {name: one.value(name) for name in TYPED} == TYPED
    one.page.fill("#description", "Half-typed")

    one.page.click("#contact-remembered button")
    one.page.wait_for_selector("#contact-remembered", state="detached")

    assert one.focused() == ("contact-forgotten" if script else "BODY")
    assert one.value("description") == ("Half-typed" if script else "")
    has_chosen(one, "1")


@EITHER
def test_a_page_that_asks_for_something_else_by_now_can_refuse_and_asks_before_it_agrees(
    visitor: MakeVisitor, language: str, *, script: bool
) -> None:
    one = visitor(language, script=script)
    one.opens("/privacy")
    one.comes_from_an_older_page(BANNER)
    one.expects("/consent", "422")

    one.page.click(f"{BANNER} [value=accept]")
    alert = one.page.locator("[role=alert]")
    expect(alert).to_be_visible()
    place = BANNER if script else "#consent-choices"
    assert one.focused() == ("consent-banner" if script else "DIV")
    assert one.context.cookies() == []
    one.decides("accept", place)

    has_chosen(one, "1")


@SCRIPT
def test_going_back_and_choosing_once_more_does_no_harm(
    visitor: MakeVisitor, site: LiveSite, *, script: bool
) -> None:
    one = visitor(script=script)
    one.opens("/")
    old = one.page.content()
    one.decides("accept")
    first = one.kept()
    one.opens("/privacy")
    one.page.go_back()
    assert one.page.url.startswith(f"{site.base}/en/")
    # What a browser shows that keeps the page whole when the visitor goes back.
    one.page.route("**/en/", lambda route: route.fulfill(body=old, content_type="text/html"))
    one.opens("/")
    one.decides("accept")
    assert one.kept() == first
    one.opens("/")
    one.decides("reject", clicks=2)
    one.page.wait_for_load_state("networkidle")
    one.page.unroute("**/en/")
    one.opens("/promises")
    has_chosen(one, "0")


@SCRIPT
def test_global_privacy_control_is_a_refusal_that_an_explicit_choice_outweighs(
    visitor: MakeVisitor, *, script: bool
) -> None:
    one = visitor(script=script, extra_http_headers={"Sec-GPC": "1"})
    for page in READ:
        one.opens(page)
        assert one.page.locator(BANNER).count() == 0
    assert one.context.cookies() == []

    one.page.click(".foot nav a[href='/en/settings']")
    assert "Global Privacy Control" in one.page.inner_text("main .state")
    one.page.check("#purpose-preferences")
    one.decides("save", "#consent-choices")

    has_chosen(one, "1")
    assert one.page.is_checked("#purpose-preferences")

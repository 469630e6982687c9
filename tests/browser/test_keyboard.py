import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MakeVisitor
from tests.browser.live import SALES, LiveSite
from tests.browser.looks import tab_to
from tests.browser.visitor import LANGUAGES, TYPED, Visitor

pytestmark = pytest.mark.browser

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


def type_into(one: Visitor, name: str, text: str) -> None:
    tab_to(one, name)
    one.page.keyboard.type(text)


def completes_by_keys(one: Visitor) -> None:
    """Fill in the form from its first field on, and send it."""
    keys = one.page.keyboard
    keys.type(TYPED["first_name"])
    type_into(one, "last_name", TYPED["last_name"])
    type_into(one, "email", TYPED["email"])
    type_into(one, "company", TYPED["company"])
    tab_to(one, "country")
    keys.press("ArrowDown")
    type_into(one, "city", TYPED["city"])
    type_into(one, "description", "One\nTwo")
    tab_to(one, "agree")
    keys.press("Space")
    tab_to(one, one.page.inner_text("#contact-form button.button"))
    keys.press("Space")


@SCRIPT
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_journey_needs_nothing_but_the_keyboard(
    visitor: MakeVisitor, site: LiveSite, language: str, *, script: bool
) -> None:
    one = visitor(language, script=script)
    keys = one.page.keyboard
    one.opens("/")
    tab_to(one, f"/{language}/contact")
    keys.press("Enter")
    one.page.wait_for_url("**/contact")

    type_into(one, "email", "nobody")
    one.expects(f"/{language}/contact", "422")
    keys.press("Enter")
    one.page.wait_for_selector("#error-summary")
    assert one.focused() == "error-summary"
    tab_to(one, "#first_name")
    keys.press("Enter")
    assert one.focused() == "first_name"

    completes_by_keys(one)
    assert set(site.notices(one.is_received())) == set(SALES.values())
    assert not any(url.endswith("/language") for url in one.posts())


@SCRIPT
@pytest.mark.parametrize("field", ["first_name", "email", "city"])
def test_enter_in_a_field_sends_the_enquiry_and_switches_no_language(
    visitor: MakeVisitor, field: str, *, script: bool
) -> None:
    one = visitor(script=script)
    one.opens("/contact")
    one.page.focus(f"#{field}")
    one.expects("/en/contact", "422")

    one.page.keyboard.press("Enter")
    one.page.wait_for_selector("#error-summary")

    assert one.posts() == [f"{one.site.base}/en/contact"]
    assert one.page.get_attribute("html", "lang") == "en"
    assert one.context.cookies() == []


def test_the_first_stop_skips_to_the_content(visitor: MakeVisitor) -> None:
    one = visitor()
    one.opens("/privacy")

    one.page.keyboard.press("Tab")
    assert one.page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    one.page.keyboard.press("Enter")

    assert one.focused() == "main"


def test_the_focus_never_falls_to_the_body_when_the_form_swaps_itself(visitor: MakeVisitor) -> None:
    one = visitor()
    one.opens("/contact")
    one.page.evaluate(
        """() => {
          window.lost = [];
          addEventListener("htmx:after:swap", () => requestAnimationFrame(() => requestAnimationFrame(
            () => document.activeElement === document.body && window.lost.push("body"))));
        }"""
    )

    for _ in range(3):
        one.meets_errors()
        expect(one.page.locator("#error-summary")).to_be_focused()

    assert one.page.evaluate("window.lost") == []

"""Forced colours, reduced motion, print, and no images."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import MakeVisitor
from tests.browser.scenes import SCENES
from tests.browser.visitor import LANGUAGES

pytestmark = pytest.mark.browser

RING = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 3;
}"""

SLOWEST = """() => Math.max(...[...document.querySelectorAll("*")].flatMap((element) => {
  const style = getComputedStyle(element);
  return [...style.transitionDuration.split(","), ...style.animationDuration.split(",")].map(parseFloat);
}))"""


@pytest.mark.parametrize(
    "name", ["home", "privacy", "contact with errors", "settings", "asked again", "contact, remembered"]
)
def test_in_forced_colours_focus_and_edges_stay(visitor: MakeVisitor, name: str) -> None:
    one = visitor(forced_colors="active")
    SCENES[name](one)
    one.page.evaluate("document.activeElement.blur()")

    for _ in range(12):
        one.page.keyboard.press("Tab")
        assert one.page.evaluate(RING)

    controls = ":is(main, #consent-banner) :is(.button, input:not([type=checkbox]), select):visible"
    for control in one.page.locator(controls).all():
        assert control.evaluate("(element) => getComputedStyle(element).borderTopStyle") == "solid"


@pytest.mark.parametrize("name", ["home", "privacy", "contact", "settings", "404"])
def test_motion_is_short_and_ends_where_it_is_not_wanted(visitor: MakeVisitor, name: str) -> None:
    one = visitor()
    SCENES[name](one)
    assert one.page.evaluate(SLOWEST) == 0

    one.page.emulate_media(reduced_motion="no-preference")
    assert one.page.evaluate(SLOWEST) <= 0.15


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_policy_prints_its_numbers_and_addresses_and_no_navigation(
    visitor: MakeVisitor, language: str
) -> None:
    one = visitor(language, color_scheme="dark")
    one.opens("/privacy")
    one.page.emulate_media(media="print")

    hidden = one.page.locator(".nav, .tongue, .toc, .skip, .kept, .anchor, .foot nav, #consent-banner").all()
    assert hidden
    assert [part.inner_text() for part in hidden if part.is_visible()] == []
    assert one.page.locator(".clause").count() == 15
    assert all(number.is_visible() for number in one.page.locator(".clause > h2 > span").all())
    address = "(element) => getComputedStyle(element, '::after').content"
    assert "/contact" in one.page.locator("main a[href$='/contact']").first.evaluate(address)
    paper = one.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    assert one.page.pdf().startswith(b"%PDF")


def test_without_images_the_pages_say_the_same(visitor: MakeVisitor) -> None:
    one = visitor()

    def keep_out(route: Route) -> None:
        one.expects(urlsplit(route.request.url).path, "ERR_FAILED")
        route.abort()

    one.page.route("**/static/img/**", keep_out)
    one.opens("/")

    assert one.page.locator("img").count() == one.page.locator('img[alt=""]').count() > 0
    assert one.page.locator("h1").is_visible()
    assert one.page.inner_text(".mark").strip() == "Flex SMT"

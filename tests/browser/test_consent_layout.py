import pytest

from tests.browser.conftest import MakeVisitor
from tests.browser.looks import FOCUS
from tests.browser.visitor import LANGUAGES

pytestmark = pytest.mark.browser

BANNER = "#consent-banner"

#: What the visitor sees and what lies behind a scrollbar.
MEASURES = """(banner) => {
  const box = banner.getBoundingClientRect();
  return {
    share: box.height / innerHeight, top: box.top, end: innerHeight - box.bottom,
    hidden: banner.scrollHeight - banner.clientHeight, place: getComputedStyle(banner).position,
  };
}"""

#: Every computed style of an element, with its size.
STYLES = """(button) => {
  const style = getComputedStyle(button), box = button.getBoundingClientRect();
  return {
    ...Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)])),
    box: [box.width, box.height],
  };
}"""

PAINTS = """() => new Promise((tell) => {
  const seen = {shift: 0, largest: null};
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { seen.shift += entry.value; }))
    .observe({type: "layout-shift", buffered: true});
  new PerformanceObserver((list) => {
    const last = list.getEntries().at(-1);
    seen.largest = {banner: Boolean(last.element?.closest("#consent-banner")), at: last.startTime};
    seen.first = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  }).observe({type: "largest-contentful-paint", buffered: true});
  setTimeout(() => tell(seen), 200);
})"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_banner_takes_at_most_half_of_the_smallest_phone_and_is_seen_whole(
    visitor: MakeVisitor, language: str
) -> None:
    one = visitor(language, viewport={"width": 320, "height": 568})
    one.opens("/")
    banner = one.page.locator(BANNER)

    for width, height, most in ((320, 568, 0.5), (360, 740, 0.4), (768, 1024, 0.2), (1440, 900, 0.15)):
        one.page.set_viewport_size({"width": width, "height": height})
        found = banner.evaluate(MEASURES)
        assert found["share"] <= most, f"at {width} px"
        assert (found["place"], found["hidden"]) == ("sticky", 0), f"at {width} px"
        assert abs(found["end"]) < 1, f"at {width} px"

    one.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    foot = one.page.locator(".foot").bounding_box()
    assert foot
    assert abs(foot["y"] + foot["height"] - banner.evaluate(MEASURES)["top"]) < 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_low_window_has_the_banner_above_the_page_and_not_over_it(
    visitor: MakeVisitor, language: str
) -> None:
    one = visitor(language)
    one.opens("/contact")

    # The first is a window of 1280 × 1024 at 400 % zoom.
    for width, height in ((320, 256), (640, 400), (1280, 470)):
        one.page.set_viewport_size({"width": width, "height": height})
        found = one.page.locator(BANNER).evaluate(MEASURES)
        head = one.page.locator(".head").bounding_box()
        assert (found["place"], found["top"], found["hidden"]) == ("static", 0, 0)
        assert head
        assert abs(head["y"] - found["share"] * height) < 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusing_looks_exactly_like_accepting(visitor: MakeVisitor, language: str) -> None:
    one = visitor(language)
    one.opens("/")
    buttons = [one.page.locator(f"{BANNER} [value={name}]") for name in ("reject", "accept")]

    for mode in ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
        one.page.emulate_media(**mode)  # type: ignore[arg-type]
        for width in (320, 768, 1440):
            one.page.set_viewport_size({"width": width, "height": 800})
            reject, accept = (button.evaluate(STYLES) for button in buttons)
            assert {
                name: (reject[name], accept[name]) for name in reject if reject[name] != accept[name]
            } == {}


@pytest.mark.parametrize("size", [(360, 740), (1280, 720)], ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_moves_and_the_banner_delays_no_paint(
    visitor: MakeVisitor, language: str, size: tuple[int, int]
) -> None:
    one = visitor(language, viewport={"width": size[0], "height": size[1]})
    for page in ("/", "/privacy", "/contact"):
        one.opens(page)
        seen = one.page.evaluate(PAINTS)

        assert seen["shift"] == 0, page
        if page == "/" or (page == "/privacy" and size[0] > 1000):
            assert not seen["largest"]["banner"], page
        assert not seen["largest"]["banner"] or seen["largest"]["at"] == seen["first"], page

    one.decides("reject")
    assert one.page.evaluate(PAINTS)["shift"] == 0


def test_the_banner_never_hides_what_has_the_focus(visitor: MakeVisitor) -> None:
    one = visitor("ru", viewport={"width": 320, "height": 568})
    for page in ("/contact", "/"):
        one.opens(page)
        hidden = []
        for _ in range(40):
            one.page.keyboard.press("Tab")
            found = one.page.evaluate(FOCUS)
            if found["body"]:
                break
            if not found["seen"]:
                hidden.append(found["where"])
        assert hidden == [], page


def test_coming_to_the_banner_by_keys_leaves_the_page_where_it_is(visitor: MakeVisitor) -> None:
    one = visitor("ru", viewport={"width": 320, "height": 568})
    one.opens("/privacy")
    one.page.evaluate("scrollTo(0, 2000)")

    one.page.focus(f"{BANNER} [value=accept]")

    assert one.page.evaluate("scrollY") == 2000

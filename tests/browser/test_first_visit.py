"""What comes to a new visitor: few requests, few bytes, and htmx only for those who touch a form."""

from typing import cast

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from flexsmt_site import proof
from tests.browser.conftest import MakeVisitor, new_context
from tests.browser.live import LiveSite
from tests.browser.visitor import LANGUAGES, Visitor
from tests.browser.wire import FLIGHT_BYTES, MOST_RATIO, MOST_REQUESTS, fetch_htmx, settles, watch
from tests.ground.visitors import visit

pytestmark = pytest.mark.browser

PAGES = ("/", "/privacy", "/contact", "/settings", "/promises")
BANNER, DONE = "#consent-banner", "#consent-done"
HTMX = "**/static/vendor/htmx-*.js"


@pytest.fixture(scope="session")
def htmx_weight(browser: Browser, site: LiveSite) -> int:
    """What htmx weighs on the wire, as it comes when the banner is touched."""
    one = Visitor(new_context(browser, "en"), site, "en")
    found = watch(one.page)
    one.opens("/")
    weight = fetch_htmx(one.page, found).weight
    one.leaves()
    return weight


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_a_first_visit_is_light(
    visitor: MakeVisitor, site: LiveSite, htmx_weight: int, path: str, language: str
) -> None:
    one = visitor(language)
    found = watch(one.page)
    one.opens(path)
    over_the_wire = settles(one.page, found)

    weights = {fetched.url.removeprefix(site.base): fetched.weight for fetched in over_the_wire}
    page = weights[f"/{language}{path}"]
    assert len(over_the_wire) <= MOST_REQUESTS, weights
    assert page <= FLIGHT_BYTES
    assert sum(weights.values()) <= MOST_RATIO * (page + htmx_weight), weights


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/privacy", "/promises"])
def test_with_a_mark_for_every_promise_a_page_is_one_flight_still(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch, path: str, language: str
) -> None:
    monkeypatch.setattr(proof, "is_proven", lambda _promise: True)
    answer = visit(lone_app).get(f"/{language}{path}", headers={"Accept-Encoding": "br"})

    head = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers)
    assert answer.headers["Content-Encoding"] == "br"
    assert head + len(answer.data) <= FLIGHT_BYTES


def test_a_second_page_is_the_page_alone(visitor: MakeVisitor) -> None:
    one = visitor()
    found = watch(one.page)
    one.opens("/")
    settles(one.page, found)
    found.clear()
    one.opens("/privacy")
    one.page.wait_for_load_state("networkidle")

    assert [fetched.url for fetched in found if fetched.weight] == [f"{one.site.base}/en/privacy"]


@pytest.mark.parametrize(
    ("path", "control"), [("/privacy", f"{BANNER} a"), ("/contact", "#first_name"), ("/", f"{BANNER} button")]
)
def test_htmx_comes_once_a_form_that_it_serves_is_touched(
    visitor: MakeVisitor, path: str, control: str
) -> None:
    one = visitor()
    found = watch(one.page)
    one.opens(path)
    one.page.mouse.wheel(0, 2000)
    one.page.focus("h1 >> xpath=ancestor::main")
    settles(one.page, found)
    assert not any("/htmx" in url for url in one.urls())

    one.page.hover(control)
    one.page.focus(control)
    fetch_htmx(one.page, found)
    assert [url for url in one.urls() if "/htmx" in url] == [fetched.url for fetched in found[-1:]]


def _sends_at_once(page: Page, clicks: int = 1) -> None:
    """Send the banner's form before the browser can have fetched anything for it."""
    page.eval_on_selector(
        f"{BANNER} [value=reject]", "(button, clicks) => { while (clicks--) button.click(); }", clicks
    )


def test_what_is_sent_before_htmx_has_come_waits_and_is_sent_once(visitor: MakeVisitor) -> None:
    one = visitor()
    held: list[Route] = []
    one.page.route(HTMX, lambda route: held.append(route))  # noqa: PLW0108
    one.opens("/privacy")

    _sends_at_once(one.page, clicks=3)
    for _ in range(600):
        if held:
            break
        one.page.wait_for_timeout(50)
    assert (one.posts(), len(held)) == ([], 1)
    held[0].continue_()

    expect(one.page.locator(DONE)).to_be_focused()
    assert one.posts() == [f"{one.site.base}/consent"]


def test_where_htmx_does_not_come_forms_are_plain_ones(visitor: MakeVisitor) -> None:
    one = visitor()
    one.opens("/")
    one.expects(cast("str", one.page.get_attribute("meta[name=htmx]", "content")), "ERR_FAILED")
    one.page.route(HTMX, lambda route: route.abort())

    with one.page.expect_navigation():
        _sends_at_once(one.page)
    assert one.focused() == "main"
    assert one.page.locator(BANNER).count() == 0
    assert one.writes().startswith("FX-")


def test_where_htmx_did_not_come_it_is_fetched_with_the_next_touch(visitor: MakeVisitor) -> None:
    one = visitor()
    one.opens("/contact")
    one.expects(cast("str", one.page.get_attribute("meta[name=htmx]", "content")), "ERR_FAILED")
    one.page.route(HTMX, lambda route: route.abort(), times=1)
    with one.page.expect_event("requestfailed"):
        one.page.focus("#first_name")

    with one.page.expect_event("requestfinished", lambda request: "/htmx" in request.url):
        one.page.focus("#city")
    assert one.writes().startswith("FX-")


def test_where_htmx_is_long_in_coming_nobody_waits_for_it(visitor: MakeVisitor) -> None:
    one = visitor()
    one.page.clock.install(time=0)
    one.page.route(HTMX, lambda _route: None)
    one.opens("/")
    # The clock goes on by itself until it is stopped: an hour later, when the page is at rest.
    one.page.clock.pause_at(3_600)

    _sends_at_once(one.page)
    one.page.clock.run_for(3_900)
    assert one.posts() == []
    with one.page.expect_navigation():
        one.page.clock.run_for(200)
    assert one.posts() == [f"{one.site.base}/consent"]

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Response

from tests.browser.conftest import SWITCHES, MakeVisitor, new_context
from tests.browser.live import LiveSite
from tests.browser.scenes import READ, UNDECIDED
from tests.browser.visitor import LANGUAGES, LOCALES, Visitor

pytestmark = pytest.mark.browser

STORED = """async () => ({
  local: localStorage.length, session: sessionStorage.length, cookie: document.cookie,
  caches: await caches.keys(), databases: await indexedDB.databases(),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""
NOTHING = {"local": 0, "session": 0, "cookie": "", "caches": [], "databases": [], "workers": 0}


def setting_cookies(responses: list[Response]) -> list[str]:
    return [response.url for response in responses if "set-cookie" in response.all_headers()]


@pytest.mark.promise("P4.1")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_read_without_cookies_and_without_script(visitor: MakeVisitor, language: str) -> None:
    one = visitor(language, script=False)

    answers = {page: one.opens(page).status for page in READ}

    assert answers == dict.fromkeys(READ, 200)
    assert setting_cookies(one.responses) == []
    assert one.context.cookies() == []


@dataclass(frozen=True)
class Seen:
    """What a page showed and left behind."""

    language: str
    foot: str
    links_to_policy: bool
    stored: dict[str, Any]


@dataclass(frozen=True)
class Crawl:
    """What one visitor saw who went everywhere and wrote to us."""

    language: str
    pages: dict[str, Seen]
    complaints: list[str]
    cookies: list[Any]
    setting_cookies: list[str]


@pytest.fixture(scope="module", params=LANGUAGES)
def crawl(request: pytest.FixtureRequest, browser: Browser, site: LiveSite) -> Crawl:
    one = Visitor(new_context(browser, request.param), site, request.param)
    pages = {}
    for name, come in UNDECIDED.items():
        come(one)
        foot = one.page.locator(".foot")
        pages[name] = Seen(
            language=str(one.page.get_attribute("html", "lang")),
            foot=foot.inner_text(),
            links_to_policy=foot.locator(f'a[href="/{one.language}/privacy"]').is_visible(),
            stored=one.page.evaluate(STORED),
        )
    cookies, setting = one.context.cookies(), setting_cookies(one.responses)
    complaints = one.complaints()
    one.leaves()
    return Crawl(one.language, pages, complaints, list(cookies), setting)


@pytest.mark.promise("P4.1", "P5.1")
def test_reading_everything_and_writing_to_us_stores_nothing_on_the_device(crawl: Crawl) -> None:
    assert {name: page.stored for name, page in crawl.pages.items()} == dict.fromkeys(UNDECIDED, NOTHING)
    assert (crawl.cookies, crawl.setting_cookies) == ([], [])


@pytest.mark.promise("P11.1")
def test_no_page_asks_another_host_or_breaks_the_content_security_policy(crawl: Crawl) -> None:
    assert set(crawl.pages) == set(UNDECIDED)
    assert crawl.complaints == []


@pytest.mark.promise("P0.1")
def test_every_page_leads_to_the_policy_with_its_version_and_date(crawl: Crawl) -> None:
    words = {"en": r"Version \d+ of \d+ \w+ \d{4}", "ru": r"\w+ \d+ от \d+ \w+ \d{4}"}[crawl.language]
    for name, page in crawl.pages.items():
        assert page.language == crawl.language, name
        assert page.links_to_policy, name
        assert re.search(words, page.foot), name


@pytest.mark.promise("P11.1")
def test_the_browser_lets_no_page_ask_another_host(visitor: MakeVisitor) -> None:
    one = visitor()
    one.opens("/")

    blocked = one.page.evaluate(
        """() => new Promise((tell) => {
          addEventListener("securitypolicyviolation", (event) => tell(event.effectiveDirective));
          new Image().src = "http://127.0.0.2:9/pixel.gif";
        })"""
    )

    assert blocked == "img-src"
    assert one.complaints()
    one.said.clear()
    one.requests.clear()


@pytest.fixture
def refusing(browser_type: BrowserType, chromium: str, site: LiveSite, tmp_path: Path) -> Iterator[Visitor]:
    """A visitor whose browser is set to take no cookie and no storage of any site."""
    (tmp_path / "Default").mkdir()
    kept_out = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(kept_out), "utf-8")
    context = browser_type.launch_persistent_context(
        tmp_path, executable_path=chromium, args=SWITCHES, locale=LOCALES["en"]
    )
    one = Visitor(context, site, "en")
    yield one
    one.leaves()
    assert one.complaints() == []


@pytest.mark.promise("P5.5")
def test_everything_works_in_a_browser_that_refuses_cookies(refusing: Visitor) -> None:
    one = refusing
    for page in READ:
        assert one.opens(page).status == 200
    one.opens("/contact")
    one.meets_errors()
    one.page.fill("#city", "Омск")

    with one.page.expect_navigation():
        one.page.click(".head button[name=language]")
    one.language = "ru"
    assert one.page.get_attribute("html", "lang") == "ru"
    assert one.value("city") == "Омск"
    one.fills_in()
    one.sends()

    assert one.is_received().startswith("FX-")
    one.decides("accept")
    one.opens("/")
    assert one.page.locator("#consent-banner").is_visible()
    assert one.context.cookies() == []

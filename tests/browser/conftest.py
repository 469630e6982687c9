"""A live site, a browser, and visitors who must leave without a complaint."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, Never

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, expect, sync_playwright

from tests.browser.live import LiveSite
from tests.browser.visitor import LOCALES, Visitor

#: Pages of the browser's own address bar: two processes for each window, that nobody looks at.
OMNIBOX = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup")
PLAYWRIGHTS_OWN = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
SWITCHES = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    # The last such switch alone counts: what Playwright turns off itself stands here, too.
    "--disable-features=" + ",".join([*PLAYWRIGHTS_OWN, *OMNIBOX]),
]

MakeVisitor = Callable[..., Visitor]

# As long as a page may take on a machine that is busy with something else.
expect.set_options(timeout=60_000)


def lacking(what: str) -> Never:
    """Skip with a visible reason, or fail where a browser is required."""
    if os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(f"REQUIRE_BROWSER is set, but {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with LiveSite(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> str:
    return shutil.which("chromium") or lacking("no program `chromium` is on the path")


@pytest.fixture(scope="session")
def browser_type(chromium: str) -> Iterator[BrowserType]:
    assert chromium
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(chromium: str, browser_type: BrowserType) -> Iterator[Browser]:
    launched = browser_type.launch(executable_path=chromium, args=SWITCHES)
    yield launched
    launched.close()


@pytest.fixture
def visitor(browser: Browser, site: LiveSite) -> Iterator[MakeVisitor]:
    """Make visitors by language; ``script=False`` for one without JavaScript."""
    made: list[Visitor] = []

    def make(language: str = "en", *, script: bool = True, **options: Any) -> Visitor:
        made.append(Visitor(new_context(browser, language, script=script, **options), site, language))
        return made[-1]

    yield make
    for one in made:
        one.leaves()
    assert [complaint for one in made for complaint in one.complaints()] == []


def new_context(browser: Browser, language: str, *, script: bool = True, **options: Any) -> BrowserContext:
    """Open a fresh context: nothing stored, and nothing moves while a test looks."""
    return browser.new_context(
        locale=LOCALES[language], java_script_enabled=script, reduced_motion="reduce", **options
    )

"""What a first visit costs: requests and bytes of every page, and how soon the policy can be read."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.bench import places
from tests.bench.figures import Benchmark, Limit, Row, middle
from tests.browser.conftest import SWITCHES, new_context
from tests.browser.live import LiveSite
from tests.browser.visitor import LANGUAGES
from tests.browser.wire import FLIGHT_BYTES, MOST_RATIO, MOST_REQUESTS, Fetched, fetch_htmx, settles, watch

PAGES = {
    "home": "/",
    "policy": "/privacy",
    "contact": "/contact",
    "settings": "/settings",
    "promises": "/promises",
}
LOADS = 7
#: A phone of the middle class on a slow mobile network.
SLOWER_CPU, ROUND_TRIP_MS, DOWN_BITS, UP_BITS = 4, 150, 1.6e6, 0.75e6
READABLE, BLOCKED, SHIFTED = Limit(1.2), Limit(50), Limit(0)

#: Notes what the browser tells of a load; no page could run it, but the browser's driver may.
_NOTE = """
window.told = {shown: 0, blocked: 0, shifted: 0};
const hear = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take))
  .observe({type, buffered: true});
hear("largest-contentful-paint", (entry) => { told.shown = entry.startTime / 1000; });
hear("longtask", (entry) => { told.blocked += Math.max(0, entry.duration - 50); });
hear("layout-shift", (entry) => { told.shifted += entry.value; });
"""


def measure(loads: int = LOADS) -> Iterator[Row]:
    """Visit every page with an empty cache, then load the policy again and again as a slow phone does."""
    program = shutil.which("chromium")
    if program is None:
        yield Row("first visit", None, "", None, "no program `chromium` is on the path", 10)
        return
    with places.folder() as folder, LiveSite(folder) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield from _weighed(browser, site)
        for language in LANGUAGES:
            yield from _timed(browser, f"{site.base}/{language}/privacy", language, loads)
        browser.close()


def _weighed(browser: Browser, site: LiveSite) -> Iterator[Row]:
    with _newcomer(browser, "en") as page:
        found = watch(page)
        page.goto(f"{site.base}/en/")
        htmx = fetch_htmx(page, found).weight
    for name, path in PAGES.items():
        for language in LANGUAGES:
            with _newcomer(browser, language) as page:
                found = watch(page)
                page.goto(f"{site.base}/{language}{path}")
                yield from _rows(f"{name}, {language}", page.url, settles(page, found), htmx)


def _rows(name: str, url: str, fetched: list[Fetched], htmx: int) -> Iterator[Row]:
    total = sum(one.weight for one in fetched)
    page = next(one.weight for one in fetched if one.url == url)
    others = ", ".join(f"{one.url.rpartition('.')[2]} {one.weight:,}" for one in fetched if one.url != url)
    yield Row(f"{name}: requests", float(len(fetched)), "", Limit(MOST_REQUESTS), f"the page, {others}", 10)
    yield Row(f"{name}: the page itself", float(page), "B", Limit(FLIGHT_BYTES), "one flight of TCP", 10)
    told = f"{total:,} B; with htmx, once a form is touched, {(total + htmx) / (page + htmx):.2f} ×"
    yield Row(f"{name}: all bytes", total / (page + htmx), "×", Limit(MOST_RATIO), told, 10)


def _timed(browser: Browser, url: str, language: str, loads: int) -> Iterator[Row]:
    told = [_load(browser, url, language) for _ in range(loads)]
    for name, key, unit, limit in (
        ("largest contentful paint", "shown", "s", READABLE),
        ("total blocking time", "blocked", "ms", BLOCKED),
        ("cumulative layout shift", "shifted", "", SHIFTED),
    ):
        values = [one[key] for one in told]
        spread = f"median of {loads} loads, from {min(values):.2f} to {max(values):.2f}"
        yield Row(f"policy, {language}: {name}", middle(values), unit, limit, spread)


def _load(browser: Browser, url: str, language: str) -> dict[str, float]:
    """Load a page once, with nothing kept of an earlier load, and return what the browser told."""
    with _newcomer(browser, language) as page:
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": ROUND_TRIP_MS,
                "downloadThroughput": DOWN_BITS / 8,
                "uploadThroughput": UP_BITS / 8,
            },
        )
        page.add_init_script(_NOTE)
        page.goto(url, wait_until="networkidle")
        page.wait_for_timeout(500)
        return {name: float(value) for name, value in page.evaluate("told").items()}


@contextmanager
def _newcomer(browser: Browser, language: str) -> Iterator[Page]:
    context: BrowserContext = new_context(browser, language, viewport={"width": 360, "height": 740})
    try:
        yield context.new_page()
    finally:
        context.close()


BENCHMARK = Benchmark(
    "visit",
    "The first visit",
    "What Chromium fetches with an empty cache until a page is at rest: document, style, own script and "
    "icon, with their headers and packed with brotli; × is the ratio to page and htmx together. Then the "
    f"policy as a phone of the middle class loads it: processor {SLOWER_CPU} times slower, round trip "
    f"{ROUND_TRIP_MS} ms, 1.6 Mbit/s down and 0.75 up, in a window of 360 × 740.",
    measure,
)

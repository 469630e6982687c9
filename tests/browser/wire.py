"""What a browser fetches for a page, as it counts the bytes on the wire itself: headers and packed bodies."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import CDPSession, Page

#: A first flight of TCP is ten packets of 1,460 bytes (RFC 6928); the rest is for what a proxy adds.
FLIGHT_BYTES = 14_000
#: A page and htmx are what cannot be less; style, own script and icon may be a quarter of that.
MOST_REQUESTS, MOST_RATIO = 4, 1.25


@dataclass(frozen=True)
class Fetched:
    """One answer; it weighs nothing where the browser had it already."""

    url: str
    weight: int


def watch(page: Page) -> list[Fetched]:
    """Return a list that fills while the page fetches; the browser's own request for the icon is among it."""
    found: list[Fetched] = []
    urls: dict[str, str] = {}

    def note(event: dict[str, Any]) -> None:
        found.append(Fetched(urls[event["requestId"]], int(event["encodedDataLength"])))

    session: CDPSession = page.context.new_cdp_session(page)
    session.on(
        "Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]})
    )
    session.on("Network.loadingFinished", note)
    session.send("Network.enable")
    return found


def settles(page: Page, found: list[Fetched]) -> list[Fetched]:
    """Wait until the page is at rest and has its icon; return what was fetched over the network."""
    page.wait_for_load_state("networkidle")
    icon = str(page.locator("link[rel=icon]").evaluate("(link) => link.href"))
    for _ in range(1_200):
        # The mark of the page and the icon are one file, which the browser asks for twice.
        if sum(one.url == icon for one in found) > 1:
            return [one for one in found if one.weight]
        page.wait_for_timeout(50)
    raise AssertionError(f"the browser did not ask for its icon: {[one.url for one in found]}")


def fetch_htmx(page: Page, found: list[Fetched]) -> Fetched:
    """Touch a form that htmx serves, as a visitor's keyboard does; return what came."""
    page.locator("form[data-hx-post] :is(a, button, input:not([type=hidden]))").first.focus()
    for _ in range(1_200):
        came = [one for one in found if "/htmx" in one.url]
        if came:
            return came[0]
        page.wait_for_timeout(50)
    raise AssertionError("htmx was not fetched")

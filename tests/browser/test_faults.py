"""What a visitor meets when the answer does not come from us, or does not come at all."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import MakeVisitor
from tests.browser.visitor import LANGUAGES, TYPED, Visitor

pytestmark = pytest.mark.browser

PAGE = "<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>{}</h1></body></html>"
PORTAL = "<!DOCTYPE html><html><body><form id='login'><h1>Welcome to our hotel</h1></form></body></html>"

Fault = Callable[[Route], None]


def answers(status: int, body: str = "") -> Fault:
    return lambda route: route.fulfill(
        status=status, content_type="text/html", body=body or PAGE.format(f"Error {status}")
    )


def breaks(error: str) -> Fault:
    return lambda route: route.abort(error)


#: name: the fault, the reason that the page must give, what the console may say
FAULTS: dict[str, tuple[Fault, str, str]] = {
    "502 of a proxy": (answers(502), "down", "502"),
    "503": (answers(503), "down", "503"),
    "500": (answers(500), "down", "500"),
    "413 of a proxy": (answers(413), "large", "413"),
    "429": (answers(429), "many", "429"),
    "403": (answers(403), "refused", "403"),
    "404": (answers(404), "failed", "404"),
    "200 of somebody else": (answers(200, PORTAL), "failed", "no message"),
    "connection refused": (breaks("connectionrefused"), "offline", "ERR_CONNECTION_REFUSED"),
    "connection reset": (breaks("connectionreset"), "offline", "ERR_CONNECTION_RESET"),
    "name not found": (breaks("namenotresolved"), "offline", "ERR_NAME_NOT_RESOLVED"),
}


def allow(one: Visitor, reason: str) -> None:
    one.expects(f"/{one.language}/contact", reason)
    # htmx tells its own trouble too, as coming from its file.
    htmx = next(request.url for request in one.requests if "/htmx" in request.url)
    one.expected.add((htmx.removeprefix(one.site.base), "htmx:error"))


def fails(one: Visitor, reason: str, description: str) -> None:
    """The visitor is told the reason, keeps the text, and can send again."""
    status = one.page.locator("#form-status")
    text = str(status.get_attribute(f"data-{reason}"))
    expect(status).to_have_text(text)
    assert status.get_attribute("aria-live") == "polite"
    assert status.is_visible()
    assert {name: one.value(name) for name in TYPED} == TYPED
    assert one.value("description") == description
    assert one.page.is_checked("#agree")
    button = one.page.locator("#contact-form button.button")
    button.and_(one.page.locator(":not([aria-disabled])")).wait_for()
    assert button.inner_text() == {"en": "Send the enquiry", "ru": "Отправить обращение"}[one.language]
    assert one.focused() != "BODY"


@pytest.mark.parametrize("name", FAULTS)
def test_what_was_typed_stays_and_the_reason_is_said(visitor: MakeVisitor, name: str) -> None:
    fault, reason, console = FAULTS[name]
    one = visitor("ru")
    one.opens("/contact")
    one.fills_in("Строка\nи ещё одна")
    allow(one, console)

    one.page.route("**/contact", fault)
    one.sends()
    fails(one, reason, "Строка\nи ещё одна")

    one.page.unroute("**/contact")
    one.sends()
    assert one.is_received()


@pytest.mark.parametrize("language", LANGUAGES)
def test_offline_nothing_is_lost(visitor: MakeVisitor, language: str) -> None:
    one = visitor(language)
    one.opens("/contact")
    one.fills_in("Offline")
    allow(one, "ERR_INTERNET_DISCONNECTED")

    one.context.set_offline(True)
    one.sends()
    fails(one, "offline", "Offline")

    one.context.set_offline(False)
    one.sends()
    assert one.is_received()


def test_an_answer_that_does_not_come_in_time_is_given_up(visitor: MakeVisitor) -> None:
    one = visitor()
    one.page.clock.install()
    one.opens("/contact")
    one.fills_in("Late")
    allow(one, "ERR_ABORTED")
    held: list[Route] = []
    one.page.route("**/contact", lambda route: held.append(route))  # noqa: PLW0108

    one.sends()
    expect(one.page.locator("#form-status")).not_to_be_empty()
    assert one.page.locator("button[aria-disabled]").count() == 1
    one.page.clock.run_for(31_000)
    fails(one, "late", "Late")

    one.page.unroute("**/contact")
    one.sends()
    assert one.is_received()


def test_an_answer_that_was_lost_on_the_way_makes_no_second_enquiry(visitor: MakeVisitor) -> None:
    one = visitor()
    one.opens("/contact")
    one.fills_in("Once")
    allow(one, "ERR_CONNECTION_RESET")
    before = one.site.enquiries()

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    one.page.route("**/contact", lose)
    one.sends()
    fails(one, "offline", "Once")
    one.page.unroute("**/contact")
    one.sends()
    one.is_received()

    assert one.site.enquiries() == before + 1

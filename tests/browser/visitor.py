"""A visitor with a browser, who complains about every fault that the browser reports."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, expect

from tests.browser.live import LiveSite

LOCALES = {"en": "en-GB", "ru": "ru-RU"}
LANGUAGES = tuple(LOCALES)

#: What is typed into the form; the description is left to the test.
TYPED = {
    "first_name": "Анна-Мария",
    "last_name": "O’Connor-Ёлкина",
    "email": "anna@example.com",
    "company": "ООО «Монтаж & Co»",
    "city": "Набережные Челны",
}


class Visitor:
    """One visitor: a browser context with one page, and the language that its reader wants."""

    def __init__(self, context: BrowserContext, site: LiveSite, language: str) -> None:
        self.context = context
        self.site = site
        self.language = language
        self.page: Page = context.new_page()
        self.page.set_default_timeout(60_000)
        self.said: list[tuple[str, str]] = []
        self.requests: list[Request] = []
        self.responses: list[Response] = []
        self.expected: set[tuple[str, str]] = set()
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.said.append((str(error.error), "")))
        # Playwright sets attributes on handlers, which a list's own method does not take.
        context.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108
        context.on("response", lambda response: self.responses.append(response))  # noqa: PLW0108

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append((message.text, message.location["url"]))

    def goes(self, path: str) -> Response:
        """Open a path; ``/contact`` means the page in the visitor's language."""
        response = self.page.goto(f"{self.site.base}{path}")
        assert response is not None
        return response

    def opens(self, page: str) -> Response:
        return self.goes(f"/{self.language}{page}")

    def expects(self, path: str, reason: str) -> None:
        """Allow one kind of message in the console: that ``path`` was answered for ``reason``."""
        self.expected.add((path, reason))

    def complaints(self) -> list[str]:
        """Return faults in the console, and requests to other hosts."""
        faults = [
            f"{text} ({url})"
            for text, url in self.said
            if not any(urlsplit(url).path == path and reason in text for path, reason in self.expected)
        ]
        own = urlsplit(self.site.base).netloc
        return faults + [f"asked another host: {url}" for url in self.urls() if urlsplit(url).netloc != own]

    def urls(self) -> list[str]:
        return [request.url for request in self.requests if not request.url.startswith("about:")]

    def posts(self) -> list[str]:
        return [request.url for request in self.requests if request.method == "POST"]

    def fills_in(self, description: str = "Добрый день.", **other: str) -> None:
        for name, value in {**TYPED, "description": description, **other}.items():
            self.page.fill(f"#{name}", value)
        self.page.select_option("#country", "RU")
        self.page.check("#agree")

    def sends(self) -> None:
        self.page.click("#contact-form button.button")

    def meets_errors(self) -> None:
        """Send what is in the form, and wait for the summary of errors."""
        self.expects(f"/{self.language}/contact", "422")
        self.sends()
        self.page.wait_for_selector("#error-summary")

    def is_received(self) -> str:
        """Wait for the page that says so; return the reference."""
        # Not by waiting for a navigation: a second press breaks off the first one's.
        expect(self.page).to_have_url(re.compile("/contact/received/"))
        return self.page.inner_text(".reference")

    def writes(self, description: str = "Добрый день.") -> str:
        self.opens("/contact")
        self.fills_in(description)
        self.sends()
        return self.is_received()

    def is_served_by_htmx(self) -> bool:
        """Tell whether the page's forms answer in place; htmx itself comes when one is touched."""
        has_script = any("/static/js/" in url for url in self.urls())
        return has_script and self.page.locator("meta[name=htmx]").count() == 1

    def decides(self, decision: str, form: str = "#consent-banner", clicks: int = 1) -> None:
        """Press ``reject``, ``accept`` or ``save`` in a form about cookies; wait until it is answered."""
        button = self.page.locator(f"{form} button[value={decision}]")
        if self.is_served_by_htmx() and form != "#consent-choices":
            button.click(click_count=clicks)
            expect(self.page.locator("#consent-done")).to_be_focused()
        else:
            with self.page.expect_navigation():
                button.click(click_count=clicks)

    def comes_from_an_older_page(self, form: str) -> None:
        """Make a form about cookies one that nobody can show any more."""
        change = "(field) => { field.value = '0123456789abcdef' }"
        self.page.eval_on_selector(f"{form} [name=screen]", change)

    def kept(self) -> dict[str, str]:
        """Return the cookies on the device by their names."""
        return {str(cookie["name"]): str(cookie["value"]) for cookie in self.context.cookies()}

    def value(self, name: str) -> str:
        return self.page.input_value(f"#{name}")

    def focused(self) -> str:
        """Return the id of the focused element, or its tag where it has none."""
        return str(self.page.evaluate("document.activeElement.id || document.activeElement.tagName"))

    def leaves(self) -> None:
        self.context.close()

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import members
from tests.browser.conftest import MakeVisitor, new_context
from tests.browser.live import LiveSite, text_of
from tests.browser.visitor import LANGUAGES

pytestmark = pytest.mark.browser

CODE_PAGE = re.compile(r"/sign-in/code\?")
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


@SCRIPT
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_comes_by_mail_and_opens_the_staff_pages_once(
    visitor: MakeVisitor, site: LiveSite, language: str, *, script: bool
) -> None:
    address = f"code-{language}-{script}@example.com".lower()
    members.add(site, address, "sales")
    one = visitor(language, script=script)
    one.expects(f"/staff/{language}/account", "401")

    assert one.goes(f"/staff/{language}/account").status == 401
    one.page.fill("#address", address.upper())
    one.page.keyboard.press("Enter")
    one.page.wait_for_url(CODE_PAGE)
    asked_at = one.page.url
    code = members.code_in(text_of(site.mail_to(address)))
    one.page.fill("#code", code)
    one.page.keyboard.press("Enter")
    one.page.wait_for_url(f"**/staff/{language}/account")

    expect(one.page.locator(".given dd").first).to_have_text(address)
    again = visitor(language, script=script)
    again.expects(f"/staff/{language}/sign-in/code", "422")
    again.page.goto(asked_at)
    again.page.fill("#code", code)
    again.page.keyboard.press("Enter")
    expect(again.page.locator(".notice")).to_be_visible()


def test_the_link_in_the_mail_signs_in_only_by_its_button(visitor: MakeVisitor, site: LiveSite) -> None:
    members.add(site, "link@example.com", "sales")
    one = visitor()
    one.goes("/staff/en/sign-in")
    one.page.fill("#address", "link@example.com")
    one.page.click("#sign-in button")
    mail = text_of(site.mail_to("link@example.com"))
    link = next(line for line in mail.splitlines() if line.startswith(site.base))
    for _ in range(2):
        assert site.ask(link.removeprefix(site.base)).status == 200

    one.page.goto(link)
    one.page.click("main form button")
    one.page.wait_for_url("**/staff/en/inbox")

    one.page.click(".signed-in button")
    one.page.wait_for_url("**/staff/en/sign-in")
    one.expects("/staff/en/account", "401")
    assert one.goes("/staff/en/account").status == 401


DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def named(browser: Browser, site: LiveSite) -> Iterator[Page]:
    """A page of a browser with a device that makes passkeys, at the name that they are good for."""
    context = new_context(browser, "en")
    page = context.new_page()
    page.set_default_timeout(60_000)
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    page.goto(f"http://localhost:{site.port}/staff/en/sign-in")
    yield page
    context.close()


def test_a_passkey_is_added_and_signs_in_without_a_mail(named: Page, site: LiveSite) -> None:
    here = f"http://localhost:{site.port}"
    members.add(site, "passkey@example.com", "sales")
    link = members.command(site, "staff", "link", "passkey@example.com")
    named.goto(link.replace("127.0.0.1", "localhost"))
    named.click("main form button")
    named.wait_for_url("**/inbox")

    named.goto(f"{here}/staff/en/account/passkey")
    named.fill("#name", "office laptop")
    named.click("#passkey button")
    named.wait_for_url("**/staff/en/account")
    expect(named.get_by_role("rowheader")).to_have_text("office laptop")
    named.click(".signed-in button")
    named.wait_for_url("**/sign-in")
    named.click("#passkey button")
    named.wait_for_url("**/inbox")

    named.goto(f"{here}/staff/en/account")
    expect(named.locator(".given dd").first).to_have_text("passkey@example.com")
    for page in ("/en/", "/ru/privacy", "/en/contact"):
        answer = named.goto(here + page)
        assert answer is not None
        assert "set-cookie" not in answer.all_headers()
        assert "staff_session" not in answer.request.all_headers().get("cookie", "")


def test_who_has_no_passkey_is_told_and_can_go_on(named: Page) -> None:
    named.click("#passkey button")

    expect(named.locator("#passkey [role=status]")).to_have_text("No passkey was used. You can try again.")
    named.fill("#address", "anybody@example.com")
    named.click("#sign-in button")
    named.wait_for_url(CODE_PAGE)

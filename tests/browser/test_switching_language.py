import time

import pytest

from tests.browser.conftest import MakeVisitor
from tests.browser.live import SALES, LiveSite, text_of
from tests.browser.scenes import READ
from tests.browser.visitor import LANGUAGES, TYPED, Visitor

pytestmark = pytest.mark.browser

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
YEAR_SECONDS = 365 * 24 * 3600


def switch(one: Visitor) -> None:
    """Press the switch in the header; the visitor reads the other language from then on."""
    one.language = "ru" if one.language == "en" else "en"
    with one.page.expect_navigation():
        one.page.click(f".head button[name=language][value={one.language}]")
    assert one.page.get_attribute("html", "lang") == one.language


@SCRIPT
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_switch_carries_what_was_typed_and_sends_nothing(
    visitor: MakeVisitor, site: LiveSite, language: str, *, script: bool
) -> None:
    one = visitor(language, script=script)
    one.opens("/contact")
    one.fills_in("Первая строка\nВторая строка")
    before = site.enquiries()

    for _ in range(2):
        switch(one)
        typed = {name: one.value(name) for name in (*TYPED, "country", "description")}
        assert typed == {**TYPED, "country": "RU", "description": "Первая строка\nВторая строка"}
        assert one.page.is_checked("#agree")
        assert one.page.locator("#error-summary, #form-notice").count() == 0

    assert one.page.url == f"{site.base}/{language}/contact"
    assert site.enquiries() == before


@SCRIPT
def test_after_errors_and_a_switch_the_enquiry_is_sent_once(
    visitor: MakeVisitor, site: LiveSite, *, script: bool
) -> None:
    one = visitor(script=script)
    one.opens("/contact")
    one.page.fill("#city", "Омск")
    one.meets_errors()
    before = site.enquiries()

    switch(one)
    assert one.value("city") == "Омск"
    one.fills_in("Отправлено по-русски")
    one.sends()
    notices = site.notices(one.is_received())

    assert site.enquiries() == before + 1
    assert "Отправлено по-русски" in text_of(notices[SALES["ru"]])


@pytest.mark.promise("P7.3")
def test_the_language_of_the_agreement_is_the_one_that_was_read(visitor: MakeVisitor, site: LiveSite) -> None:
    one = visitor()
    one.opens("/contact")
    switch(one)
    one.fills_in()
    one.sends()

    text = text_of(site.notices(one.is_received())[SALES["en"]])

    assert "Language of the visitor: Русский" in text


@SCRIPT
def test_the_switch_leads_to_the_same_page(visitor: MakeVisitor, *, script: bool) -> None:
    one = visitor(script=script)
    for page in READ:
        one.context.clear_cookies()
        one.opens(page)

        switch(one)
        # A form that carries what was typed has the subject in its body.
        assert one.page.url.partition("?")[0] == f"{one.site.base}/ru{page.partition('?')[0]}"
        switch(one)
        assert one.page.url.partition("?")[0] == f"{one.site.base}/en{page.partition('?')[0]}"


@pytest.mark.promise("P5.2")
@SCRIPT
def test_the_choice_is_the_only_cookie_and_holds_nothing_else(visitor: MakeVisitor, *, script: bool) -> None:
    one = visitor(script=script)
    one.opens("/")
    assert one.context.cookies() == []

    switch(one)

    [cookie] = one.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["path"]) == ("lang", "ru", "/")
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, False, "Lax")
    assert abs(cookie["expires"] - time.time() - YEAR_SECONDS) < 60
    one.goes("/settings")
    assert one.page.url.endswith("/ru/settings")

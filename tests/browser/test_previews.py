"""In a preview a text leads to its row: by a click, by the keyboard, and without scripts."""

import re
from collections.abc import Callable

import pytest

from tests.browser import members
from tests.browser.conftest import MakeVisitor
from tests.browser.visitor import LANGUAGES, Visitor

pytestmark = pytest.mark.browser

HEADING = "h1 site-text"


def editor_at(visitor: MakeVisitor, language: str, path: str = "", *, script: bool = True) -> Visitor:
    one = visitor(language, script=script)
    members.enters(one, "editor")
    assert one.goes(f"/staff/preview/{language}/{path}").status == 200
    return one


def row_of(one: Visitor, text: str) -> str:
    found = one.page.locator(text).first.get_attribute("data-text")
    assert found
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_click_on_a_text_opens_its_row(visitor: MakeVisitor, language: str) -> None:
    one = editor_at(visitor, language)
    row = row_of(one, HEADING)

    one.page.click(HEADING)

    one.page.wait_for_url(re.compile(re.escape(row)))


def test_a_link_leads_to_the_next_preview_until_the_texts_are_shown(visitor: MakeVisitor) -> None:
    one, link = editor_at(visitor, "en"), ".door a site-text"
    one.page.click(link)
    one.page.wait_for_url(re.compile("/staff/preview/en/contact"))

    one.page.go_back()
    row = row_of(one, link)
    one.page.click("#show-texts")
    one.page.click(link)

    one.page.wait_for_url(re.compile(re.escape(row)))


def test_the_keyboard_opens_a_row(visitor: MakeVisitor) -> None:
    one = editor_at(visitor, "en")
    one.page.focus("#show-texts")
    one.page.keyboard.press("Enter")
    one.page.focus(HEADING)
    row = row_of(one, HEADING)

    one.page.keyboard.press("Enter")

    one.page.wait_for_url(re.compile(re.escape(row)))


def test_texts_are_no_stops_of_tab_until_they_are_shown(visitor: MakeVisitor) -> None:
    one = editor_at(visitor, "en")
    stops: Callable[[], int] = one.page.locator("site-text[tabindex]").count
    assert stops() == 0

    one.page.click("#show-texts")
    assert stops() > 0

    one.page.click("#show-texts")
    assert stops() == 0


def test_a_form_in_a_preview_sends_nothing(visitor: MakeVisitor) -> None:
    one = editor_at(visitor, "en", "contact")
    sent: list[str] = []
    # Its icon is fetched whenever the browser likes.
    one.page.on("request", lambda request: None if "/static/" in request.url else sent.append(request.url))

    one.page.fill("#city", "Berlin")
    one.page.press("#city", "Enter")
    one.page.locator("#contact-form button").last.click(position={"x": 4, "y": 4})

    assert sent == []
    assert one.page.input_value("#city") == "Berlin"


def test_without_scripts_the_list_of_texts_leads_to_rows(visitor: MakeVisitor) -> None:
    one = editor_at(visitor, "en", script=False)
    assert not one.page.is_visible("#show-texts")

    one.page.click("#preview-texts details:last-child summary")
    one.page.click("#preview-texts details:last-child li:last-child a")

    one.page.wait_for_url(re.compile("/staff/en/words/"))


def test_a_text_of_a_mail_leads_to_its_row(visitor: MakeVisitor) -> None:
    one = editor_at(visitor, "en", "mail/sign-in")
    text = ".mail-text site-text"
    row = row_of(one, text)

    one.page.click(text)

    one.page.wait_for_url(re.compile(re.escape(row)))

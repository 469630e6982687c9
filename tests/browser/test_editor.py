"""Words are changed in a browser: in their rows, as they are typed, by two at once, and published."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import members
from tests.browser.conftest import MakeVisitor
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


def editor(visitor: MakeVisitor, address: str, role: str = "editor", *, script: bool = True) -> Visitor:
    """Somebody who has just signed in: publishing asks for that."""
    one = visitor("en", script=script)
    members.add(one.site, address, role)
    one.goes(urlsplit(members.command(one.site, "staff", "link", address)).path)
    one.page.click("main button")
    return one


def opens_row(one: Visitor, words: str) -> Locator:
    """Find a text, and open its row in English."""
    one.goes("/staff/en/words")
    one.page.fill("#q", words)
    one.page.keyboard.press("Enter")
    one.page.wait_for_url(re.compile("q="))
    expect(one.page.locator("#texts-heading")).to_contain_text(words)
    one.page.locator(".side a").first.click()
    area = one.page.locator("form.words textarea").first
    expect(area).to_be_focused()
    return area


@SCRIPT
def test_a_text_is_found_changed_and_saved(visitor: MakeVisitor, *, script: bool) -> None:
    one = editor(visitor, f"saver-{script}@example.com", script=script)
    area = opens_row(one, "Services and products for surface-mount")
    wording = f"Services and goods for surface-mount technology {script}"
    area.fill(wording)
    one.page.get_by_role("button", name="Save the draft").click()
    expect(one.page.locator(".done")).to_contain_text("The draft is saved")
    if script:
        expect(one.page.locator(".line .tags").first).to_contain_text("Draft")
        expect(one.page.locator("ins").first).to_contain_text("goods")
        expect(one.page.locator(".side a").first).to_be_focused()
    else:
        expect(one.page.locator("form.words textarea").first).to_have_value(wording)
    assert wording not in one.site.ask("/en/").body


def test_what_is_typed_is_kept_and_judged_without_a_press(visitor: MakeVisitor) -> None:
    one = editor(visitor, "typist@example.com")
    area = opens_row(one, "Tell us what you")
    area.press("End")
    area.type(" %(name)s")
    expect(one.page.locator(".judged")).to_contain_text("Kept for you")
    expect(one.page.locator(".judged")).to_contain_text("With this text the page would fail")
    expect(area).to_be_focused()
    # The connection is lost, or the window closed: it is there again.
    one.goes("/staff/en/words")
    one.page.locator("#texts .notice a").click()
    expect(one.page.locator("form.words textarea").first).to_have_value(re.compile(r"%\(name\)s$"))


def test_what_is_said_between_a_press_and_its_end_takes_no_button_away(visitor: MakeVisitor) -> None:
    one = editor(visitor, "slow-finger@example.com")
    area = opens_row(one, "Open the settings")
    area.fill("Open them %(oops)s")
    one.page.get_by_role("button", name="Save the draft").hover()
    one.page.mouse.down()
    expect(one.page.locator(".judged")).to_contain_text("Kept for you")
    expect(one.page.locator(".judged")).to_contain_text("With this text the page would fail")
    one.page.mouse.up()
    expect(one.page.locator(".done")).to_contain_text("The draft is saved")


def test_a_placeholder_is_put_in_by_a_press(visitor: MakeVisitor) -> None:
    one = editor(visitor, "presser@example.com")
    area = opens_row(one, "supplies companies with services")
    area.fill("We, ")
    one.page.get_by_role("button", name="%(name)s").click()
    expect(area).to_have_value("We, %(name)s")
    expect(area).to_be_focused()


def test_two_at_once_lose_nothing(visitor: MakeVisitor) -> None:
    first, second = (editor(visitor, f"{name}@example.com") for name in ("one", "other"))
    areas = [opens_row(one, "Open the settings") for one in (first, second)]
    areas[0].fill("Open your settings")
    first.page.get_by_role("button", name="Save the draft").click()
    expect(first.page.locator(".done")).to_be_visible()

    place = second.page.locator("form.words").get_attribute("action") or ""
    for path in (urlsplit(place).path, f"{urlsplit(place).path}/typed"):
        second.expects(path, "409")
    areas[1].fill("Change the settings")
    second.page.get_by_role("button", name="Save the draft").click()
    expect(second.page.get_by_role("alert")).to_contain_text("this text has been changed meanwhile")
    expect(second.page.locator(".three")).to_contain_text("As it is now")
    expect(second.page.locator("form.words textarea").first).to_have_value("Change the settings")
    second.page.get_by_role("button", name="Save the draft").click()
    expect(second.page.locator(".done")).to_be_visible()


@SCRIPT
def test_a_changed_word_is_published_by_another_and_read_by_visitors(
    visitor: MakeVisitor, *, script: bool
) -> None:
    one = editor(visitor, f"writer-{script}@example.com", script=script)
    area = opens_row(one, "Skip to the content")
    wording = f"Jump to the text {script}"
    area.fill(wording)
    one.page.get_by_role("button", name="Save the draft").click()
    expect(one.page.locator(".done")).to_be_visible()

    other = editor(visitor, f"publisher-{script}@example.com", "publisher", script=script)
    other.goes("/staff/en/publish")
    other.page.get_by_role("checkbox", name=re.compile("Skip to the content")).check()
    other.page.get_by_role("button", name=re.compile("Publish")).first.click()
    expect(other.page.locator("main")).to_contain_text("is published")
    assert wording in one.site.ask("/en/").body


def test_the_other_language_is_copied_by_a_press(visitor: MakeVisitor) -> None:
    one = editor(visitor, "copyist@example.com")
    area = opens_row(one, "Open the contact form")
    one.page.get_by_role("button", name="Copy this text").click()
    expect(area).to_have_value("Открыть форму обратной связи")

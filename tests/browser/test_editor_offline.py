"""What is typed into the editor while the connection is lost."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MakeVisitor
from tests.browser.test_editor import editor, opens_row

pytestmark = pytest.mark.browser


def test_who_types_without_a_connection_is_told_and_is_moved_nowhere(visitor: MakeVisitor) -> None:
    one = editor(visitor, "tunnel@example.com")
    area = opens_row(one, "Open the settings")
    said = one.page.locator("#staff-status")
    area.fill("Open")
    expect(one.page.locator(".judged")).to_contain_text("Kept for you")
    place = area.bounding_box()

    text = urlsplit(one.page.locator("form.words").get_attribute("action") or "").path
    one.expects(f"{text}/typed", "ERR_INTERNET_DISCONNECTED")
    one.expects(one.page.locator("script[src*=htmx]").get_attribute("src") or "", "Failed to fetch")
    one.context.set_offline(True)
    area.press_sequentially(" your settings")
    expect(said).to_contain_text("what you type now is not kept yet")
    expect(said).to_be_in_viewport()
    assert area.bounding_box() == place
    expect(area).to_be_focused()

    one.context.set_offline(False)
    one.page.get_by_role("button", name="Save the draft").click()
    expect(one.page.locator(".done")).to_contain_text("The draft is saved")
    expect(said).to_be_empty()
    one.goes("/staff/en/words?show=draft")
    expect(one.page.locator("#texts")).to_contain_text("Open your settings")

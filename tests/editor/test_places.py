"""Which texts stand on which page."""

from collections.abc import Iterator

import pytest
from flask import Flask

from flexsmt_site.editor import drafted, marking, marks, places
from flexsmt_site.editor.lines import Key
from flexsmt_site.language import overlay
from flexsmt_site.language.edit_rules import Text
from tests.editor.words_desk import LINK


@pytest.fixture(autouse=True)
def here(lone_app: Flask) -> Iterator[None]:
    with lone_app.app_context():
        yield


def place(msgid: str, domain: str = "messages", plural: str | None = None) -> Key:
    return domain, Text(domain, "en", msgid, plural).key


def test_pages_come_first_and_then_mails() -> None:
    found = places.pages()

    assert found[:3] == ("/", "/contact", "/privacy")
    assert {name for name in found if ":" in name} == {
        f"mail:{name}" for name in ("sign-in", "notice", "my-data", "quarantine", "waiting")
    }


def test_a_text_of_the_layout_stands_on_every_page_and_in_no_mail() -> None:
    found = places.pages_of(("messages", LINK.key))

    assert found == tuple(page for page in places.pages() if page.startswith("/"))


def test_a_text_of_one_page_stands_there() -> None:
    assert places.pages_of(place("Open the contact form")) == ("/",)
    assert places.pages_of(place("About this policy", "policy")) == ("/privacy",)
    assert place("First name") in places.texts_on("/contact")


def test_texts_of_titles_and_attributes_count() -> None:
    assert places.pages_of(place("Promises and their proof")) == ("/promises",)
    assert place("Main pages") in places.texts_on("/")


def test_texts_of_mails_are_found_in_every_part() -> None:
    found = places.texts_on("mail:sign-in")

    assert place("Your code to sign in: %(code)s", "mail") in found
    assert place("Your code to sign in to the pages of the staff:", "mail") in found


def test_a_text_that_is_shown_nowhere_has_no_page() -> None:
    assert places.pages_of(place("Sign out")) == ()
    assert places.texts_on("/nothing") == frozenset()


def test_texts_are_told_apart_by_their_context(monkeypatch: pytest.MonkeyPatch) -> None:
    file = overlay.Value(Text("messages", "en", "File", context="menu"), ("File",), (), ())
    files = overlay.Value(Text("messages", "en", "a file", "files", "menu"), ("a file", "files"), (), ())
    monkeypatch.setattr(overlay, "values", lambda *_: {one.text.key: one for one in (file, files)})
    found = marking.marked(drafted.over("with a context", {file.text: ("Menu",)})).catalogue("messages", "en")

    said = [
        found.upgettext("menu", "File"),
        found.unpgettext("menu", "a file", "files", 2),
        found.upgettext("tool", "File"),
    ]

    assert [marks.strip(one) for one in said] == ["Menu", "files", "File"]
    assert [marking.texts_in(one) for one in said] == [[file.text], [files.text], []]

"""A file of words that can not be read: the editor's pages say which, and nothing else breaks."""

import pytest

from flexsmt_site.language import extract
from flexsmt_site.language.edit_rules import Text
from tests.editor.press import Press
from tests.editor.words_desk import LINK, words_of
from tests.language.publishing import Desk

_FILE = "en/LC_MESSAGES/messages.po"


@pytest.mark.parametrize("path", ["words", "publish", "exchange", "releases/1", "exchange/zip"])
def test_pages_that_need_a_broken_file_name_it(press: Press, catalogues: Desk, path: str) -> None:
    assert press.publishes(press.writes("Skip to the text")).status_code == 303
    press.publishes(press.writes("Skip to the words"))
    extract.replace(catalogues.folder / _FILE, b'msgid "unfinished\n')
    answer = press.get(path)
    assert answer.status_code == 503
    assert f"A file of them is damaged: {_FILE}." in words_of(answer)
    assert str(catalogues.folder) not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert press.get("words", htmx=True).headers["HX-Reswap"] == "none"


def test_a_file_that_can_be_read_and_not_be_written_is_named(press: Press, catalogues: Desk) -> None:
    press.writes("Skip to the text", text=LINK)
    source = catalogues.folder / _FILE
    raw = source.read_text("utf-8").replace("charset=utf-8", "charset=iso-8859-1")
    assert "iso-8859-1" in raw
    extract.replace(source, raw.encode())
    answer = press.get("exchange/zip", drafts=1)
    assert answer.status_code == 503
    assert _FILE in words_of(answer)


def test_the_page_of_the_policy_stays(press: Press, catalogues: Desk) -> None:
    text = Text("policy", "en", "About this policy")
    press.writes("About our policy", text=text, hand_in=True)
    extract.replace(catalogues.folder / "en/LC_MESSAGES/policy.po", b'msgid "unfinished\n')
    page = press.get("policy")
    assert page.status_code == 200
    assert "[removed: this end]" in words_of(page)

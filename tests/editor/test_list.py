"""The list of texts: what is found, counted, and said where nothing is."""

import re
from typing import Any

import pytest

from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import lines, words
from flexsmt_site.language import extract
from flexsmt_site.language.edit_rules import Text
from tests.editor.words_desk import LINK, RUSSIAN, WordsDesk, words_of
from tests.language.publishing import Desk

IN_MAILS: dict[str, Any] = {"in": "mail"}


def count(answer: str, show: str) -> int:
    """The number beside a filter."""
    found = re.search(rf'id="show-{show}".*?class="amount">(\d+)', answer, re.DOTALL)
    assert found, show
    return int(found[1])


def listed(answer: str) -> list[str]:
    return re.findall(r'<li class="line" id="line-([^"]+)"', answer)


def test_every_text_of_the_site_is_on_some_page_of_the_list(lone_editor: WordsDesk) -> None:
    with lone_editor.app.app_context():
        known = [f"{line.domain}-{line.key[:16]}" for line in lines.index().lines.values()]
    found: list[str] = []
    for at in range(1, len(known) // 50 + 2):
        found += listed(lone_editor.get(at=at).text)
    assert found == known
    assert count(lone_editor.get().text, "all") == len(known)
    assert listed(lone_editor.get(at=10**9).text) == found[-(len(found) % 50 or 50) :]
    nonsense: dict[str, Any] = {"at": "x" * 100, "show": "no", "in": "none", "page": "/nowhere"}
    assert lone_editor.get(**nonsense).status_code == 200


def drop(catalogues: Desk) -> None:
    """Take the text out of the project."""
    for lang in LANGUAGES:
        source = catalogues.folder / lang / "LC_MESSAGES" / "messages.po"
        extract.replace(source, source.read_bytes().replace(b'"Skip to the content"', b'"Skip to the end"'))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_stands_there_in_both_languages(lone_editor: WordsDesk, language: str) -> None:
    answer = lone_editor.get(language=language, q=LINK.msgid)
    text = words_of(answer)
    assert LINK.msgid in text
    assert "Перейти к основному содержимому" in text
    assert len(listed(answer.text)) == 1


def test_a_search_looks_in_both_languages_and_in_drafts(editor: WordsDesk) -> None:
    by_english = listed(editor.get(q=LINK.msgid.upper()).text)
    editor.sends("Ёжик в\u00a0тумане", text=RUSSIAN)
    assert listed(editor.get(q="ежик ТУМАНЕ").text) == by_english
    assert listed(editor.get(q="ежик морозе").text) == []
    assert "Nothing was found" in words_of(editor.get(q="ежик морозе"))


def test_filters_count_what_is_to_be_done(editor: WordsDesk) -> None:
    before = editor.get().text
    assert [count(before, show) for show in ("draft", "review", "changed")] == [0, 0, 0]
    editor.sends("To the text")
    editor.sends("К тексту", text=RUSSIAN, do="hand-in")
    after = editor.get().text
    assert [count(after, show) for show in ("draft", "review")] == [1, 1]
    assert listed(editor.get(show="draft").text) == listed(editor.get(show="review").text)
    assert count(editor.get(q="nothing of this kind").text, "draft") == 0
    assert count(editor.get(**IN_MAILS).text, "draft") == 0


def test_a_reworded_english_text_asks_for_the_russian_one(editor: WordsDesk) -> None:
    editor.sends("К тексту", text=RUSSIAN)
    assert count(editor.get().text, "changed") == 0
    editor.sends("To the text")
    assert listed(editor.get(show="changed").text)
    editor.sends("Сразу к тексту", text=RUSSIAN)
    assert count(editor.get().text, "changed") == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_empty_shelf_says_so(lone_editor: WordsDesk, language: str) -> None:
    for show in words.SHOWS:
        answer = lone_editor.get(language=language, show=show or "")
        if not listed(answer.text):
            assert "</ol>" not in answer.text.partition("texts-heading")[2]
            assert answer.text.count('class="button plain"') >= 2


def test_htmx_gets_the_list_alone(lone_editor: WordsDesk) -> None:
    part = lone_editor.get(htmx=True, q="policy")
    assert part.text.strip().startswith('<section id="texts"')
    assert part.text.strip().endswith("</section>")
    assert part.text.count("<section") == 1
    assert "autofocus" in part.text
    assert part.headers["Cache-Control"] == "private, no-store"


def test_what_the_project_changed_is_in_the_list_at_once(editor: WordsDesk, catalogues: Desk) -> None:
    editor.sends("To the text")
    assert not listed(editor.get(show="conflict").text)
    catalogues.change("To the words")
    assert listed(editor.get(show="conflict").text)
    assert "Changed in the project, too" in words_of(editor.get(show="conflict"))
    assert "The project says" in words_of(editor.opens())


def test_a_text_that_is_gone_is_listed_with_its_draft(editor: WordsDesk, catalogues: Desk) -> None:
    editor.sends("To the text")
    drop(catalogues)
    assert "No longer in the site" in words_of(editor.get(show="conflict"))
    answer = editor.opens()
    assert "is kept, and shown again" in words_of(answer)
    refused = editor.sends("To the page", seen=answer)
    assert refused.status_code == 409
    assert "To the page" in refused.text
    dropped = editor.sends(do="drop", seen=answer)
    assert dropped.location == "/staff/en/words"
    lost = editor.sends("To the page", seen=answer)
    assert lost.status_code == 404
    assert "To the page" in lost.text


def test_a_text_that_nobody_knows_is_not_found(lone_editor: WordsDesk) -> None:
    for path in ("words/messages/en/0", f"words/other/en/{LINK.key}", f"words/messages/de/{LINK.key}"):
        assert lone_editor.get(path).status_code == 404
    assert lone_editor.get(WordsDesk.place(Text("mail", "en", "none of this"))).status_code == 404

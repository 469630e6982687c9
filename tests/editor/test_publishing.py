"""Drafts on their way to visitors: what waits, what is kept back and why, all or nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.language import extract, releases, trial
from flexsmt_site.language.edit_rules import LONGEST_REASON, Text
from flexsmt_site.language.making import Published
from tests.editor.press import COUNTRY, Press, boxes
from tests.editor.words_desk import LINK, RUSSIAN, words_of
from tests.language.publishing import Desk


def test_where_nothing_waits_the_page_says_so(press: Press) -> None:
    page = press.get("publish")
    assert "Nothing waits: visitors read every text as it stands here." in words_of(page)
    assert boxes(page) == {}
    assert page.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_draft_waits_with_what_it_changes_and_who_wrote_it(
    press: Press, writer: Press, language: str
) -> None:
    draft = writer.writes("Skip to the text")
    page = press.get("publish", language)
    assert page.status_code == 200
    assert "<del>" in page.text
    assert "</span>text<span" in page.text
    assert "writer@example.com" in words_of(page)
    assert boxes(page) == {draft.id: False}
    assert boxes(press.get("publish", language, edit=draft.id)) == {draft.id: True}


def test_what_is_published_is_what_visitors_read_next(press: Press, writer: Press) -> None:
    one, two = writer.writes("Skip to the text"), writer.writes("К тексту", text=RUSSIAN)
    kept = writer.writes("Land", text=COUNTRY)
    answer = press.publishes(one, two, text="spring")
    assert answer.status_code == 303
    page = press.browser.get(answer.location)
    assert "Release 1 is published: 2 texts. Visitors read them with their next request." in words_of(page)
    assert "Skip to the text" in press.reads()
    assert "К тексту" in press.reads("/ru/")
    assert boxes(page) == {kept.id: False}
    assert press.trail() == [("words.published", 1)]
    assert "spring" in words_of(press.get("releases"))


def test_a_second_click_says_that_it_is_published_already(press: Press, writer: Press) -> None:
    draft, seen = writer.writes("Skip to the text"), press.get("publish")
    for said in ("Release 1 is published: 1 text.", "This is published already, with release 1."):
        answer = press.publishes(draft, seen=seen)
        assert answer.status_code == 303
        assert said in words_of(press.browser.get(answer.location))
    assert press.trail() == [("words.published", 1)]


def test_of_two_clicks_at_once_one_publishes_and_both_are_told(press: Press, writer: Press) -> None:
    draft, seen = writer.writes("Skip to the text"), press.get("publish")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _click: press.publishes(draft, seen=seen), range(2)))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert press.trail() == [("words.published", 1)]


def test_what_was_undone_since_is_not_called_published(press: Press, writer: Press) -> None:
    press.publishes(press.writes("Land", text=COUNTRY))
    draft, seen = writer.writes("Skip to the text"), press.get("publish")
    press.publishes(draft, seen=seen)
    press.rolls_back(1)
    refused = press.publishes(draft, seen=seen)
    assert refused.status_code == 409
    assert "changed, dropped or published meanwhile" in words_of(refused)


def test_a_draft_that_differs_in_spaces_alone_says_so(press: Press, writer: Press) -> None:
    writer.writes("Skip to  the content")
    assert "Only spaces or ends of lines differ." in words_of(press.get("publish"))


@pytest.mark.parametrize("query", ["release=9", "release=x", f"release={2**40}", "release=0"])
def test_a_release_that_there_is_none_of_is_not_told_of(press: Press, query: str) -> None:
    assert 'class="done"' not in press.browser.get(f"/staff/en/publish?{query}").text


def test_nothing_chosen_is_told_and_the_note_is_kept(press: Press, writer: Press) -> None:
    writer.writes("Skip to the text")
    refused = press.publishes(text="a note of mine")
    assert refused.status_code == 409
    assert "Choose at least one text." in words_of(refused)
    assert 'role="alert"' in refused.text
    assert "a note of mine" in refused.text


@pytest.mark.parametrize(
    ("note", "fault"),
    [
        ("x" * (LONGEST_REASON + 1), f"Shorten this to at most {LONGEST_REASON} characters"),
        ("a\0b", "This holds a character that no text has"),
    ],
)
def test_a_note_that_can_not_be_kept_publishes_nothing(
    press: Press, writer: Press, note: str, fault: str
) -> None:
    draft = writer.writes("Skip to the text")
    refused = press.publishes(draft, text=note)
    assert refused.status_code == 422
    assert fault in words_of(refused)
    assert boxes(refused) == {draft.id: True}
    assert press.live() == {}


def test_one_button_publishes_all_that_passes_and_was_there_to_be_seen(press: Press, writer: Press) -> None:
    writer.writes("Skip to the text")
    writer.writes("<b>Land", text=COUNTRY)
    seen = press.get("publish")
    assert "Publish the 1 draft that passes" in words_of(seen)
    writer.writes("К тексту", text=RUSSIAN)
    answer = press.publishes(seen=seen, all="1")
    assert "Release 1 is published: 1 text." in words_of(press.browser.get(answer.location))
    assert press.live() == {LINK: ("Skip to the text",)}


@pytest.mark.parametrize("made_up", ["x", "-1", "9" * 30, "0", "2147483647", "1; DROP TABLE"])
def test_a_number_that_somebody_made_up_publishes_nothing(press: Press, writer: Press, made_up: str) -> None:
    writer.writes("Skip to the text")
    data = {"edit": made_up, "text": ""}
    assert press.posts("publish", press.get("publish"), **data).status_code == 409
    assert press.live() == {}


def test_what_fails_on_trial_is_told_in_its_own_words(press: Press, writer: Press) -> None:
    trial.declare(press.app, lambda: ["the page of tests stays empty"])
    draft = writer.writes("Skip to the text")
    refused = press.publishes(draft)
    assert refused.status_code == 409
    assert '<p lang="en">the page of tests stays empty</p>' in refused.text
    assert boxes(refused) == {draft.id: True}
    assert press.trail() == []


def test_a_host_that_can_not_store_the_words_says_that_they_are_published_all_the_same(
    press: Press, writer: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = writer.writes("Skip to the text")

    def full(_path: Path, _raw: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(extract, "replace", full)
        answer = press.publishes(draft)
        assert answer.status_code == 303
        said = words_of(press.browser.get(answer.location))
    assert "Release 1 is published, but this host does not show it yet" in said
    assert press.live() == {LINK: ("Skip to the text",)}
    assert press.trail() == [("words.published", 1)]


def test_files_that_can_not_be_read_are_no_publication(
    press: Press, writer: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = writer.writes("Skip to the text")

    def unreadable() -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("flexsmt_site.language.overlay.base", unreadable)
    assert press.publishes(draft).status_code == 500
    assert press.live() == {}


def test_many_drafts_stand_on_several_pages(press: Press, writer: Press, catalogues: Desk) -> None:
    source = catalogues.folder / "en" / "LC_MESSAGES" / "messages.po"
    more = "".join(f'\nmsgid "Thing {number}"\nmsgstr "Thing {number}"\n' for number in range(52))
    extract.replace(source, (source.read_text("utf-8") + more).encode())
    drafts = [
        writer.writes(f"Thing No. {number}", text=Text("messages", "en", f"Thing {number}"))
        for number in range(52)
    ]
    first, second = press.get("publish"), press.get("publish", at=2)
    assert list(boxes(first)) == [draft.id for draft in drafts[:50]]
    assert list(boxes(second)) == [draft.id for draft in drafts[50:]]
    assert "Page 2 of 2" in words_of(press.get("publish", at=99))
    assert boxes(press.get("publish", edit=drafts[51].id))[drafts[51].id] is True


def test_a_database_that_is_gone_is_told_and_nothing_is_published(
    press: Press, writer: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = writer.writes("Skip to the text")

    def gone(*_order: object) -> Published:
        raise DatabaseUnavailable("the database does not answer")

    monkeypatch.setattr(releases, "publish_edits", gone)
    assert press.publishes(draft).status_code == 503
    assert press.live() == {}

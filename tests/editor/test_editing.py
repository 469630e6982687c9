"""One text while it is edited: kept as typed, handed in, dropped, and by two people at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from flexsmt_site.language import edits
from flexsmt_site.language.edit_rules import LONGEST, Text
from flexsmt_site.staff.rules import Role
from tests.editor.words_desk import LINK, RUSSIAN, WordsDesk, sent_by, words_of
from tests.staff.members import Staff

PLURAL = Text(
    "messages", "ru", "The file will hold %(all)s enquiry.", "The file will hold %(all)s enquiries."
)
#: So many edits are made by each of two people at the same time.
_EACH = 6


def test_a_draft_is_saved_and_shown_to_nobody_else(editor: WordsDesk) -> None:
    answer = editor.sends("To the text", reason="shorter")
    assert answer.status_code == 303
    page = words_of(editor.browser.get(answer.location))
    assert "The draft is saved" in page
    assert "shorter" in page
    assert editor.states() == [("To the text", "draft")]
    assert "To the text" not in editor.browser.get("/en/").text
    assert sent_by(editor.opens())["form0"] == "To the text"


def test_saving_what_visitors_read_makes_no_draft(editor: WordsDesk) -> None:
    answer = editor.sends(LINK.msgid)
    assert "nothing to save" in words_of(editor.browser.get(answer.location))
    assert editor.states() == []


def test_each_plural_form_has_its_field(editor: WordsDesk) -> None:
    page = editor.opens(PLURAL)
    assert len([name for name in sent_by(page) if name.startswith("form")]) == 3
    assert "2–4, 22–24 …" in words_of(page)
    editor.sends("В %(all)s", "Во %(all)s", "Ко %(all)s", text=PLURAL)
    with editor.app.app_context():
        assert edits.history(PLURAL)[0].strings == ("В %(all)s", "Во %(all)s", "Ко %(all)s")


def test_two_at_once_see_all_three_wordings(editor: WordsDesk, publisher: WordsDesk) -> None:
    seen = editor.opens()
    publisher.sends("To the words")
    refused = editor.sends("To the text", seen=seen)
    assert refused.status_code == 409
    text = words_of(refused)
    assert "this text has been changed meanwhile" in text
    assert LINK.msgid.split()[0] in text
    assert "words" in text
    assert sent_by(refused)["form0"] == "To the text"
    assert editor.states() == [("To the words", "draft")]

    assert editor.sends("To the text", seen=refused).status_code == 303
    assert [wording for wording, _state in editor.states()] == ["To the words", "To the text"]


def test_whoever_types_is_told_early(editor: WordsDesk, publisher: WordsDesk) -> None:
    seen = editor.opens()
    publisher.sends("To the words")
    part = editor.types("To the text", seen=seen)
    assert part.status_code == 409
    assert "Save to see both wordings" in part.text
    assert sent_by(editor.opens())["form0"] == "To the text"
    assert editor.states() == [("To the words", "draft")]


def test_a_refused_text_is_still_typed_over_what_was_seen(editor: WordsDesk, publisher: WordsDesk) -> None:
    seen = editor.opens()
    publisher.sends("To the words")
    refused = editor.sends("x" * (LONGEST + 1), seen=seen)
    assert refused.status_code == 422
    assert editor.sends("To the text", seen=refused).status_code == 409


@pytest.mark.parametrize(
    ("typed", "said"),
    [("x" * (LONGEST + 1), "Shorten this"), ("a\0b", "no text has")],
)
def test_what_no_text_can_hold_is_refused_at_its_field(editor: WordsDesk, typed: str, said: str) -> None:
    answer = editor.sends(typed)
    assert answer.status_code == 422
    assert said in words_of(answer)
    assert 'aria-invalid="true"' in answer.text
    assert said in editor.types(typed, seen=editor.opens()).text
    assert editor.states() == []


def test_a_reason_that_is_too_long_is_refused(editor: WordsDesk) -> None:
    answer = editor.sends("To the text", reason="x" * 501)
    assert answer.status_code == 422
    assert sent_by(answer)["form0"] == "To the text"
    assert editor.sends("To the text", reason="a\0").status_code == 422
    assert editor.states() == []


def test_the_longest_text_is_kept(editor: WordsDesk) -> None:
    assert editor.sends("ж" * LONGEST).status_code == 303
    assert editor.states() == [("ж" * LONGEST, "draft")]


def test_a_text_larger_than_any_is_refused_whole(lone_editor: WordsDesk) -> None:
    answer = lone_editor.sends("ж" * (1024 * 1024))
    assert answer.status_code == 413
    assert lone_editor.states() == []


def test_a_draft_is_handed_in_and_taken_back(editor: WordsDesk) -> None:
    editor.sends("To the text", do="hand-in")
    assert editor.states() == [("To the text", "review")]
    seen = editor.opens()
    editor.sends("To the text", do="hand-in", seen=seen)
    assert editor.states() == [("To the text", "review")]
    answer = editor.sends(do="take-back", seen=seen)
    assert "a draft again" in words_of(editor.browser.get(answer.location))
    assert editor.states() == [("To the text", "draft")]
    editor.sends(do="hand-in")
    editor.sends("To the very text", do="take-back")
    assert editor.states()[-1] == ("To the very text", "draft")
    assert "nothing to save" in words_of(
        editor.browser.get(editor.sends(text=RUSSIAN, do="hand-in").location)
    )


def test_a_dropped_draft_stays_in_the_history(editor: WordsDesk, publisher: WordsDesk) -> None:
    editor.sends("To the text")
    seen = editor.opens()
    editor.sends(do="drop", seen=seen)
    assert editor.states() == [("To the text", "withdrawn")]
    assert sent_by(editor.opens())["form0"] == LINK.msgid
    again = editor.sends(do="drop", seen=seen)
    assert again.status_code == 409
    assert "dropped or published meanwhile" in words_of(again)
    assert editor.sends(do="drop", parent="0").status_code == 409
    editor.sends("To the words")
    publisher.sends("To the page")
    refused = editor.sends("To the words and on", do="drop", seen=editor.opens(), parent="2")
    assert refused.status_code == 409
    assert sent_by(refused)["form0"] == "To the words and on"


def test_an_earlier_wording_is_taken_again(editor: WordsDesk, publisher: WordsDesk) -> None:
    editor.sends("To the text")
    publisher.sends("To the words")
    first = edits.history(LINK)[-1].id
    editor.sends(do=f"use-{first}")
    assert [wording for wording, _state in editor.states()] == ["To the text", "To the words", "To the text"]
    editor.sends(do="use-0")
    assert editor.states()[-1] == (LINK.msgid, "draft")
    assert editor.sends("", text=RUSSIAN, do="use-0").status_code == 303
    assert editor.states(RUSSIAN) == []


def test_the_next_text_follows_in_what_was_looked_for(editor: WordsDesk) -> None:
    query: dict[str, Any] = {"q": "privacy", "in": "messages"}
    place = editor.get(**query).text.partition('href="/staff/en/words/messages/en/')[2].partition('"')[0]
    path = f"/staff/en/words/messages/en/{place.replace('&amp;', '&')}"
    visited = set()
    while path.startswith("/staff/en/words/messages/en/"):
        assert path not in visited
        visited.add(path)
        data = sent_by(editor.browser.get(path)) | {"do": "next"}
        path = editor.browser.post(path, data=data).location
    assert len(visited) > 2
    assert path == "/staff/en/words?in=messages&q=privacy"


def test_a_row_is_edited_in_its_place(editor: WordsDesk) -> None:
    opened = editor.get(editor.place(LINK), htmx=True)
    assert opened.text.startswith('<li class="line editing"')
    saved = editor.sends("To the text", seen=opened, htmx=True)
    assert saved.status_code == 200
    assert '<li class="line"' in saved.text
    assert "The draft is saved" in saved.text
    assert '<li class="line"' in editor.get(editor.place(LINK), htmx=True, closed=1).text
    refused = editor.sends("To the page", seen=opened, htmx=True)
    assert refused.status_code == 409
    assert refused.text.startswith('<li class="line editing"')
    assert sent_by(refused)["form0"] == "To the page"
    assert editor.states() == [("To the text", "draft")]


def test_what_is_not_sent_stays_as_it_is(editor: WordsDesk) -> None:
    data = {name: value for name, value in sent_by(editor.opens(PLURAL)).items() if name != "form1"}
    data |= {"form0": "В %(all)s", "do": "save"}
    assert editor.browser.post(f"/staff/en/{editor.place(PLURAL)}", data=data).status_code == 303
    with editor.app.app_context():
        first, second, _third = edits.history(PLURAL)[0].strings
    assert first == "В %(all)s"
    assert second


def test_hints_stand_beside_a_text(lone_editor: WordsDesk) -> None:
    page = lone_editor.opens(PLURAL).text
    assert '<code data-insert="%(all)s">' in page
    assert "Agreed words" in lone_editor.opens(Text("messages", "ru", "Privacy policy")).text


def test_edits_by_two_at_once_lose_none(editor: WordsDesk, staff: Staff) -> None:
    other = WordsDesk(editor.app, staff.signed_in(Role.EDITOR, "other@example.com"))

    def work(desk: WordsDesk, name: str) -> int:
        saved, data = 0, sent_by(desk.opens())
        for number in range(_EACH):
            data["form0"] = f"{name} {number}"
            answer = desk.browser.post(f"/staff/en/{desk.place(LINK)}", data=data | {"do": "save"})
            while answer.status_code == 409:
                data |= sent_by(answer)
                answer = desk.browser.post(f"/staff/en/{desk.place(LINK)}", data=data | {"do": "save"})
            saved += answer.status_code == 303
        return saved

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(work, desk, name) for desk, name in ((editor, "a"), (other, "b"))]
        assert [one.result(timeout=60) for one in done] == [_EACH, _EACH]
    kept = Counter(wording for wording, _state in editor.states())
    assert kept == Counter(f"{name} {number}" for name in "ab" for number in range(_EACH))


def test_the_same_english_words_are_offered_as_they_are_translated_elsewhere(editor: WordsDesk) -> None:
    settings, form = (Text("messages", "en", f"Open the {name}") for name in ("settings", "contact form"))
    russian = Text("messages", "ru", settings.msgid)
    assert "are elsewhere" not in words_of(editor.opens(russian))
    editor.sends(form.msgid, text=settings)
    page = editor.opens(russian)
    assert "The same English words are elsewhere: Открыть форму обратной связи" in words_of(page)


def test_a_text_of_other_forms_is_not_offered(lone_editor: WordsDesk) -> None:
    lone_editor.sends(PLURAL.msgid, text=Text("messages", "en", "Open the settings"))
    assert "are elsewhere" not in words_of(lone_editor.opens(PLURAL))

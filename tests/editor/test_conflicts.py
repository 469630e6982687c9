"""The project and an edit have changed the same text."""

import re

from tests.editor.words_desk import WordsDesk, words_of
from tests.language.publishing import Desk
from tests.staff.members import token_on


def test_the_project_and_an_edit_of_the_same_text(editor: WordsDesk, catalogues: Desk) -> None:
    seen = editor.opens()
    catalogues.change("To the words")
    refused = editor.sends("To the text", seen=seen)
    assert refused.status_code == 409
    assert "words" in words_of(refused)
    assert editor.sends("To the text", seen=refused).status_code == 303
    assert editor.states() == [("To the text", "draft")]


def test_a_conflict_is_decided_for_the_edit_or_for_the_project(
    editor: WordsDesk, publisher: WordsDesk, catalogues: Desk
) -> None:
    publisher.sends("To the text")
    publish(publisher)
    catalogues.change("To the words")
    assert "The project says" in words_of(editor.opens())
    editor.sends()
    assert editor.states() == [("To the text", "published"), ("To the text", "draft")]
    assert "The project says" not in words_of(editor.opens())
    publish(publisher)
    assert "Changed in the project, too" not in words_of(editor.get())

    editor.sends(do="use-0")
    publish(publisher)
    assert "To the words" in editor.browser.get("/en/").text


def publish(publisher: WordsDesk) -> None:
    page = publisher.get("publish").text
    numbers = re.findall(r'name="edit"\s+value="(\d+)"', page)
    data = {"csrf_token": token_on(page), "edit": numbers}
    assert publisher.browser.post("/staff/en/publish", data=data).status_code == 303

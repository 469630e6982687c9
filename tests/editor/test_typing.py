"""What a member types is kept until it is saved: for nobody else, in no history, over nobody's words."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from flexsmt_site import clock
from flexsmt_site.editor import privacy, typing
from flexsmt_site.editor.models import Typed
from flexsmt_site.extensions import db
from flexsmt_site.outbox import chores
from flexsmt_site.outbox.transport import Connection
from flexsmt_site.staff import service as staff_service
from tests.editor.words_desk import LINK, WordsDesk, sent_by, words_of
from tests.language.publishing import Desk


def test_what_is_typed_is_kept_for_its_author_and_judged(editor: WordsDesk, publisher: WordsDesk) -> None:
    part = editor.types("To the %(page)s", seen=editor.opens())
    assert part.status_code == 200
    assert "Kept for you" in part.text
    assert "Keep each placeholder" in part.text
    assert editor.states() == []
    again = editor.opens()
    assert "did not save it" in words_of(again)
    assert sent_by(again)["form0"] == "To the %(page)s"
    assert "typed something here" in words_of(editor.get())
    assert sent_by(publisher.opens())["form0"] == LINK.msgid
    assert "typed something here" not in words_of(publisher.get())

    editor.types("To the very page", seen=again)
    assert editor.sends(seen=editor.opens()).status_code == 303
    assert editor.states() == [("To the very page", "draft")]
    assert "typed something here" not in words_of(editor.get())


def test_what_was_typed_is_given_up_by_a_press(editor: WordsDesk) -> None:
    editor.types("To the page", seen=editor.opens())
    answer = editor.sends(do="forget")
    assert "is gone" in words_of(editor.browser.get(answer.location))
    assert sent_by(editor.opens())["form0"] == LINK.msgid
    assert editor.states() == []


@pytest.mark.parametrize("htmx", [False, True])
def test_the_enter_key_saves_and_never_gives_up(editor: WordsDesk, *, htmx: bool) -> None:
    editor.types("To the page", seen=editor.opens())
    form = (
        editor.get(editor.place(LINK), htmx=htmx).text.partition('class="words"')[2].partition("</form>")[0]
    )
    pressed = re.findall(r'<button type="submit"[^>]* name="do" value="([\w-]+)"', form)
    assert "forget" in pressed
    assert pressed[0] == "save"


def test_what_is_typed_back_leaves_nothing(editor: WordsDesk) -> None:
    seen = editor.opens()
    editor.types("To the page", seen=seen)
    assert "Kept for you" not in editor.types(LINK.msgid, seen=seen).text
    assert "did not save" not in words_of(editor.opens())
    editor.types("To the page", seen=seen)
    editor.sends(LINK.msgid, seen=seen)
    assert "did not save" not in words_of(editor.opens())


def test_what_arrives_after_it_was_saved_changes_nothing(editor: WordsDesk, publisher: WordsDesk) -> None:
    seen = editor.opens()
    editor.sends("To the text", seen=seen, do="hand-in")
    late = editor.types("To the", seen=seen)
    assert late.status_code == 409
    assert editor.states() == [("To the text", "review")]
    assert sent_by(editor.opens())["form0"] == "To the text"

    # Whoever looks at it and slips on a key leaves it as it was handed in.
    publisher.types("To the textx", seen=publisher.opens())
    assert editor.states() == [("To the text", "review")]


def test_what_was_typed_over_other_words_is_not_saved_over_them(
    editor: WordsDesk, publisher: WordsDesk
) -> None:
    editor.types("To the text", seen=editor.opens())
    publisher.sends("To the words")
    opened = editor.opens()
    assert sent_by(opened)["form0"] == "To the text"
    assert editor.sends(seen=opened).status_code == 409
    assert editor.states() == [("To the words", "draft")]


def test_what_is_typed_while_the_project_changes_is_kept_and_not_saved_over_it(
    editor: WordsDesk, catalogues: Desk
) -> None:
    seen = editor.opens()
    catalogues.change("To the words")
    assert editor.types("To the text", seen=seen).status_code == 409
    opened = editor.opens()
    assert sent_by(opened)["form0"] == "To the text"
    assert editor.sends(seen=opened).status_code == 409
    assert editor.states() == []


def _no_connection() -> Connection:
    raise AssertionError("what was typed goes without a mail")


def late(hours: int) -> chores.Round:
    """A round of the relay, so many hours after what is typed now has been kept for long enough."""
    return chores.Round(clock.now() + privacy.KEPT + timedelta(hours=hours), "", _no_connection)


def test_what_nobody_comes_back_to_goes_after_four_weeks(editor: WordsDesk) -> None:
    editor.types("To the text", seen=editor.opens())
    typing.forget_old(late(-1))
    assert "did not save" in words_of(editor.opens())
    typing.forget_old(late(1))
    assert "did not save" not in words_of(editor.opens())


def test_what_somebody_typed_goes_with_the_account(editor: WordsDesk) -> None:
    editor.types("To the text", seen=editor.opens())
    staff_service.remove("editor@example.com", clock.now())
    with Session(db.engine) as session:
        assert session.scalars(select(Typed.strings)).all() == []

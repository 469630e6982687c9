"""What has happened to words is listed newest first, each beside what was there before."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from flexsmt_site import clock
from flexsmt_site.extensions import db
from flexsmt_site.language import edits, forgetting, words
from flexsmt_site.language.happenings import Happening
from tests.language import remembered
from tests.language.editing import ANN, BEN, LINK, RUSSIAN, Editors
from tests.language.publishing import SKIP, Desk, copied

Told = tuple[str, str, str, int | None]


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    remembered.trials(monkeypatch)
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def editors(app: Flask) -> Editors:
    return Editors(app)


def recent(editors: Editors, before: int | None = None, limit: int = 50) -> list[Happening]:
    with editors.app.app_context():
        return edits.recent(before, limit)


def told(found: list[Happening]) -> list[Told]:
    return [(one.state, one.before[0], one.after[0], one.author) for one in found]


def test_an_edit_and_its_steps_are_told_newest_first(editors: Editors) -> None:
    draft = editors.save("To the text")
    published = editors.publish(draft, note="shorter")
    step, made = recent(editors)

    assert told([step, made]) == [
        ("published", SKIP, "To the text", BEN),
        ("draft", SKIP, "To the text", ANN),
    ]
    assert {step.edit_id, made.edit_id} == {draft.id}
    assert (step.text, step.reason, step.release) == (LINK, "shorter", published.number)
    assert (made.text, made.reason, made.release, made.moment) == (LINK, "why", None, draft.made)


def test_a_draft_is_compared_with_what_it_was_written_over(editors: Editors) -> None:
    for wording in ("To the text", "To the whole text"):
        editors.save(wording)
    editors.save("К тексту", text=RUSSIAN)
    editors.save("To the words", author=BEN)

    assert told(recent(editors)) == [
        ("draft", "To the whole text", "To the words", BEN),
        ("draft", editors.repository(RUSSIAN)[0], "К тексту", ANN),
        ("draft", "To the text", "To the whole text", ANN),
        ("draft", SKIP, "To the text", ANN),
    ]


def test_what_is_published_is_compared_with_what_visitors_read_until_then(editors: Editors) -> None:
    editors.save("To the page")
    editors.show("To the text")
    first = recent(editors, limit=1)
    editors.save("To the words")
    second = editors.show("To the whole text")
    replaced = next(one for one in recent(editors) if one.state == "published")
    editors.publish(ended=(second.id,))
    editors.show("To the page")
    anew = recent(editors, limit=1)
    editors.roll_back(1)
    back = recent(editors, limit=1)

    assert told([*first, replaced, *anew, *back]) == [
        ("published", SKIP, "To the text", BEN),
        ("published", "To the text", "To the whole text", BEN),
        ("published", SKIP, "To the page", BEN),
        ("published", "To the page", "To the text", BEN),
    ]


def test_those_whose_names_are_forgotten_are_told_without(editors: Editors) -> None:
    editors.save("To the text")
    editors.save("To the words", author=BEN)
    before = told(recent(editors))
    with editors.app.app_context():
        forgetting.forget_authors(clock.now() + timedelta(days=1))

    assert [one[:3] for one in told(recent(editors))] == [one[:3] for one in before]
    assert {one[3] for one in told(recent(editors))} == {None}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_page_by_page_it_is_the_same_list(editors: Editors, size: int) -> None:
    first, second = editors.save("To the text"), editors.save("К тексту", text=RUSSIAN)
    editors.publish(first, second)
    editors.show("To the words")
    editors.publish(ended=(second.id,))
    whole = recent(editors)
    pages, place = [], None
    while page := recent(editors, place, size):
        pages += page
        place = page[-1].place

    assert [(one.edit_id, one.state) for one in whole] == [
        (second.id, "withdrawn"),
        (3, "published"),
        (first.id, "replaced"),
        (3, "draft"),
        (second.id, "published"),
        (first.id, "published"),
        (second.id, "draft"),
        (first.id, "draft"),
    ]
    assert pages == whole


@pytest.mark.parametrize("place", [-1, 0, 2**63, 10**40])
def test_a_place_that_nobody_has_returned_does_no_harm(editors: Editors, place: int) -> None:
    editors.save("To the text")

    assert len(recent(editors, place)) == (place > 2**32)


def test_two_statements_find_it_however_much_there_is(lone_app: Flask) -> None:
    editors = Editors(lone_app)
    sent: list[str] = []
    for number in range(5):
        editors.show(f"To the text {number}")
    with lone_app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
        assert len(edits.recent(limit=7)) == 7

    assert sum(statement.startswith("SELECT") for statement in sent) == 2


def test_the_mark_changes_with_everything_that_is_written_about_words(editors: Editors) -> None:
    def mark() -> tuple[int | None, ...]:
        with editors.app.app_context():
            return edits.mark()

    marks = [mark()]
    draft = editors.save("To the text")
    marks.append(mark())
    with editors.app.app_context():
        edits.move(draft.id, "review", author=ANN, now=clock.now())
    marks.append(mark())
    editors.publish(draft)
    marks.append(mark())
    editors.roll_back(1)
    editors.publish(ended=(draft.id,))
    marks.append(mark())

    assert len(set(marks)) == len(marks)
    assert mark() == marks[-1]

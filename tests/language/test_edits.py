"""Several people edit the words of the site: nothing is overwritten, nothing is lost."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from flexsmt_site import clock
from flexsmt_site.extensions import db
from flexsmt_site.language import edits, overlay, standing
from flexsmt_site.language.edit_rules import BadStrings, Fate, Text
from flexsmt_site.language.models import Edit
from tests.language import remembered
from tests.language.editing import ANN, BEN, LINK, RUSSIAN, Editors, steps
from tests.language.publishing import SKIP, Desk, copied


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    remembered.trials(monkeypatch)
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def editors(app: Flask) -> Editors:
    return Editors(app)


def test_a_draft_knows_who_wrote_it_why_and_against_what(editors: Editors) -> None:
    first = editors.save("To the text")
    second = editors.save("To the words", author=BEN)

    assert (first.text, first.author, first.reason) == (LINK, ANN, "why")
    assert (first.parent, first.state) == (0, "draft")
    assert first.base_strings == editors.repository()
    assert second.parent == first.id
    with editors.app.app_context():
        assert edits.history(LINK) == [second, first]
        assert edits.history(RUSSIAN) == []


def test_whoever_is_second_is_told_what_the_first_has_written(editors: Editors) -> None:
    seen = editors.save("To the text")
    theirs = editors.save("To the words", parent=seen.id)
    with pytest.raises(edits.Overtaken) as caught:
        editors.save("To the page", parent=seen.id, author=BEN)

    error = caught.value
    assert (error.base, error.mine, error.theirs) == (("To the text",), ("To the page",), ("To the words",))
    assert error.head == theirs.id
    assert editors.save("To the page", parent=error.head, author=BEN).parent == theirs.id
    assert [words for words, _state in editors.states()] == ["To the text", "To the words", "To the page"]


def test_two_who_write_the_same_do_not_quarrel(editors: Editors) -> None:
    first = editors.save("To the text")

    assert editors.save("To the text", parent=0, author=BEN) == first
    assert len(editors.states()) == 1


def test_whoever_saw_another_text_of_the_repository_is_told(editors: Editors, desk: Desk) -> None:
    seen = editors.repository()
    with editors.app.app_context():
        proposal = edits.Proposal(LINK, ("To the text",), 0, ANN, base=overlay.get(LINK).digest)
        desk.change("To the point")
        with pytest.raises(edits.Overtaken) as caught:
            edits.save(proposal, clock.now())
        assert edits.save(replace(proposal, base=overlay.get(LINK).digest), clock.now())

    assert caught.value.theirs == ("To the point",) != seen
    assert caught.value.head == 0


@pytest.mark.parametrize("each", [40, pytest.param(500, marks=pytest.mark.proof)])
def test_whatever_two_write_at_once_is_all_there(editors: Editors, each: int) -> None:
    told: Counter[int] = Counter()

    def work(author: int) -> None:
        head = 0
        for number in range(each):
            while True:
                try:
                    head = editors.save(f"{author} {number}", author=author, parent=head).id
                    break
                except edits.Overtaken as error:
                    head = error.head
                    told[author] += 1

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, (ANN, BEN)))

    written = [words for words, _state in editors.states()]
    assert len(written) == 2 * each
    for author in (ANN, BEN):
        mine = [words for words in written if words.startswith(f"{author} ")]
        assert mine == [f"{author} {number}" for number in range(each)]
    with editors.app.app_context(), db.engine.connect() as connection:
        assert connection.scalar(select(func.count(Edit.parent.distinct()))) == 2 * each


def test_a_draft_is_handed_in_taken_back_and_withdrawn(editors: Editors) -> None:
    draft = editors.save("To the text")
    with editors.app.app_context():
        for state in ("review", "draft", "review", "withdrawn"):
            moved = edits.move(draft.id, state, author=BEN, now=clock.now(), reason="a look")
            assert (moved.state, moved.mover, moved.author) == (state, BEN, ANN)
        assert [step.state for step in steps(draft.id)] == ["review", "draft", "review", "withdrawn"]
        with pytest.raises(edits.NotMovable, match="is withdrawn and can not become review"):
            edits.move(draft.id, "review", author=BEN, now=clock.now())

    assert editors.save("To the text").parent == draft.id


def test_a_draft_that_somebody_has_written_over_is_not_handed_in(editors: Editors) -> None:
    draft = editors.save("To the text")
    editors.save("To the words", author=BEN)
    with editors.app.app_context(), pytest.raises(edits.Overtaken) as caught:
        edits.move(draft.id, "review", author=ANN, now=clock.now())

    assert caught.value.theirs == ("To the words",)


def test_what_is_no_text_or_no_edit_is_refused(editors: Editors) -> None:
    with pytest.raises(overlay.UnknownText, match="no text of this version"):
        editors.save("x", text=Text("messages", "en", "Never written"))
    with pytest.raises(BadStrings, match="2 forms"):
        editors.save("x", "y")
    with editors.app.app_context(), pytest.raises(standing.UnknownEdit):
        edits.move(99, "review", author=ANN, now=clock.now())
    assert editors.states() == []


def test_a_list_shows_each_text_with_what_is_done_to_it(editors: Editors, desk: Desk) -> None:
    def row() -> edits.Listed:
        with editors.app.app_context():
            (found,) = (one for one in edits.list_texts("messages", "en") if one.text == LINK)
            return found

    repository = editors.repository()
    assert (row().shown, row().draft, row().live, row().fate) == (repository, None, None, None)
    draft = editors.save("To the text")
    assert (row().shown, row().draft, row().fate) == (repository, draft, Fate.STAYS)
    editors.publish(draft)
    assert (row().shown, row().draft, row().fate) == (("To the text",), None, Fate.STAYS)
    desk.change("To the point")
    assert row().fate is Fate.CONFLICT
    source = desk.folder / "en" / "LC_MESSAGES" / "messages.po"
    source.write_text(source.read_text("utf-8").replace(f'msgid "{SKIP}"', 'msgid "Another"'), "utf-8")
    assert (row().value, row().shown, row().fate) == (None, ("To the text",), Fate.GONE)


def test_the_gate_can_be_asked_before_anything_is_saved(editors: Editors) -> None:
    with editors.app.app_context():
        assert edits.judge(LINK, ("To the text",)) == []
        wrong = edits.judge(LINK, ("To <b>the text",))

    assert wrong[0].level == "error"
    assert "markup" in {finding.rule for finding in wrong}

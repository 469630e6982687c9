"""Words of the policy that are edited on the site: they go live with a version, and with nothing else."""

from pathlib import Path
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import delete

from flexsmt_site import clock, database
from flexsmt_site.language import catalog, edits, overlay, sync
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.policy import checks, rules, service
from flexsmt_site.policy.models import PolicyVersion
from tests.language.editing import BEN, Editors
from tests.language.publishing import copied
from tests.policy.publishing import NOTE, clauses, due, footer, hand_in, kept, name, publish, start, steps

pytestmark = pytest.mark.usefixtures("quickly")
TITLE = Text("policy", "en", "About this policy")
ANSWER = Text(
    "policy",
    "en",
    "We answer within 10 working days. If we need longer, we tell you the reason within that time and answer "
    "at most 5 working days later.",
)


def doctor(app: Flask) -> list[str]:
    with app.app_context():
        return [found.what for found in checks.versions(app.extensions["flexsmt_settings"])]


@pytest.mark.promise("P14.1")
def test_an_edit_is_read_with_the_version_that_it_was_chosen_for(app: Flask) -> None:
    start(app)
    edit = hand_in(app, TITLE, "About our policy")
    before = clauses(app)
    assert (due(app), clauses(app, "/en/privacy?x")) == (set(), before)
    made = publish(app, edits=[edit])

    assert "About our policy" in clauses(app)
    assert clauses(app) == before.replace("About this policy", "About our policy")
    assert "About this policy" in kept(app, 1)
    assert steps(app, edit) == [("review", 1, None), ("published", BEN, None)]
    assert (made.number, due(app), doctor(app)) == (2, set(), ["version 2 of the policy is in force"])


def test_a_later_version_is_made_of_the_words_in_force(app: Flask) -> None:
    start(app)
    publish(app, edits=[hand_in(app, TITLE, "About our policy")])
    waiting = hand_in(app, ANSWER, ANSWER.msgid.replace("reason", "cause"))
    name(app, "Another")
    assert due(app) == {12}
    publish(app)

    assert "About our policy" in kept(app, 3)
    assert "the cause within" not in kept(app, 3)
    assert steps(app, waiting)[-1][0] == "review"


def test_a_further_edit_takes_the_place_of_the_one_before(app: Flask) -> None:
    start(app)
    for number, words in enumerate(("About our policy", "Our policy"), start=2):
        assert publish(app, edits=[hand_in(app, TITLE, words)]).number == number

    assert "Our policy" in clauses(app)
    assert Editors(app).states(TITLE) == [("About our policy", "replaced"), ("Our policy", "published")]


def test_releases_of_words_neither_need_nor_end_it(app: Flask) -> None:
    start(app)
    edit = hand_in(app, TITLE, "About our policy")
    editors = Editors(app)
    first = editors.save("Go to the text")
    release = editors.publish(first)
    publish(app, edits=[edit])
    with app.app_context():
        assert list(sync.findings(app.extensions["flexsmt_settings"])) == []
    editors.show("Straight to the text")
    editors.roll_back(release.number)

    assert steps(app, edit)[-1] == ("published", BEN, None)
    assert due(app) == set()


def test_an_edit_waits_with_the_version_that_is_announced(lone_app: Flask) -> None:
    start(lone_app)
    before = clauses(lone_app)
    publish(lone_app, "2037-03-01", edits=[hand_in(lone_app, TITLE, "About our policy")])

    assert clauses(lone_app, "/en/privacy?x") == before
    assert "About our policy" in kept(lone_app, 2)
    assert due(lone_app) == set()


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (ANSWER, ANSWER.msgid.replace("10", "11"), r"edit 1, en: .*number"),
        (TITLE, "", r"edit 1, en: .*no text, or an empty plural form"),
        (TITLE, "See {this}", "edit 1, en|not filled in"),
    ],
)
def test_words_that_the_gate_refuses_are_no_version(
    lone_app: Flask, text: Text, words: str, said: str
) -> None:
    start(lone_app)
    edit = hand_in(lone_app, text, words)
    with pytest.raises(rules.NotPublishable, match=said):
        publish(lone_app, edits=[edit])

    assert (footer(lone_app), steps(lone_app, edit)[-1][0]) == (1, "review")


def test_only_edits_in_review_can_be_chosen(lone_app: Flask) -> None:
    start(lone_app)
    draft = Editors(lone_app).save("About our policy", text=TITLE)
    other = Editors(lone_app).save("Skip it")
    with lone_app.app_context():
        edits.move(other.id, "review", author=None, now=clock.now())
    with pytest.raises(rules.NotPublishable, match="not in review any more: 1, 2, 9"):
        publish(lone_app, edits=[draft.id, other.id, 9])

    assert footer(lone_app) == 1


def test_an_edit_of_a_text_that_is_gone_is_refused_by_name(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(lone_app)
    edit = hand_in(lone_app, TITLE, "About our policy")
    monkeypatch.setattr(overlay, "find", lambda _text: None)

    with pytest.raises(rules.NotPublishable, match=r"edit 1, en: .*no text of this version"):
        publish(lone_app, edits=[edit])


def test_what_changes_between_the_look_and_the_publishing_is_noticed(app: Flask) -> None:
    start(app)
    edit = hand_in(app, TITLE, "About our policy")
    with app.app_context():
        draft = service.draft(NOTE, None, clock.now(), is_material=False, edits=[edit])
    with app.app_context():
        edits.move(edit, "withdrawn", author=1, now=clock.now())
    with app.app_context(), pytest.raises(rules.NotPublishable, match="not in review any more: 1"):
        service.publish(draft, clock.now())
    second = hand_in(app, TITLE, "Our policy")
    with app.app_context():
        late = service.draft(NOTE, None, clock.now(), is_material=False, edits=[second])
    publish(app, edits=[hand_in(app, ANSWER, ANSWER.msgid.replace("reason", "cause"))])
    with app.app_context(), pytest.raises(rules.NotPublishable, match="somebody has changed"):
        service.publish(late, clock.now())

    assert (footer(app), steps(app, second)[-1][0]) == (2, "review")


@pytest.mark.usefixtures("patient")
def test_of_two_who_publish_an_edit_at_once_one_is_refused(workers: list[Flask]) -> None:
    start(workers[0])
    edit = hand_in(workers[0], TITLE, "About our policy")
    ready, refused = Barrier(len(workers)), []

    def attempt(worker: Flask) -> None:
        ready.wait()
        try:
            publish(worker, edits=[edit])
        except rules.NotPublishable as refusal:
            refused.append(str(refusal))

    threads = [Thread(target=attempt, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == len(workers) - 1
    assert [state for state, *_ in steps(workers[0], edit)] == ["review", "published"]
    assert footer(workers[0]) == 2


def test_a_first_start_beside_live_edits_publishes_their_words(lone_app: Flask) -> None:
    start(lone_app)
    publish(lone_app, edits=[hand_in(lone_app, TITLE, "About our policy")])
    with lone_app.app_context(), database.write() as session:
        session.execute(delete(PolicyVersion))

    assert due(lone_app) == set()
    assert start(lone_app)
    assert "About our policy" in clauses(lone_app)


def test_a_file_that_can_not_be_read_stops_a_version_and_no_doctor(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(lone_app)
    publish(lone_app, edits=[hand_in(lone_app, TITLE, "About our policy")])

    def broken(*_arguments: object) -> None:
        raise overlay.BrokenCatalogue(Path("policy.po"), ValueError("a test"))

    monkeypatch.setattr(overlay, "compiled", broken)
    with pytest.raises(rules.NotPublishable, match=r"policy\.po can not be read"):
        publish(lone_app)

    assert doctor(lone_app) == ["version 2 of the policy is in force"]


def test_a_file_of_words_that_is_gone_stops_a_version_and_no_doctor(
    lone_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "missing", list)
    with copied(tmp_path / "desk", monkeypatch) as desk:
        start(lone_app)
        publish(lone_app, edits=[hand_in(lone_app, TITLE, "About our policy")])
        (desk.folder / "ru" / "LC_MESSAGES" / "policy.po").unlink()
        with pytest.raises(rules.NotPublishable, match=r"ru/LC_MESSAGES/policy\.po can not be read"):
            publish(lone_app)

        assert doctor(lone_app) == ["version 2 of the policy is in force"]


def test_without_compiled_words_or_a_first_version_nothing_is_due(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert due(lone_app) == set()
    start(lone_app)
    name(lone_app, "Another")
    assert due(lone_app) == {12}
    monkeypatch.setattr(catalog, "missing", lambda: ["policy.po"])

    assert due(lone_app) == set()

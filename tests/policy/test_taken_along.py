"""What a version takes along: words that were announced, compiled, or edited before a way back."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete

from flexsmt_site import clock, database
from flexsmt_site.language import catalog
from flexsmt_site.policy import rules, service
from flexsmt_site.policy.models import PolicyVersion
from tests.language.editing import Editors
from tests.language.publishing import copied
from tests.policy.publishing import NOTE, due, footer, hand_in, kept, name, publish, start, steps
from tests.policy.test_edited_words import ANSWER, TITLE

pytestmark = pytest.mark.usefixtures("quickly")


@pytest.mark.promise("P14.1")
def test_words_that_were_changed_since_they_were_compiled_are_not_published(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(lone_app)
    name(lone_app, "Another")
    monkeypatch.setattr(catalog, "stale", lambda: ["translations/ru/LC_MESSAGES/policy.po"])
    said = r"ru/LC_MESSAGES/policy\.po: changed since compiled; run: flexsmt catalogs compile"
    with pytest.raises(rules.NotPublishable, match=said):
        publish(lone_app)

    assert footer(lone_app) == 1


def test_what_was_announced_with_a_version_that_another_comes_before_is_said(lone_app: Flask) -> None:
    start(lone_app)
    publish(lone_app, "2037-03-01", edits=[hand_in(lone_app, TITLE, "About our policy")])
    edit = hand_in(lone_app, ANSWER, ANSWER.msgid.replace("reason", "cause"))
    told = lone_app.test_cli_runner().invoke(
        args=["policy", "publish", "--note-en", "x", "--note-ru", "x", "--effective", "2037-02-01"]
    )
    assert "nothing differs from version 2" in told.output
    name(lone_app, "Another")
    told = lone_app.test_cli_runner().invoke(
        args=["policy", "publish", "--note-en", "x", "--note-ru", "x", "--dry-run"]
    )
    with lone_app.app_context():
        draft = service.draft(NOTE, None, clock.now(), is_material=False, edits=[edit])
        version, skipped = service.preview(draft, clock.now())
        old = service.before(version)
        assert old
        assert service.differing(old.number, draft.text) == {0, 9, 12}

    assert (version.number, old.number, [one.number for one in skipped]) == (3, 1, [2])
    assert "clauses that differ from version 1: 0, 12\n" in told.output
    assert "what was announced with version 2 takes effect with version 3" in told.output


def test_the_version_before_is_the_one_in_force_at_that_minute(lone_app: Flask) -> None:
    start(lone_app)
    for number, effective in ((2, "2037-03-01"), (3, "2037-05-01")):
        name(lone_app, f"Recipient {number}")
        publish(lone_app, effective)
    name(lone_app, "Recipient 4")
    before = []
    moments: tuple[str | None, ...] = (None, "2037-02-28", "2037-03-01", "2037-06-01")
    for moment in moments:
        with lone_app.app_context():
            draft = service.draft(NOTE, moment, clock.now(), is_material=False)
            found = service.before(service.preview(draft, clock.now())[0])
            before.append(found and found.number)

    assert before == [1, 1, 2, 3]
    with lone_app.app_context(), database.write() as session:
        session.execute(delete(PolicyVersion))
    with lone_app.app_context():
        assert service.before(service.preview(draft, clock.now())[0]) is None


def test_a_version_after_a_way_back_holds_the_edit_that_returns(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "missing", list)
    with copied(tmp_path / "desk", monkeypatch) as desk:
        start(app)
        edit = hand_in(app, TITLE, "About our policy")
        publish(app, edits=[edit])
        desk.change("About our policy", of=TITLE.msgid, domain="policy")
        Editors(app).sync()
        assert steps(app, edit)[-1][0] == "retired"
        desk.change(TITLE.msgid, of=TITLE.msgid, domain="policy")
        assert due(app) == set()
        waiting = hand_in(app, ANSWER, ANSWER.msgid.replace("reason", "cause"))
        publish(app, edits=[waiting])

        assert "About our policy" in kept(app, 3)
        assert [state for state, *_ in steps(app, edit)] == ["review", "published", "retired", "published"]
        assert (Editors(app).fates(), due(app)) == (["stays", "stays"], set())


def test_an_edit_that_a_version_was_published_without_returns_to_whoever_decides(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "missing", list)
    with copied(tmp_path / "desk", monkeypatch) as desk:
        start(app)
        edit = hand_in(app, TITLE, "About our policy")
        publish(app, edits=[edit])
        desk.change("About our policy", of=TITLE.msgid, domain="policy")
        Editors(app).sync()
        publish(app, edits=[hand_in(app, ANSWER, ANSWER.msgid.replace("reason", "cause"))])
        desk.change(TITLE.msgid, of=TITLE.msgid, domain="policy")
        assert due(app) == {0}
        Editors(app).sync()

        assert steps(app, edit)[-1][0] == "review"
        assert publish(app).number == 4
        assert TITLE.msgid in kept(app, 4)

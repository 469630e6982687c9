"""The policy's edits go live with its versions: no release of words holds, ends or brings back one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock, database, proof
from flexsmt_site.language import edits, making, overlay, releases, sync, words
from flexsmt_site.language.edit_rules import State, Text
from flexsmt_site.language.models import Step
from flexsmt_site.language.standing import Standing
from tests.language import remembered
from tests.language.editing import BEN, LINK, Editors
from tests.language.publishing import Desk, copied, publish, skip_link

CLAUSE = Text("policy", "en", "About this policy")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    remembered.trials(monkeypatch)
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def editors(app: Flask) -> Editors:
    return Editors(app)


def go_live(editors: Editors, words: str, state: State = "published") -> Standing:
    """A version of the policy with other words, as it is published elsewhere."""
    draft = editors.save(words, text=CLAUSE)
    with editors.app.app_context(), database.write() as session:
        session.add(Step(edit_id=draft.id, state=state, author=BEN, reason="", taken=clock.now()))
    return draft


def held(editors: Editors) -> list[tuple[int, ...]]:
    """The edits of each release, the newest first."""
    with editors.app.app_context():
        return [making.ids_of(release) for release in releases.history()]


def test_releases_hold_none_of_them(editors: Editors) -> None:
    go_live(editors, "Our policy")
    shown = editors.show("To the text")
    publish(editors.app)

    assert held(editors) == [(shown.id,)]
    assert editors.sync().release is None


def test_rolling_back_neither_ends_nor_brings_back_one(editors: Editors) -> None:
    editors.show("To the text")
    ended = go_live(editors, "Our policy")
    with editors.app.app_context(), database.write() as session:
        session.add(Step(edit_id=ended.id, state="replaced", author=BEN, reason="", taken=clock.now()))
    go_live(editors, "The policy")
    editors.show("To the words")
    editors.roll_back(1)

    assert skip_link(editors.app) == "To the text"
    assert editors.states(CLAUSE) == [("Our policy", "replaced"), ("The policy", "published")]
    editors.roll_back(2)
    assert editors.states(CLAUSE) == [("Our policy", "replaced"), ("The policy", "published")]
    assert editors.live() == {LINK: ("To the words",), CLAUSE: ("The policy",)}


def test_a_release_does_not_end_one(editors: Editors) -> None:
    live = go_live(editors, "Our policy")
    with pytest.raises(making.NotPublishable, match=f"with a version of it alone: {live.id}"):
        editors.publish(ended=(live.id,))

    assert editors.states(CLAUSE) == [("Our policy", "published")]


def test_after_a_deploy_each_is_judged_and_no_release_is_made(
    editors: Editors, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_live(editors, "Our policy")
    before = editors.repository(CLAUSE)[0]
    fates = [editors.fates()]
    for says in ("The policy", "Our policy", before):
        desk.change(says, of=CLAUSE.msgid, domain="policy")
        fates.append(editors.fates())
        monkeypatch.setattr(proof, "version", lambda: says)  # noqa: B023 (used before the next round)
        assert editors.sync().release is None
        if says == "Our policy":
            assert editors.states(CLAUSE) == [("Our policy", "retired")]

    assert fates == [["stays"], ["conflict"], ["retired"], ["returns"]]
    assert editors.states(CLAUSE) == [("Our policy", "published")]
    assert held(editors) == []
    with editors.app.app_context():
        assert list(sync.findings(editors.app.extensions["flexsmt_settings"])) == []


def test_one_of_a_clause_that_is_gone_is_kept(editors: Editors, desk: Desk) -> None:
    go_live(editors, "Our policy")
    source = desk.folder / "en" / "LC_MESSAGES" / "policy.po"
    source.write_text(source.read_text("utf-8").replace(f'msgid "{CLAUSE.msgid}"', 'msgid "New"'), "utf-8")

    assert editors.fates() == ["gone"]
    assert editors.sync().release is None
    assert editors.live() == {CLAUSE: ("Our policy",)}
    with editors.app.app_context():
        assert overlay.find(CLAUSE) is None
        assert [found.state for found in edits.history(CLAUSE)] == ["published"]

"""After a deploy: no edit is lost, none stops the deploy, and each retires when the repository has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import create_app, proof
from flexsmt_site.config import Settings
from flexsmt_site.language import making, releases, sync, words
from flexsmt_site.operations import commands
from tests.conftest import make_settings
from tests.faults.serving import dispose
from tests.language import remembered
from tests.language.editing import LINK, RUSSIAN, Editors
from tests.language.publishing import SKIP, Desk, copied, file_of, publish, skip_link


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    remembered.trials(monkeypatch)
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def editors(app: Flask) -> Editors:
    return Editors(app)


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The version that runs is the last one in the list."""
    versions = [proof.version()]
    monkeypatch.setattr(proof, "version", lambda: versions[-1])
    return versions


def test_published_edits_are_shown_on_the_next_version_by_themselves(
    editors: Editors, deploy: list[str]
) -> None:
    editors.show("To the text")
    deploy.append("next")
    assert skip_link(editors.app) == SKIP
    synced = editors.sync()

    assert synced.release == making.Published(2, is_new=True)
    assert skip_link(editors.app) == "To the text"
    assert editors.sync() == sync.Synced(synced.outcomes, None)
    assert editors.fates() == ["stays"]


def test_an_edit_that_has_landed_retires(editors: Editors, desk: Desk, deploy: list[str]) -> None:
    editors.show("To the text")
    desk.change("To the text")
    deploy.append("next")
    assert [one.fate.value for one in editors.sync().outcomes] == ["retired"]

    assert editors.states() == [("To the text", "retired")]
    assert editors.live() == {}
    desk.change("To the point")
    deploy.append("after that")
    assert editors.sync() == sync.Synced((), None)
    publish(editors.app)
    assert skip_link(editors.app) == "To the point"


def test_where_the_repository_says_something_else_visitors_go_on_reading_the_edit(
    editors: Editors, desk: Desk, deploy: list[str]
) -> None:
    live = editors.show("To the text")
    desk.change("To the point")
    deploy.append("next")
    assert [one.fate.value for one in editors.sync().outcomes] == ["conflict"]

    assert skip_link(editors.app) == "To the text"
    assert editors.fates() == ["conflict"]
    with editors.app.app_context():
        (finding,) = sync.findings(editors.app.extensions["flexsmt_settings"])
        assert "1 edited texts have been changed in the repository" in finding.what
    mine = editors.save("To the text")
    assert mine.parent == live.id
    assert not editors.publish(mine).is_new or editors.live() == {LINK: ("To the text",)}
    assert editors.fates() == ["stays"]


def test_a_conflict_ends_where_the_repository_is_right(editors: Editors, desk: Desk) -> None:
    live = editors.show("To the text")
    desk.change("To the point")
    editors.publish(ended=(live.id,))

    assert (skip_link(editors.app), editors.fates()) == ("To the point", [])


def test_an_edit_of_a_text_that_is_gone_is_kept_and_shown_when_the_text_is_back(
    editors: Editors, desk: Desk, deploy: list[str]
) -> None:
    editors.show("To the text")
    source = desk.folder / "en" / "LC_MESSAGES" / "messages.po"
    before = source.read_text("utf-8")
    source.write_text(before.replace(f'msgid "{SKIP}"', 'msgid "Another text"'), "utf-8")
    deploy.append("next")
    assert [one.fate.value for one in editors.sync().outcomes] == ["gone"]
    assert editors.live() == {LINK: ("To the text",)}
    with editors.app.app_context():
        (finding,) = sync.findings(editors.app.extensions["flexsmt_settings"])
        assert "1 published edits are of texts that this version has not" in finding.what

    source.write_text(before, "utf-8")
    deploy.append("after that")
    editors.sync()
    assert skip_link(editors.app) == "To the text"


def test_an_earlier_version_that_is_deployed_again_has_the_edit_again(
    editors: Editors, desk: Desk, deploy: list[str]
) -> None:
    editors.show("To the text")
    desk.change("To the text")
    deploy.append("next")
    editors.sync()
    desk.change(SKIP)
    deploy.append(deploy[0])
    assert editors.fates() == ["returns"]
    editors.sync()

    assert skip_link(editors.app) == "To the text"
    assert editors.live() == {LINK: ("To the text",)}
    assert editors.fates() == ["stays"]


def test_a_draft_retires_too_and_one_that_restores_the_repositorys_words_does_not(
    editors: Editors, desk: Desk
) -> None:
    shown, russian = editors.repository()[0], editors.save("К тексту", text=RUSSIAN)
    editors.show("To the text")
    back = editors.save(shown)
    desk.change("К тексту", language="ru")
    assert sorted(one.fate.value for one in editors.sync().outcomes) == ["retired", "stays", "stays"]
    assert editors.states(RUSSIAN) == [(russian.strings[0], "retired")]

    editors.publish(back)
    assert skip_link(editors.app) == shown
    editors.sync()
    assert editors.live() == {}


def test_a_release_of_files_alone_waits_for_somebody_as_before(
    editors: Editors, desk: Desk, deploy: list[str]
) -> None:
    desk.change("To the text")
    publish(editors.app)
    deploy.append("next")

    assert editors.sync() == sync.Synced((), None)
    assert skip_link(editors.app) == SKIP


def test_a_restart_does_not_undo_a_roll_back(editors: Editors, desk: Desk) -> None:
    editors.show("To the text")
    desk.change("К словам", language="ru")
    editors.show("To the words")
    editors.roll_back(1)
    before = skip_link(editors.app, "/ru/")

    assert editors.sync().release is None
    assert skip_link(editors.app) == "To the text"
    assert skip_link(editors.app, "/ru/") == before != "К словам"


def test_going_back_to_what_the_repository_has_taken_over_makes_nothing_live(
    editors: Editors, desk: Desk
) -> None:
    editors.show("To the text")
    desk.change("To the text")
    editors.sync()
    editors.show("To the words")
    editors.roll_back(1)

    assert (skip_link(editors.app), editors.live()) == ("To the text", {})
    assert editors.states() == [("To the text", "retired"), ("To the words", "withdrawn")]
    assert editors.sync().release is None


def test_while_hosts_change_versions_each_shows_the_words_made_for_it(
    editors: Editors, settings: Settings, tmp_path: Path, deploy: list[str]
) -> None:
    editors.show("To the text")
    other = create_app(make_settings(tmp_path / "other", DATABASE_URL=settings.database_url))
    deploy.append("next")
    Editors(other).sync()
    assert skip_link(other) == "To the text"

    deploy.append(deploy[0])
    with editors.app.app_context():
        assert not releases.fetch()
    assert skip_link(editors.app) == "To the text"
    dispose(other)


def test_serve_brings_the_edits_along_before_the_first_visitor(
    editors: Editors, deploy: list[str], capsys: pytest.CaptureFixture[str], desk: Desk
) -> None:
    editors.show("To the text")
    deploy.append("next")
    file_of(editors.app).unlink()
    with editors.app.app_context():
        commands._fetch_words()  # noqa: SLF001 (what 'serve' does before it serves)
        assert skip_link(editors.app) == "To the text"
        deploy.append("broken")
        (desk.folder / "en" / "LC_MESSAGES" / "mail.po").write_text("not a catalogue", "utf-8")
        commands._fetch_words()  # noqa: SLF001

    assert "warning: edits of words can not be shown on this version" in capsys.readouterr().err
    assert editors.live() == {LINK: ("To the text",)}


def test_the_command_says_what_becomes_of_each_edit(editors: Editors, desk: Desk, deploy: list[str]) -> None:
    run = editors.app.test_cli_runner().invoke
    assert "No edits wait" in run(args=["catalogs", "sync"]).output
    editors.show("To the text")
    editors.show("К тексту", text=RUSSIAN)
    desk.change("К словам", language="ru")
    deploy.append("next")
    lines = run(args=["catalogs", "sync"]).output.splitlines()

    assert f"stays     en/messages “{SKIP}” (edit 1, published)" in lines
    assert f"conflict  ru/messages “{SKIP}” (edit 2, published)" in lines
    assert "release 3 shows them on this version" in lines

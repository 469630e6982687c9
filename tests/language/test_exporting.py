"""Edits go into the repository as they would be written by hand."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.language import edits, exporting, overlay, words
from flexsmt_site.language.edit_rules import Text
from tests.language import remembered
from tests.language.editing import ANN, LINK, RUSSIAN, Editors
from tests.language.publishing import SKIP, Desk, copied

_GIT = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
_NAME = "translations/en/LC_MESSAGES/messages.po"


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    remembered.trials(monkeypatch)
    with copied(tmp_path / "desk" / "translations", monkeypatch) as made:
        yield made


@pytest.fixture
def editors(app: Flask) -> Editors:
    return Editors(app)


def run(editors: Editors, *arguments: str) -> tuple[int, bytes]:
    result = editors.app.test_cli_runner().invoke(args=["catalogs", "export", *arguments])
    return result.exit_code, result.stdout_bytes


def test_one_line_differs_for_one_edit(editors: Editors, desk: Desk) -> None:
    editors.show("To the text")
    editors.save("К тексту", text=RUSSIAN)
    with editors.app.app_context():
        ((name, before, after),) = exporting.changed(exporting.wanted())

    assert str(name) == _NAME
    line = f'msgid "{SKIP}"\nmsgstr '.encode()
    assert after == before.replace(line + f'"{SKIP}"'.encode(), line + b'"To the text"')
    assert before == (desk.folder / "en" / "LC_MESSAGES" / "messages.po").read_bytes()


@_GIT
def test_the_patch_is_applied_by_git_and_the_edits_retire(editors: Editors, desk: Desk) -> None:
    editors.show("To the text")
    editors.show("К «тексту»\nи словам", text=RUSSIAN)
    status, patch = run(editors, "--patch")
    assert status == 0
    subprocess.run(["git", "init", "-q"], cwd=desk.folder.parent, check=True)
    subprocess.run(["git", "apply", "-"], cwd=desk.folder.parent, input=patch, check=True)

    assert [one.fate.value for one in editors.sync().outcomes] == ["retired", "retired"]
    assert editors.repository() == ("To the text",)
    assert editors.repository(RUSSIAN) == ("К «тексту»\nи словам",)
    assert run(editors, "--patch") == (0, b"")


@_GIT
@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_the_patch_is_applied_to_odd_files_too(editors: Editors, desk: Desk, end: bytes) -> None:
    source = desk.folder / "en" / "LC_MESSAGES" / "messages.po"
    raw = source.read_bytes().rstrip(b"\n")
    *_others, last = overlay.values("messages", "en").values()
    strings = tuple(f"{form} more" for form in last.strings)
    source.write_bytes(raw.replace(b"\n", b"\r\n") if end else raw)
    editors.show(*strings, text=last.text)
    _status, patch = run(editors, "--patch")
    subprocess.run(["git", "init", "-q"], cwd=desk.folder.parent, check=True)
    subprocess.run(["git", "apply", "-"], cwd=desk.folder.parent, input=patch, check=True)

    assert editors.repository(last.text) == strings
    assert not source.read_bytes().endswith(b"\n")


def test_files_are_written_beside_the_project(editors: Editors, tmp_path: Path) -> None:
    editors.show("To the text")
    status, output = run(editors, "--to", str(tmp_path / "out"))

    assert (status, output.decode()) == (0, f"{tmp_path / 'out' / _NAME} written\n")
    assert b'msgstr "To the text"' in (tmp_path / "out" / _NAME).read_bytes()


def test_drafts_come_along_when_they_are_asked_for(editors: Editors) -> None:
    editors.show("To the text")
    editors.save("To the words")
    with editors.app.app_context():
        assert exporting.wanted() == {LINK: ("To the text",)}
        assert exporting.wanted(drafts=True) == {LINK: ("To the words",)}


def test_words_of_the_policy_come_along_once_somebody_has_handed_them_in(editors: Editors) -> None:
    text = next(iter(overlay.values("policy", "en").values())).text
    draft = editors.save("Other words", text=text)
    with editors.app.app_context():
        assert exporting.wanted() == {}
        edits.move(draft.id, "review", author=ANN, now=clock.now())
        assert exporting.wanted() == {text: ("Other words",)}


def test_what_has_no_text_any_more_is_named(editors: Editors, desk: Desk) -> None:
    editors.show("To the text")
    source = desk.folder / "en" / "LC_MESSAGES" / "messages.po"
    source.write_text(source.read_text("utf-8").replace(f'msgid "{SKIP}"', 'msgid "Another text"'), "utf-8")

    result = editors.app.test_cli_runner().invoke(args=["catalogs", "export", "--patch"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"gone      en/messages “{SKIP}”\n" in result.stderr
    assert Text("messages", "en", SKIP) in editors.live()

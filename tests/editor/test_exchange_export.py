"""Words are taken away as files: as they should be in the project, or as a patch."""

import re
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.editor.press import Press
from tests.editor.words_desk import RUSSIAN, words_of
from tests.language.publishing import SKIP, Desk

ZIP, PATCH = "exchange/zip", "exchange/patch"


def test_where_nothing_differs_nothing_is_offered(writer: Press) -> None:
    page = writer.get("exchange")
    assert words_of(page).count("Nothing differs from the project's files.") == 2
    assert "exchange/zip" not in page.text
    for kind in (ZIP, PATCH):
        assert writer.get(kind).location == "/staff/en/exchange"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_differs_is_counted_with_and_without_drafts(writer: Press, press: Press, language: str) -> None:
    press.publishes(writer.writes("Skip to the text"))
    writer.writes("К тексту", text=RUSSIAN)
    page = writer.get("exchange", language)
    assert re.findall(r'<p class="amount">(\d+)', page.text) == ["1", "2"]
    assert "1 text differs from the project's files." in words_of(writer.get("exchange"))


def test_the_files_hold_what_visitors_read_or_the_drafts_too(writer: Press, press: Press) -> None:
    press.publishes(writer.writes("Skip to the text"))
    writer.writes("К тексту", text=RUSSIAN)
    answer = writer.get(ZIP)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert re.fullmatch(
        r'attachment; filename="words-\d{4}-\d\d-\d\d\.zip"', answer.headers["Content-Disposition"]
    )
    for page, names in (
        (answer, ["translations/en/LC_MESSAGES/messages.po"]),
        (
            writer.get(ZIP, drafts=1),
            ["translations/en/LC_MESSAGES/messages.po", "translations/ru/LC_MESSAGES/messages.po"],
        ),
    ):
        with zipfile.ZipFile(BytesIO(page.data)) as archive:
            assert archive.namelist() == names
            assert b'msgstr "Skip to the text"' in archive.read(names[0])


def test_the_patch_is_taken_by_git(writer: Press, press: Press, catalogues: Desk, tmp_path: Path) -> None:
    press.publishes(writer.writes("Skip to the text"))
    answer = writer.get(PATCH)
    assert answer.mimetype == "text/x-patch"
    here = tmp_path / "project" / "translations" / "en" / "LC_MESSAGES"
    here.mkdir(parents=True)
    for path in catalogues.folder.glob("en/LC_MESSAGES/*.po"):
        (here / path.name).write_bytes(path.read_bytes())
    subprocess.run(["git", "apply", "-"], cwd=tmp_path / "project", input=answer.data, check=True)
    assert 'msgstr "Skip to the text"' in (here / "messages.po").read_text("utf-8")


def test_a_text_that_is_in_no_file_any_more_is_told(writer: Press, catalogues: Desk) -> None:
    writer.writes("Skip to the text")
    source = catalogues.folder / "en" / "LC_MESSAGES" / "messages.po"
    source.write_text(source.read_text("utf-8").replace(f'msgid "{SKIP}"', 'msgid "Another one"'), "utf-8")
    page = words_of(writer.get("exchange"))
    assert "1 text is in no file any more and stays here." in page


def test_another_kind_of_file_is_404(writer: Press) -> None:
    assert writer.get("exchange/tar").status_code == 404

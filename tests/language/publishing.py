"""A host's own copy of the catalogues, in which words are changed before they are published."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.config import settings
from flexsmt_site.language import catalog, extract, making, releases, words
from tests.ground.visitors import visit
from tests.language import remembered

#: A text of every page.
SKIP = "Skip to the content"
_LINK = re.compile(r'<a class="skip" href="#main">(.*?)</a>')


@dataclass(frozen=True)
class Desk:
    """Where words are changed."""

    folder: Path

    def change(self, text: str, of: str = SKIP, language: str = "en", domain: str = "messages") -> None:
        """Give a text other words."""
        source = self.folder / language / "LC_MESSAGES" / f"{domain}.po"
        entry = re.compile(rf'(?<=^msgid "{re.escape(of)}"\nmsgstr ").*?(?="$)', re.MULTILINE)
        changed, count = entry.subn(lambda _found: text, source.read_text("utf-8"))
        assert count == 1, of
        # Exchanged, not written over: two changes within a tick of the file system's clock look the same.
        extract.replace(source, changed.encode())


@contextmanager
def copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Let what is published come from a copy of the project's catalogues."""
    copies = [folder / source.relative_to(catalog.FOLDER) for source in catalog.sources()]
    for source, copy in zip(catalog.sources(), copies, strict=True):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    with monkeypatch.context() as patched:
        patched.setattr(catalog, "sources", lambda: copies)
        # That the project's own are up to date with the code is looked at elsewhere, and takes a second.
        patched.setattr(extract, "changes", lambda: iter(()))
        remembered.files(patched)
        yield Desk(folder)


def publish(app: Flask) -> making.Published:
    with app.app_context():
        return releases.publish(clock.now())


def file_of(app: Flask) -> Path:
    """Where the words in force lie on an app's host."""
    with app.app_context():
        return settings().data_dir / words.FILE


def skip_link(app: Flask, path: str = "/en/") -> str:
    found = _LINK.search(visit(app).get(path).text)
    assert found
    return found[1]

"""Strangers: visitors who write their requests by hand, and a look at what is kept of them."""

from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flexsmt_site import create_app, pagecache
from tests.conftest import make_settings
from tests.ground.visitors import Visitor, visit


@pytest.fixture(scope="module")
def shared_app(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Flask:
    folder = tmp_path_factory.mktemp("shared")
    (folder / "site.db").write_bytes(sqlite_template.read_bytes())
    return create_app(make_settings(folder))


@pytest.fixture(scope="module")
def stranger(shared_app: Flask) -> Visitor:
    """One who sends no cookies but those that a test names."""
    return visit(shared_app, use_cookies=False)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of the pages that are kept from here on."""
    paths: list[str] = []
    keep = pagecache.Shelf.keep

    def note(self: pagecache.Shelf[object], key: tuple[str, ...], made: object) -> None:
        # Pieces of pages are kept too, by names that no stranger chooses.
        if key[0].startswith("/"):
            paths.append(key[0])
        keep(self, key, made)

    monkeypatch.setattr(pagecache.Shelf, "keep", note)
    return paths


def ask(visitor: Visitor, path: str, **headers: str) -> TestResponse:
    """Ask for a path as the server hands it on, which no client would write so."""
    return visitor.get("/", environ_overrides={"PATH_INFO": path}, headers=headers)

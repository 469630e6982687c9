from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import StrictUndefined

from flexsmt_site import proof
from flexsmt_site.editor import places, visit
from flexsmt_site.editor.lines import Key
from flexsmt_site.extensions import db
from flexsmt_site.language import catalog, samples
from flexsmt_site.staff.rules import Role
from tests.editor.press import Press
from tests.editor.words_desk import WordsDesk
from tests.language.publishing import Desk, copied
from tests.staff.members import Staff


@pytest.fixture(autouse=True)
def unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is proven, whatever this tree's proof says: other words than the project's lose their marks."""
    monkeypatch.setattr(proof, "is_proven", lambda _promise: False)


@pytest.fixture(scope="session", autouse=True)
def places_found_once() -> Iterator[None]:
    """Where the texts of the same files stand is found once for all apps, for it means to make every page."""
    kept: dict[tuple[object, ...], dict[str, frozenset[Key]]] = {}
    look = places._looked  # noqa: SLF001 (a test of the pages does not care when it looks)

    def looked() -> dict[str, frozenset[Key]]:
        files = tuple((source, source.is_file() and source.read_bytes()) for source in catalog.sources())
        key = (files, visit.paths(), tuple(sample.name for sample in samples.listed()))
        if key not in kept:
            kept[key] = look()
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "_looked", looked)
        yield


@pytest.fixture
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A copy of the project's catalogues, to be changed."""
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def words_app(app: Flask) -> Iterator[Flask]:
    """The site on an empty database of each kind; a name that no page is given is an error."""
    app.jinja_env.undefined = StrictUndefined
    with app.app_context():
        yield app
        db.session.remove()


@pytest.fixture
def editor(words_app: Flask, staff: Staff) -> WordsDesk:
    """The editor before somebody who edits."""
    return WordsDesk(words_app, staff.signed_in(Role.EDITOR))


@pytest.fixture
def publisher(words_app: Flask, staff: Staff) -> WordsDesk:
    """The editor before somebody who publishes."""
    return WordsDesk(words_app, staff.signed_in(Role.PUBLISHER))


@pytest.fixture
def lone_editor(lone_app: Flask, lone_staff: Staff) -> Iterator[WordsDesk]:
    """The editor on SQLite, for what is no affair of the database."""
    lone_app.jinja_env.undefined = StrictUndefined
    with lone_app.app_context():
        yield WordsDesk(lone_app, lone_staff.signed_in(Role.EDITOR))
        db.session.remove()


@pytest.fixture
def press(words_app: Flask, staff: Staff) -> Press:
    """The pages on publishing before somebody who publishes."""
    return Press(words_app, staff.signed_in(Role.PUBLISHER, "press@example.com"))


@pytest.fixture
def writer(words_app: Flask, staff: Staff) -> Press:
    """The same before somebody who edits."""
    return Press(words_app, staff.signed_in(Role.EDITOR, "writer@example.com"))

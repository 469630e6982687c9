from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import StrictUndefined

from flexsmt_site import create_app
from flexsmt_site.extensions import db
from tests.conftest import make_settings


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Flask]:
    """The site with the shipped settings, in which a name that no view gives is an error."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "site.db").write_bytes(sqlite_template.read_bytes())
    made = create_app(make_settings(folder))
    made.testing = True
    made.jinja_env.undefined = StrictUndefined
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import StrictUndefined

from flexsmt_site.extensions import db
from tests.contact.form import Form
from tests.patience import patient

#: For tests in which many write at once.
__all__ = ["patient"]


@pytest.fixture
def form(app: Flask, client: FlaskClient) -> Iterator[Form]:
    """The form on an empty database of each kind; a name that no mail or page is given is an error."""
    app.jinja_env.undefined = StrictUndefined
    with app.app_context():
        yield Form(app, client)
        db.session.remove()


@pytest.fixture
def lone_form(lone_app: Flask, visitor: FlaskClient) -> Iterator[Form]:
    """The form where nothing is to be stored."""
    with lone_app.app_context():
        yield Form(lone_app, visitor)
        db.session.remove()

"""Clients that ask for the site under its own name, as browsers do."""

from collections.abc import Iterator
from contextvars import Context
from typing import Any

import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

OWN = "http://127.0.0.1:8000"


class Visitor(FlaskClient):
    """A client whose ``Host`` is the site's, unless a test says otherwise."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        # The test client would say "localhost", and a Host in environ_base is overwritten by that.
        if args and isinstance(args[0], str):
            kwargs.setdefault("base_url", OWN)
        # Static answers are open files until they are read to the end and closed.
        # An empty context: as on a server, nothing of what the test has open surrounds the request.
        return Context().run(super().open, *args, **{"buffered": True, **kwargs})


def visit(app: Flask, *, use_cookies: bool = True) -> Visitor:
    """Return a new visitor of an app."""
    return Visitor(app, app.response_class, use_cookies=use_cookies)


@pytest.fixture
def client(app: Flask) -> Visitor:
    return visit(app)


@pytest.fixture
def visitor(lone_app: Flask) -> Visitor:
    """A visitor of the site on SQLite."""
    return visit(lone_app)


@pytest.fixture
def rendered(lone_app: Flask) -> Iterator[list[str]]:
    """The templates that were rendered, in order."""
    names: list[str] = []

    def note(_sender: Flask, template: object, **_more: object) -> None:
        names.append(str(getattr(template, "name", "")))

    with template_rendered.connected_to(note, lone_app):
        yield names

from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import StrictUndefined

from tests.consent.device import Device, device, register_apart


@pytest.fixture
def chooser(app: Flask) -> Device:
    """A device before a site on an empty database of each kind; a name that no page is given is an error."""
    app.jinja_env.undefined = StrictUndefined
    return device(app)


@pytest.fixture
def lone_chooser(lone_app: Flask) -> Device:
    """The same where nothing is to be stored."""
    lone_app.jinja_env.undefined = StrictUndefined
    return device(lone_app)


@pytest.fixture
def own_register() -> Iterator[None]:
    with register_apart():
        yield

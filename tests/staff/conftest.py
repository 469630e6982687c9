from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import StrictUndefined

from flexsmt_site import clock
from flexsmt_site.extensions import db
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.transport import Connection
from tests.outbox.conftest import LIMITS, PACE
from tests.outbox.servers import Script
from tests.patience import patient
from tests.staff.entrance import Clock, Post

#: For tests in which many write at once.
__all__ = ["patient"]


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock in the test's hand."""
    made = Clock()
    monkeypatch.setattr(clock, "now", made)
    return made


@pytest.fixture
def app(app: Flask) -> Flask:
    """The site on each database; a name that no page is given is an error."""
    app.jinja_env.undefined = StrictUndefined
    return app


@pytest.fixture
def within(app: Flask) -> Iterator[Flask]:
    """The site, for tests that call it without a request."""
    with app.app_context():
        yield app
        db.session.remove()


@pytest.fixture
def post(app: Flask, tmp_path: Path) -> Iterator[Post]:
    """A mail server, and the relay that sends to it."""
    script = Script()
    with app.app_context(), Catcher(script) as server:
        relay = Relay(lambda: Connection(server.target, "localhost", LIMITS), tmp_path, PACE)
        yield Post(relay, script)
        relay.close()
        db.session.remove()

from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import StrictUndefined
from sqlalchemy import event

from flexsmt_site.extensions import db
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import Visitor
from tests.inbox.desk import Desk
from tests.staff.members import Staff


@pytest.fixture
def desk_app(app: Flask) -> Iterator[Flask]:
    """The site on an empty database of each kind; a name that no page is given is an error."""
    app.jinja_env.undefined = StrictUndefined
    with app.app_context():
        yield app
        db.session.remove()


@pytest.fixture
def desk(desk_app: Flask, sales: Visitor) -> Desk:
    """The inbox before somebody of sales."""
    return Desk(desk_app, sales)


@pytest.fixture
def colleague(desk_app: Flask, staff: Staff) -> Desk:
    """The same inbox before somebody else of sales."""
    return Desk(desk_app, staff.signed_in(Role.SALES, "colleague@example.com"))


@pytest.fixture
def lone_desk(lone_app: Flask, lone_staff: Staff) -> Iterator[Desk]:
    """The inbox on SQLite, for what is no affair of the database."""
    lone_app.jinja_env.undefined = StrictUndefined
    with lone_app.app_context():
        yield Desk(lone_app, lone_staff.signed_in(Role.SALES))
        db.session.remove()


@pytest.fixture
def statements(desk_app: Flask) -> Iterator[list[str]]:
    """What is sent to the database, in order."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    with desk_app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        yield sent
        event.remove(db.engine, "before_cursor_execute", note)

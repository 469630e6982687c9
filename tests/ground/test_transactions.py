from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, PendingRollbackError
from sqlalchemy.orm import Session

from flexsmt_site import clock, database
from flexsmt_site.contact.models import Arrival

_BOTH_WAYS = pytest.mark.parametrize("opened", [database.write, database.writing])
Opened = Callable[[], AbstractContextManager[Session | Connection]]


def _arrive(unit: Session | Connection, number: int = 1) -> None:
    unit.execute(insert(Arrival), {"id": number, "network": "nearby", "at": clock.now()})


def _stored() -> list[int]:
    with database.reading() as connection:
        return list(connection.scalars(select(Arrival.id).order_by(Arrival.id)))


@_BOTH_WAYS
def test_a_unit_is_stored_at_its_end(app: Flask, opened: Opened) -> None:
    with app.app_context():
        with opened() as unit:
            _arrive(unit)
            assert _stored() == []
        assert _stored() == [1]


@_BOTH_WAYS
def test_a_unit_that_fails_leaves_nothing(app: Flask, opened: Opened) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError):
            _fail_half_way(opened)
        assert _stored() == []


@_BOTH_WAYS
def test_a_unit_that_takes_its_statements_back_leaves_nothing(app: Flask, opened: Opened) -> None:
    with app.app_context():
        with opened() as unit:
            _arrive(unit)
            unit.rollback()
        assert _stored() == []


def test_what_is_added_is_stored_with_its_number(app: Flask) -> None:
    with app.app_context():
        added = Arrival(network="nearby", at=clock.now())
        with database.write() as session:
            session.add(added)
        assert _stored() == [added.id]


def test_a_unit_whose_rows_were_refused_does_not_end_as_if_stored(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(PendingRollbackError):
            _go_on_after_a_refusal()
        assert _stored() == []


def test_statements_that_only_read_may_not_change_anything(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(database.ReadOnlyTransaction), database.reading() as connection:
            _arrive(connection)
        assert _stored() == []
        # The connection that has written is used again, to read.
        with database.writing() as connection:
            _arrive(connection)
        with pytest.raises(database.ReadOnlyTransaction), database.reading() as connection:
            _arrive(connection, 2)
        assert _stored() == [1]


def _fail_half_way(opened: Opened) -> None:
    with opened() as unit:
        _arrive(unit)
        raise ZeroDivisionError


def _go_on_after_a_refusal() -> None:
    with database.write() as session:
        _arrive(session)
        session.add(Arrival(id=1, network="nearby", at=clock.now()))
        with suppress(IntegrityError):
            session.flush()

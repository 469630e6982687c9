"""How the two databases are opened, and how a write transaction begins.

SQLite and PostgreSQL run the same code. On SQLite a unit that may write takes the write lock
at its beginning: measured, drivers that take it later lose more than half of concurrent
read-then-writes (``docs/decisions/0003-transactions.md``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flask import Flask, current_app
from sqlalchemy import DateTime, Dialect, Engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExecutionContext
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from flexsmt_site.extensions import db, migrate

#: As patient as SQLite is by ``busy_timeout``: a lock that stays is a page of 503, not a hanging request.
_POSTGRES = {"connect_timeout": 5, "options": "-c lock_timeout=5s"}
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
)


class DatabaseUnavailable(RuntimeError):
    """The database does not answer, is locked for too long, or can not be written to."""


class ReadOnlyTransaction(RuntimeError):
    """A statement that changes data was sent outside ``write()``."""


class Instant(TypeDecorator[datetime]):
    """An aware moment in UTC; a naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; SQLite keeps no zone, so it is taken off there."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: use clock.now()")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def init_app(app: Flask) -> None:
    """Bind the database of the settings to the app."""
    url = app.extensions["flexsmt_settings"].database_url
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    is_postgres = make_url(url).get_backend_name() == "postgresql"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        # An error names the statement only: its values are what somebody wrote to us.
        "hide_parameters": True,
        "pool_pre_ping": is_postgres,
        "connect_args": _POSTGRES if is_postgres else {},
    }
    db.init_app(app)
    migrate.init_app(app, db, directory=f"{app.root_path}/migrations", render_as_batch=True)
    with app.app_context():
        prepare(db.engine)


def prepare(engine: Engine) -> None:
    """Attach the transaction rules to an engine."""
    event.listen(engine, "before_cursor_execute", _refuse_stray_writes)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


@contextmanager
def write() -> Iterator[Session]:
    """Open a write transaction: committed at the end, rolled back by an exception.

    Raises ``DatabaseUnavailable``.
    """
    bind = db.engine.execution_options(write=True)
    try:
        with Session(bind, expire_on_commit=False) as session, session.begin():
            yield session
    except (OperationalError, InterfaceError) as error:
        current_app.logger.error("database unavailable: %s", type(error.orig).__name__)  # noqa: TRY400 (no trace)
        raise DatabaseUnavailable(str(error.orig)) from error


def _open_sqlite(dbapi: DBAPIConnection, _record: object) -> None:
    # The driver's own BEGIN comes too late: see the module's docstring.
    dbapi.isolation_level = None
    for pragma in _PRAGMAS:
        dbapi.cursor().execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _refuse_stray_writes(
    connection: Connection,
    _cursor: object,
    statement: str,
    _parameters: object,
    context: ExecutionContext | None,
    _many: object,
) -> None:
    kinds = ("isinsert", "isupdate", "isdelete")
    changes = any(getattr(context, kind, False) for kind in kinds)
    if changes and not connection.get_execution_options().get("write"):
        raise ReadOnlyTransaction(f"open database.write() before sending: {statement[:60]}")

"""How the two databases are opened, and how a write transaction begins.

SQLite and PostgreSQL run the same code. On SQLite a unit that may write takes the write lock
at its beginning: measured, drivers that take it later lose more than half of concurrent
read-then-writes (``docs/decisions/0003-transactions.md``).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, has_request_context
from psycopg.abc import RV, PQGen
from sqlalchemy import DateTime, Dialect, Engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext, ExecutionContext
from sqlalchemy.exc import DataError, DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.types import TypeDecorator

from flexsmt_site import events
from flexsmt_site.extensions import db, migrate

#: As patient as SQLite is by ``busy_timeout``: a lock that stays is a page of 503, not a hanging request.
_POSTGRES = {
    "connect_timeout": 5,
    "options": "-c lock_timeout=5s",
    # A network that swallows everything is noticed within a minute instead of two hours.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
#: A server that has frozen would hold every thread that asks it: longer than for a lock no visitor waits.
_LONGEST_ANSWER_SECONDS = 10.0
#: What PostgreSQL answers to a write where it takes none.
_READ_ONLY = "25006"
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


class PatientConnection(psycopg.Connection[Any]):
    """A connection to PostgreSQL on which no visitor waits without end."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the server; where a request waits, give up on one that has frozen."""
        if timeout is not None or not has_request_context():
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, _LONGEST_ANSWER_SECONDS)
        except psycopg.errors._WaitTimeout as error:  # noqa: SLF001 (what its documentation names)
            # Its answer may still come, and must not be taken for that to another question.
            self.pgconn.finish()
            raise psycopg.OperationalError("the server does not answer") from error


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
    if engine.dialect.name == "postgresql":
        event.listen(engine, "do_connect", _connect_patiently)
        event.listen(engine, "handle_error", _part_from_read_only)
    else:
        file = _SqliteFile(Path(engine.url.database or ""))
        event.listen(engine, "connect", file.opened)
        event.listen(engine, "checkout", file.used)
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


@contextmanager
def write() -> Iterator[Session]:
    """Open a write transaction: committed at the end, rolled back by an exception.

    Raises ``DatabaseUnavailable``.
    """
    bind = db.engine.execution_options(write=True)
    with _answering(), Session(bind, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def read() -> Iterator[Session]:
    """Open a session that only reads: what it found stays usable after its end.

    Raises ``DatabaseUnavailable``.
    """
    with _answering(), Session(db.engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if not is_trouble(error):
            raise
        events.say("database.unavailable", error=type(error.orig).__name__)
        raise DatabaseUnavailable(str(error.orig)) from error


def is_trouble(error: DBAPIError) -> bool:
    """Tell whether the database is in trouble; False where it only refuses the values that it was sent.

    Locked, full, read-only, damaged, stopped or gone, or with another version's tables: all of it may pass.
    """
    return not isinstance(error, (IntegrityError, DataError))


class _SqliteFile:
    """The file behind an engine: a connection is used only while the file is what it was at its opening.

    SQLite goes on with a file that was deleted or replaced, where nobody will read what it writes. And
    what it opened while the disk was read-only stays so for ever.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def opened(self, _dbapi: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["file"] = self._state()

    def used(
        self, _dbapi: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        if record.info["file"] != self._state():
            raise DisconnectionError("the file is another one")

    def _state(self) -> tuple[int, int, bool] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, os.access(self.path, os.W_OK)


def _connect_patiently(
    _dialect: Dialect, _record: ConnectionPoolEntry, arguments: list[Any], named: dict[str, Any]
) -> PatientConnection:
    return PatientConnection.connect(*arguments, **named)


def _part_from_read_only(context: ExceptionContext) -> None:
    # A session that began while the server took no writes keeps to that when the server takes them again.
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True


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

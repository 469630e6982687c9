"""How the two databases are opened, and how a write transaction begins.

SQLite and PostgreSQL run the same code. On SQLite a unit that may write takes the write lock
at its beginning: measured, drivers that take it later lose more than half of concurrent
read-then-writes (``docs/decisions/0003-transactions.md``).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from importlib import import_module

from flask import Flask
from sqlalchemy import ColumnElement, DateTime, Dialect, Engine, delete, event, func, select
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.interfaces import ExecutionContext
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import TypeDecorator

from flexsmt_site import events, sqlite
from flexsmt_site.extensions import db

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
#: What migrations make and no model knows.
_OWN: set[str] = set()


class DatabaseUnavailable(RuntimeError):
    """The database does not answer, is locked for too long, or can not be written to."""


class ReadOnlyTransaction(RuntimeError):
    """A statement that changes data was sent outside a write transaction."""


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
    with app.app_context():
        prepare(db.engine)


def prepare(engine: Engine) -> None:
    """Attach the transaction rules to an engine."""
    event.listen(engine, "before_cursor_execute", _refuse_stray_writes)
    if engine.dialect.name == "postgresql":
        # Its driver takes a tenth of the time to start, which no site on SQLite has to spend.
        import_module("flexsmt_site.postgres").prepare(engine)
    else:
        sqlite.prepare(engine)


def declare_own(*names: str) -> None:
    """Name tables, columns and indexes that the database keeps by itself, from what is in the others."""
    _OWN.update(names)


def is_modelled(name: str | None, *_kind: object) -> bool:
    """Tell whether a model should know what bears this name in the database; for Alembic, too."""
    return name not in _OWN


@contextmanager
def write() -> Iterator[Session]:
    """Open a write transaction: committed at the end, rolled back by an exception.

    Raises ``DatabaseUnavailable``.
    """
    # A session that joins a transaction costs less than one that keeps its own.
    with writing() as connection, Session(connection, expire_on_commit=False) as session:
        yield session
        session.commit()


@contextmanager
def writing() -> Iterator[Connection]:
    """Do as ``write()``, for statements alone: without the objects of a session at half its cost."""
    with reading() as connection:
        connection.execution_options(write=True)
        with connection.begin():
            yield connection


@contextmanager
def read() -> Iterator[Session]:
    """Open a session that only reads: what it found stays usable after its end.

    Raises ``DatabaseUnavailable``.
    """
    with _answering(), Session(db.engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def reading() -> Iterator[Connection]:
    """Do as ``read()``, for statements alone: without the objects of a session at half its cost."""
    with _answering(), db.engine.connect() as connection:
        yield connection


@contextmanager
def single_writes() -> Iterator[Callable[[], AbstractContextManager[Connection]]]:
    """Give what opens write transactions of one statement each, one after the other.

    On PostgreSQL all of them go over one connection that is kept meanwhile, and until that is lost each is a
    single round trip instead of four: it is committed when it has been answered. Raises
    ``DatabaseUnavailable``.
    """
    if db.engine.dialect.name == "sqlite":
        # It has no such trips, and each transaction looks whether the file is still the same.
        yield writing
        return
    with reading() as kept:
        kept.execution_options(isolation_level="AUTOCOMMIT", write=True)

        @contextmanager
        def begin() -> Iterator[Connection]:
            with _answering(), kept.begin():
                yield kept

        yield begin


def lock(unit: Session | Connection, number: int) -> None:
    """Let no other transaction that takes the lock of this number (64 bits) go on before this one ends."""
    # A write transaction of SQLite is alone from its beginning.
    if db.engine.dialect.name == "postgresql":
        unit.execute(select(func.pg_advisory_xact_lock(number)))


def sweep(
    key: InstrumentedAttribute[int],
    is_due: ColumnElement[bool],
    most: int,
    before: Callable[[Session, Sequence[int]], object] = lambda _session, _keys: None,
) -> None:
    """Delete rows that are due, ``most`` at once; ``before`` is told their keys within the transaction.

    It looks first, so that nobody waits where nothing is due. Raises ``DatabaseUnavailable``.
    """
    due = select(key).where(is_due).limit(most)
    with read() as session:
        is_clean = session.scalar(due.limit(1)) is None
    if not is_clean:
        with write() as session:
            gone = session.scalars(due.with_for_update(skip_locked=True)).all()
            before(session, gone)
            session.execute(delete(key.class_).where(key.in_(gone)))


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

"""How SQLite is opened, and how its writers wait for each other: see ``docs/decisions/0003``."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock
from typing import cast

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from flexsmt_site import clock

#: How long somebody waits for a lock.
PATIENCE_SECONDS = 5.0
_BUSY_TIMEOUT = f"PRAGMA busy_timeout={PATIENCE_SECONDS * 1000:.0f}"
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    _BUSY_TIMEOUT,
    "PRAGMA foreign_keys=ON",
    # What was erased is overwritten: not every build of SQLite does so by itself.
    "PRAGMA secure_delete=ON",
)
#: The threads of this process that wait to write: the first one asks, once in so many seconds.
_LINE = Lock()
_ASK_SECONDS = 0.001
_NEVER = Event()
#: What triggers may ask for, by name: how many arguments a function takes, and the function.
_FUNCTIONS: dict[str, tuple[int, Callable[..., str]]] = {}


def declare(name: str, arguments: int, function: Callable[..., str]) -> None:
    """Give SQL a function of ours, on every connection that is opened from here on."""
    _FUNCTIONS[name] = (arguments, function)


def prepare(engine: Engine) -> None:
    """Attach the rules of SQLite to an engine."""
    file = _File(Path(engine.url.database or ""))
    event.listen(engine, "connect", file.opened)
    event.listen(engine, "checkout", file.used)
    event.listen(engine, "connect", _open)
    event.listen(engine, "begin", _begin)


class _File:
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


def _open(dbapi: DBAPIConnection, _record: object) -> None:
    # The driver's own BEGIN comes too late: see ``database``.
    dbapi.isolation_level = None
    for pragma in _PRAGMAS:
        dbapi.cursor().execute(pragma)
    driver = cast("sqlite3.Connection", dbapi)
    for name, (arguments, function) in _FUNCTIONS.items():
        driver.create_function(name, arguments, function, deterministic=True)


def _begin(connection: Connection) -> None:
    driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    if connection.get_execution_options().get("write"):
        _begin_writing(connection, driver)
    else:
        # It neither waits nor looks at the file, so that it needs nobody to turn its errors into others.
        driver.execute("BEGIN")


def _begin_writing(connection: Connection, driver: sqlite3.Connection) -> None:
    """Wait for the write lock: one thread of a process asks, and often.

    Whoever waits in SQLite's own way sleeps for up to 100 ms, and is overtaken as long as others are busy.
    """
    deadline = clock.elapsed() + PATIENCE_SECONDS
    is_first = _LINE.acquire(timeout=PATIENCE_SECONDS)
    try:
        driver.execute("PRAGMA busy_timeout=0")
        while is_first and not _try_to_begin(driver) and clock.elapsed() < deadline:
            _NEVER.wait(_ASK_SECONDS)
        if not driver.in_transaction:
            # Once more, so that it fails as other statements do.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(_BUSY_TIMEOUT)
        if is_first:
            _LINE.release()


def _try_to_begin(driver: sqlite3.Connection) -> bool:
    """Begin to write; False where somebody else writes, so that it has to be tried again."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        # Its lower byte; the rest says why it is busy.
        return error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY
    return True

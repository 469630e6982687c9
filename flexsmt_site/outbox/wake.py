"""Wakes a waiting relay when a mail is put, so that it goes out at once.

Only a convenience: the relay looks by itself each second, and a lost call delays a mail by no more. On
PostgreSQL it is NOTIFY; on SQLite the counter of commits that the file keeps for all its readers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from flexsmt_site import clock
from flexsmt_site.extensions import db

_CHANNEL = "flexsmt_outbox"
_NOTIFY = text(f"NOTIFY {_CHANNEL}")
_LOOK_SECONDS = 0.05


def call(unit: Session | Connection) -> None:
    """Wake the relays when the caller's transaction commits; on SQLite the commit itself does."""
    if db.engine.dialect.name == "postgresql":
        unit.execute(_NOTIFY)


class Waiter:
    """Waits for a call; it connects to the database when it first waits, and again after a loss."""

    def __init__(self) -> None:
        """Begin without a connection."""
        self._link: Any = None
        self._seen: int | None = None

    def wait(self, stopping: Event, seconds: float) -> None:
        """Return at a call, when ``stopping`` is set, or after so many seconds."""
        try:
            if self._link is None:
                # The first look comes after the connection: a call in between is not lost.
                self._link = _connected()
                return
            _WAITS[db.engine.dialect.name](self, stopping, seconds)
        except (SQLAlchemyError, _driver().Error):
            self.close()
            stopping.wait(seconds)

    def close(self) -> None:
        """Let the connection go."""
        if self._link is not None:
            self._link.close()
        self._link = None

    def _for_notification(self, _stopping: Event, seconds: float) -> None:
        for _call in self._link.notifies(timeout=seconds, stop_after=1):
            pass

    def _for_commit(self, stopping: Event, seconds: float) -> None:
        end = clock.elapsed() + seconds
        while clock.elapsed() < end and not stopping.wait(_LOOK_SECONDS):
            (version,) = self._link.execute("PRAGMA data_version").fetchone()
            seen, self._seen = self._seen, version
            if version != seen:
                return


_WAITS: dict[str, Callable[[Waiter, Event, float], None]] = {
    "postgresql": Waiter._for_notification,  # noqa: SLF001 (its own)
    "sqlite": Waiter._for_commit,  # noqa: SLF001 (its own)
}


@contextmanager
def waiter() -> Iterator[Waiter]:
    """Give a waiter whose connection ends with the context."""
    made = Waiter()
    try:
        yield made
    finally:
        made.close()


def _driver() -> Any:  # noqa: ANN401 (either driver's module)
    return db.engine.dialect.loaded_dbapi


def _connected() -> Any:  # noqa: ANN401 (either driver's connection)
    fairy = db.engine.raw_connection()
    link: Any = fairy.driver_connection
    # Out of the pool: it is kept for as long as the relay runs.
    fairy.detach()
    try:
        if db.engine.dialect.name == "postgresql":
            link.autocommit = True
            link.execute(f"LISTEN {_CHANNEL}")
    except _driver().Error:
        # Nobody else knows of it any more.
        link.close()
        raise
    return link

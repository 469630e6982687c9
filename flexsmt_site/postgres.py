"""How PostgreSQL is opened; imported where it is used, because its driver is large."""

from typing import Any

import psycopg
from flask import has_request_context
from psycopg.abc import RV, PQGen
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

#: A server that has frozen would hold every thread that asks it: longer than for a lock no visitor waits.
_LONGEST_ANSWER_SECONDS = 10.0
#: What PostgreSQL answers to a write where it takes none.
_READ_ONLY = "25006"


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


def prepare(engine: Engine) -> None:
    """Attach the rules of connections to an engine."""
    event.listen(engine, "do_connect", _connect_patiently)
    event.listen(engine, "handle_error", _part_from_read_only)


def _connect_patiently(
    _dialect: Dialect, _record: ConnectionPoolEntry, arguments: list[Any], named: dict[str, Any]
) -> PatientConnection:
    return PatientConnection.connect(*arguments, **named)


def _part_from_read_only(context: ExceptionContext) -> None:
    # A session that began while the server took no writes keeps to that when the server takes them again.
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True

"""The copy of a PostgreSQL database by PostgreSQL's own programs, and its way back in one transaction."""

import os
import re
import shutil
import subprocess
from itertools import takewhile
from pathlib import Path
from threading import Event
from typing import BinaryIO, cast

import psycopg
from alembic.runtime.migration import MigrationContext
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, text

from flexsmt_site import clock
from flexsmt_site.backup import rules
from flexsmt_site.backup.rules import BackupFault
from flexsmt_site.extensions import db

Row = tuple[object, ...]

_PACKAGE = "install PostgreSQL's client programs (Debian: postgresql-client), in the server's version"
_ROWS_FOLLOW = re.compile(rb"COPY .+ FROM stdin;\n")
_END_OF_ROWS = b"\\.\n"
_PLAIN = ("--no-owner", "--no-privileges")
#: What a script says to psql, which does not read it here; and a setting, already at its default, that
#: version 17 names to older servers too, which do not know it.
_LEFT_OUT = (b"\\restrict ", b"\\unrestrict ", b"SET transaction_timeout = 0;")
#: How long sessions are given to leave, and how often one looks.
_LEAVING_SECONDS, _LOOK_SECONDS = 5.0, 0.05
_NEVER = Event()


def save(target: Path) -> str | None:
    """Copy the database as it is at one moment, while others write; return its revision."""
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        _check_version(connection)
        revision = MigrationContext.configure(connection).get_current_revision()
        # The program sees what this transaction sees: the revision is the copy's own.
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        tables = [f"--table={name}" for name in _tables(connection)]
        if revision is not None:
            _run(
                *("pg_dump", "--format=custom", *_PLAIN, "--no-password", "--lock-wait-timeout=5s"),
                *(f"--snapshot={snapshot}", f"--file={target}", f"--dbname={_address()}", *tables),
            )
    return revision


def load(source: Path, *, replace: bool) -> None:
    """Put a copy in the place of all tables, in one transaction: after an error everything is as it was.

    Raises ``BackupFault`` when others use the database, or it holds rows and ``replace`` is false.
    """
    script = source.with_suffix(".sql")
    _run("pg_restore", *_PLAIN, f"--file={script}", str(source))
    with db.engine.connect() as connection, script.open("rb") as lines:
        # Closed afterwards, not kept for others: the script changes settings of the session.
        connection.detach()
        with connection.begin():
            _check_alone(connection)
            rules.check_replaceable(_count(connection), replace=replace)
            driver = cast("psycopg.Connection[Row]", connection.connection.dbapi_connection)
            try:
                _drop(_tables(connection), driver)
                _play(lines, driver)
            except psycopg.Error as error:
                reason = error.diag.message_primary or type(error).__name__
                raise BackupFault(f"PostgreSQL refused the backup ({reason}): nothing was changed") from error


def _play(script: BinaryIO, driver: psycopg.Connection[Row]) -> None:
    """Send the script: its statements, and the rows between them as they stand."""
    statements = b""
    with driver.cursor() as cursor:
        for line in script:
            if _ROWS_FOLLOW.fullmatch(line):
                cursor.execute(statements)
                statements = b""
                with cursor.copy(line) as rows:
                    for row in takewhile(_END_OF_ROWS.__ne__, script):
                        rows.write(row)
            elif not line.startswith(_LEFT_OUT):
                statements += line
        cursor.execute(statements)


def _drop(tables: list[str], driver: psycopg.Connection[Row]) -> None:
    """Drop every table: a later version's would stay behind and hold on to the others."""
    if tables:
        # No CASCADE: what somebody else built on these tables is not ours to drop.
        driver.execute(f"DROP TABLE {', '.join(tables)}".encode())


def _check_alone(connection: Connection) -> None:
    """Raise ``BackupFault`` while others use the database; who has just left may be listed for a moment."""
    end = clock.elapsed() + _LEAVING_SECONDS
    while (others := _count_others(connection)) and clock.elapsed() < end:
        _NEVER.wait(_LOOK_SECONDS)
    if others:
        raise BackupFault(f"the database is in use ({others} sessions): stop the site, and what else uses it")


def _count_others(connection: Connection) -> int:
    # Else it would say the same until the transaction ends.
    connection.execute(text("SELECT pg_stat_clear_snapshot()"))
    found = connection.scalar(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = current_user AND pid <> pg_backend_pid()"
        )
    )
    return int(found or 0)


def _count(connection: Connection) -> dict[str, int]:
    """Count the rows of every table but the revision's."""
    names = [name for name in _tables(connection) if not name.endswith('"alembic_version"')]
    return {
        name.rpartition(".")[2].strip('"'): connection.exec_driver_sql(
            f"SELECT count(*) FROM {name}"  # noqa: S608 (the names are the database's own)
        ).scalar_one()
        for name in names
    }


def _tables(connection: Connection) -> list[str]:
    """List the tables, quoted, each with its schema."""
    return list(
        connection.scalars(
            text(
                'SELECT format(\'"%s"."%s"\', schemaname, tablename) FROM pg_tables'
                " WHERE schemaname = current_schema() ORDER BY tablename"
            )
        )
    )


def _check_version(connection: Connection) -> None:
    """Raise ``BackupFault`` when pg_dump is older than the server: it would refuse."""
    server = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    said = _run("pg_dump", "--version")
    found = re.search(r"\b(\d+)(?:\.\d+|devel|beta|rc)", said)
    if found is None or int(found[1]) < server:
        raise BackupFault(
            f"pg_dump is too old ({said.strip()}) for the server (PostgreSQL {server}): {_PACKAGE}"
        )


def _run(name: str, *arguments: str) -> str:
    """Run one of PostgreSQL's programs; its password is in its environment, never among its arguments."""
    program = shutil.which(name)
    if program is None:
        raise BackupFault(f"{name} is not on PATH: {_PACKAGE}")
    environ = {**os.environ, **_secrets(), "LC_ALL": "C"}
    done = subprocess.run(  # noqa: S603 (the program that PATH names)
        [program, *arguments], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupFault(f"{name} failed: {done.stderr.strip().partition(chr(10))[0]}")
    return done.stdout


def _address() -> str:
    """Return where the database is and who asks, as libpq reads it, without any password."""
    public = {name: value for name, value in _arguments().items() if "password" not in name}
    return make_conninfo("connect_timeout=5", **public)


def _secrets() -> dict[str, str]:
    password = _arguments().get("password")
    return {"PGPASSWORD": str(password)} if password else {}


def _arguments() -> dict[str, str | int]:
    """Return what libpq is told of the database; objects for the driver alone are left out."""
    told = db.engine.dialect.create_connect_args(db.engine.url)[1]
    return {name: value for name, value in told.items() if isinstance(value, str | int)}

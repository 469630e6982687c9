"""The copy of a SQLite database, and its way back into place."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from flexsmt_site.backup import files, rules
from flexsmt_site.backup.rules import BackupFault
from flexsmt_site.database import is_modelled

#: Seconds; the site holds no lock for longer than a short transaction.
_PATIENCE = 2.0
_USUAL_MODE = 0o640
_UNREADABLE = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def save(database: Path, target: Path) -> str | None:
    """Copy the database as it is at one moment, while others write; return its revision.

    ``VACUUM INTO`` and not the backup interface: the copy holds no pages of rows that were erased.
    """
    try:
        with closing(_open(database)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
        with closing(_open(target)) as copy:
            return _revision(copy)
    except sqlite3.Error as error:
        raise BackupFault(f"{database} can not be copied ({error}): see flexsmt doctor") from error


def load(source: Path, database: Path, *, replace: bool) -> None:
    """Put a copy in the database's place, all of it or nothing.

    Raises ``BackupFault`` when somebody has the database open, or it holds rows and ``replace`` is false.
    """
    database = database.resolve()
    mode = database.stat().st_mode & 0o777 if database.exists() else _USUAL_MODE
    # Left by a restore that was killed.
    database.with_name(f"{database.name}.part").unlink(missing_ok=True)
    with _alone(database, replace=replace), files.draft(database, mode) as out, source.open("rb") as copy:
        shutil.copyfileobj(copy, out)
        # A log that belongs to other bytes than these would be played into them.
        for ending in ("-wal", "-shm", "-journal"):
            database.with_name(database.name + ending).unlink(missing_ok=True)


@contextmanager
def _alone(database: Path, *, replace: bool) -> Iterator[None]:
    """Keep everybody else out of the database that is there, if any."""
    if not database.exists():
        yield
        return
    held = {}
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(closing(_open(database)))
            # Leaving WAL needs everybody else to have closed the file, and leaves no log behind.
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            held = _count(connection)
        except sqlite3.DatabaseError as error:
            _check_broken(database, error, replace=replace)
        rules.check_replaceable(held, replace=replace)
        yield


def _check_broken(database: Path, error: sqlite3.DatabaseError, *, replace: bool) -> None:
    """Raise ``BackupFault``, unless what can not be read was given up."""
    # The low byte: the rest says which sort of busy or broken.
    code = error.sqlite_errorcode & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        raise BackupFault(f"{database} is in use: stop the site, and what else has it open") from error
    if code not in _UNREADABLE:
        raise BackupFault(f"{database} can not be opened ({error})") from error
    if not replace:
        raise BackupFault(
            f"{database} can not be read ({error}): keep a copy if it matters, "
            "then put the backup in its place with --replace"
        ) from error


def _open(database: Path) -> sqlite3.Connection:
    """Open a database that is there: without this, SQLite would make an empty one."""
    return sqlite3.connect(
        f"{database.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_PATIENCE
    )


def _revision(connection: sqlite3.Connection) -> str | None:
    if "alembic_version" not in _tables(connection):
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _count(connection: sqlite3.Connection) -> dict[str, int]:
    """Count the rows of every table but the revision's, and but those that follow from others."""
    kept = [name for name in _tables(connection) if name != "alembic_version"]
    names = [name for name in kept if is_modelled(name)]
    # The names are the database's own.
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return [row[0] for row in found]

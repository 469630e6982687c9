"""Whether the database has the tables that this version works with.

It asks without Alembic, which is large and which only those who migrate need.
"""

from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from flexsmt_site.extensions import db


@dataclass(frozen=True)
class Fault:
    """What keeps this version from working with the database, and what an operator does about it."""

    what: str
    mend: str
    is_older: bool = False


def newest() -> str:
    """Return the revision that this version works with."""
    return known()[0]


def known() -> list[str]:
    """Return every revision that this version knows, newest first; a migration's file begins with its own."""
    folder = Path(current_app.root_path) / "migrations" / "versions"
    return sorted((path.name.partition("_")[0] for path in folder.glob("*.py")), reverse=True)


def current() -> str | None:
    """Return the revision of the database; None while it is empty."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def is_current() -> bool:
    """Tell whether the database is as this version needs it."""
    return current() == newest()


def find_fault() -> Fault | None:
    """Say what is wrong with the database; None when this version can work with it."""
    try:
        found = current()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        return Fault(
            f"the database does not answer ({reason})",
            "check FLEXSMT_DATABASE_URL, and that the database it names is there and may be used",
        )
    if found == newest():
        return None
    if found is None or found in known():
        what = f"the database is older than this version (revision {found or 'none'}, not {newest()})"
        return Fault(what, "run: flexsmt db upgrade", is_older=True)
    return Fault(
        f"the database was made by a newer version (revision {found})",
        "start that version, or restore a backup",
    )

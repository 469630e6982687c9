"""Databases of other versions."""

import sqlite3
from contextlib import closing
from pathlib import Path


def set_revision(folder: Path, revision: str) -> None:
    """Make the SQLite database in the folder one of another version."""
    with closing(sqlite3.connect(folder / "site.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()

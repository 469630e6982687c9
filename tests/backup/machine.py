"""What an operator does on a machine, and what its database holds."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.engine import Engine

from flexsmt_site import clock, create_app
from flexsmt_site.backup import service
from flexsmt_site.backup.rules import BackupFault
from flexsmt_site.config import ROOT, Settings
from flexsmt_site.extensions import db

Rows = dict[str, list[tuple[Any, ...]]]


@contextmanager
def at_work(settings: Settings) -> Iterator[Flask]:
    """The site's program on that machine, from its start to its end."""
    app = create_app(settings)
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def backup(settings: Settings, folder: Path | None = None, *recipients: str) -> Path:
    with at_work(settings):
        return service.make(settings, folder, recipients, clock.now())


def restore(
    settings: Settings, file: Path, identity: Path | None = None, *, replace: bool = False
) -> service.Restored:
    with at_work(settings):
        return service.restore(settings, file, identity, clock.now(), replace=replace)


def refused(settings: Settings, file: Path, identity: Path | None = None, *, replace: bool = False) -> str:
    """Why a restore was refused; it must have changed nothing, and left nothing behind."""
    before = state(settings)
    with pytest.raises(BackupFault) as fault:
        restore(settings, file, identity, replace=replace)
    assert state(settings) == before
    assert "\n" not in str(fault.value)
    return str(fault.value)


def state(settings: Settings) -> tuple[Rows, dict[str, tuple[int, bytes]]]:
    """Every row of the database, and every file beside it with its mode."""
    found = sorted(path for path in settings.data_dir.iterdir() if path.is_file())
    # The database is compared by its rows; the lock holds nothing.
    apart = ("site.db", "backup.lock")
    files = [path for path in found if not path.name.startswith(apart)]
    folders = {path.name: (0, b"") for path in settings.data_dir.iterdir() if path.is_dir()}
    return rows(settings), {path.name: (path.stat().st_mode, path.read_bytes()) for path in files} | folders


def rows(settings: Settings) -> Rows:
    """Every row of every table of the site, as it is stored."""
    found: Rows = {}
    with engine_of(settings) as engine, engine.connect() as connection:
        if inspect(connection).has_table("alembic_version"):
            revision = connection.execute(text("SELECT version_num FROM alembic_version"))
            found["alembic_version"] = [tuple(revision.one())]
            for table in db.metadata.sorted_tables:
                listed = connection.execute(select(table).order_by(*table.primary_key.columns))
                found[table.name] = [tuple(row) for row in listed]
    return found


def on_small_disk(room: int, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command where no file may grow beyond ``room`` bytes, as on a disk that is full then."""
    return subprocess.run(
        [sys.executable, "-m", "flexsmt_site.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "FLEXSMT_DATA_DIR": str(folder)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def engine_of(settings: Settings) -> Iterator[Engine]:
    engine = create_engine(settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()

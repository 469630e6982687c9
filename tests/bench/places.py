"""Migrated databases in places of their own, on SQLite and PostgreSQL; each goes when its context ends."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from flask import Flask

from flexsmt_site import create_app
from flexsmt_site.extensions import db
from flexsmt_site.migrating import upgrade
from tests.conftest import POSTGRES, make_settings

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
DATABASES = (SQLITE, POSTGRESQL)


class Missing(RuntimeError):
    """This machine lacks what a benchmark needs; the text says what."""


@contextmanager
def folder() -> Iterator[Path]:
    """Give an empty folder."""
    with TemporaryDirectory(prefix="flexsmt-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """Give the setting that names an empty database; SQLite's lies in DATA_DIR. Raises ``Missing``."""
    if kind == SQLITE:
        yield {}
        return
    name = f"flexsmt_bench_{uuid.uuid4().hex[:12]}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        raise Missing(f"PostgreSQL does not answer ({str(error).strip()[:80]})") from error
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            server = POSTGRES.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://")
            yield {"DATABASE_URL": f"{server}/{name}"}
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def site(kind: str, **variables: str) -> Iterator[Flask]:
    """Give the site in this process, on an empty migrated database; raises ``Missing``."""
    with folder() as data_dir, database(kind) as url:
        made = create_app(make_settings(data_dir, **url, **variables))
        with made.app_context():
            upgrade()
        yield made
        with made.app_context():
            db.session.remove()
            db.engine.dispose()

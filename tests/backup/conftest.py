import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from flexsmt_site.config import Settings
from flexsmt_site.extensions import db
from tests.conftest import POSTGRES, make_settings
from tests.contact.form import Form


@pytest.fixture(scope="session")
def postgres_programs(postgres_url: str) -> None:
    """PostgreSQL's client programs, as new as the server."""
    missing = [name for name in ("pg_dump", "pg_restore", "psql") if shutil.which(name) is None]
    reason = f"{', '.join(missing)} not on PATH: install postgresql-client" if missing else ""
    if not reason:
        said = subprocess.run(["pg_dump", "--version"], capture_output=True, text=True, check=True).stdout
        with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
            server = connection.info.server_version // 10_000
        if int(re.findall(r"\d+", said)[0]) < server:
            reason = f"{said.strip()} is older than the server (PostgreSQL {server})"
    if reason and os.environ.get("REQUIRE_POSTGRES"):
        pytest.fail(f"REQUIRE_POSTGRES is set, but {reason}")
    if reason:
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def _programs_of_the_database(request: pytest.FixtureRequest) -> None:
    """Skip, with the reason, what this machine lacks the programs for."""
    if "database_variables" in request.fixturenames and request.getfixturevalue("database_variables"):
        request.getfixturevalue("postgres_programs")


@pytest.fixture
def form(app: Flask, client: FlaskClient) -> Iterator[Form]:
    """The site that is backed up, and its form."""
    with app.app_context():
        yield Form(app, client)
        db.session.remove()


@pytest.fixture(scope="session")
def spare_postgres(postgres_url: str) -> Iterator[str]:
    """A second database, for what is restored."""
    name = f"flexsmt_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield f"{postgres_url.rpartition('/')[0]}/{name}"
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    database_variables: dict[str, str],
) -> Iterator[Settings]:
    """Another machine: an empty folder and an empty database of the same kind."""
    folder = tmp_path_factory.mktemp("elsewhere")
    if "DATABASE_URL" not in database_variables:
        yield make_settings(folder)
        return
    url: str = request.getfixturevalue("spare_postgres")
    yield make_settings(folder, DATABASE_URL=url)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


@pytest.fixture
def lone_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Another machine with SQLite, where the kind of database makes no difference."""
    return make_settings(tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "backups"

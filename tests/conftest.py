"""The site as tests meet it: real databases, a real clock, no network but loopback."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from jinja2 import FileSystemBytecodeCache

from flexsmt_site import again, create_app
from flexsmt_site.config import Settings
from flexsmt_site.extensions import db
from flexsmt_site.migrating import upgrade
from tests import once

pytest_plugins = [
    "tests.proof_plugin",
    "tests.ground.visitors",
    "tests.consent.device",
    "tests.staff.members",
]

POSTGRES = os.environ.get("TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


#: Published static files, shared by the apps of all tests.
_STATIC = TemporaryDirectory(prefix="flexsmt-static-")
#: Compiled templates, too: each app would else compile its own, which is half the work of most tests.
_TEMPLATES = TemporaryDirectory(prefix="flexsmt-templates-")
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache(_TEMPLATES.name)}
once.spare()
# A property holds or not, however busy the machine is: time limits stand in tests that are about time.
hypothesis_settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=30
)
hypothesis_settings.register_profile("proof", hypothesis_settings.get_profile("any machine"), max_examples=60)
hypothesis_settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Repeat no answer but where a test is about that; look at more examples where a proof is written."""
    again.MOMENT_SECONDS = 0.0
    if config.getoption("--proof"):
        hypothesis_settings.load_profile("proof")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of its own on the machine's PostgreSQL, dropped at the end."""
    name = f"flexsmt_test_{uuid.uuid4().hex[:12]}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if os.environ.get("REQUIRE_POSTGRES"):
            pytest.fail(f"REQUIRE_POSTGRES is set, but PostgreSQL does not answer: {error}")
        pytest.skip(f"PostgreSQL does not answer; set TEST_POSTGRES ({str(error).strip()[:80]})")
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        # Nobody pulls its plug: tests that crash a server have one of their own.
        admin.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        server = POSTGRES.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://")
        yield f"{server}/{name}"
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied: quicker than migrating for each test."""
    folder = tmp_path_factory.mktemp("template")
    app = create_app(make_settings(folder))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return folder / "site.db"


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    app = create_app(make_settings(tmp_path_factory.mktemp("pg"), DATABASE_URL=postgres_url))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return postgres_url


def make_settings(data_dir: Path, **variables: str) -> Settings:
    """Settings from variables without their prefix; nothing of the machine's environment leaks in."""
    if data_dir.is_dir() and not (data_dir / "static").exists():
        # Compressed once for all tests: each would else do it again.
        (data_dir / "static").symlink_to(_STATIC.name, target_is_directory=True)
    given = {"DATA_DIR": str(data_dir), **variables}
    return Settings.from_env({f"FLEXSMT_{name}": value for name, value in given.items()})


@pytest.fixture(params=["sqlite", "postgresql"])
def database_variables(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Variables that name an empty, migrated database; each test runs on both kinds."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        (tmp_path / "site.db").write_bytes(template.read_bytes())
        yield {}
        return
    url: str = request.getfixturevalue("migrated_postgres")
    yield {"DATABASE_URL": url}
    _empty(url)


@pytest.fixture
def variables() -> dict[str, str]:
    """Further variables; a test module overrides this."""
    return {}


@pytest.fixture
def settings(tmp_path: Path, database_variables: dict[str, str], variables: dict[str, str]) -> Settings:
    return make_settings(tmp_path, **database_variables, **variables)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def lone_app(tmp_path: Path, sqlite_template: Path, variables: dict[str, str]) -> Iterator[Flask]:
    """The site on SQLite alone, for tests in which no data is touched."""
    (tmp_path / "site.db").write_bytes(sqlite_template.read_bytes())
    made = create_app(make_settings(tmp_path, **variables))
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def _empty(url: str) -> None:
    """Empty the tables that a test has used: to empty all of them takes four times as long."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = [str(row[0]) for row in rows if row[0] != "alembic_version"]
        has_rows = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")"  # noqa: S608 (our own tables)
            for name in names
        )
        used = {str(row[0]) for row in connection.execute(has_rows.encode()).fetchall()}
        counted = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
        counters = [str(row[0]) for row in connection.execute(counted).fetchall()]
        used |= {name for name in names if any(counter.startswith(f"{name}_") for counter in counters)}
        if used:
            listed = ", ".join(f'"{name}"' for name in sorted(used))
            connection.execute(f"TRUNCATE {listed} RESTART IDENTITY CASCADE".encode())

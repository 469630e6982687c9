import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from flexsmt_site.backup import postgres
from flexsmt_site.backup.rules import BackupFault
from flexsmt_site.config import Settings
from tests.backup.machine import backup, refused, restore, rows
from tests.contact.form import Form


@pytest.fixture(params=["postgresql"])
def database_variables(migrated_postgres: str) -> Iterator[dict[str, str]]:
    """PostgreSQL alone."""
    yield {"DATABASE_URL": migrated_postgres}
    with _connect(migrated_postgres) as connection:
        connection.execute("TRUNCATE enquiry, enquiry_note, outbox, arrival")


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def _program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that PATH names before all others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


@pytest.mark.parametrize("name", ["pg_dump", "pg_restore"])
def test_a_missing_program_is_named_with_the_package_that_has_it(
    settings: Settings, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    made = backup(settings) if name == "pg_restore" else None
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackupFault, match=f"{name} is not on PATH.*postgresql-client"):
        restore(elsewhere, made) if made else backup(settings)


@pytest.mark.parametrize("version", ["pg_dump (PostgreSQL) 9.6.24", "pg_dump (PostgreSQL) 14.2", "hello"])
def test_a_program_that_is_older_than_the_server_is_named(
    settings: Settings, programs: Path, backups: Path, version: str
) -> None:
    _program(programs, "pg_dump", f"echo '{version}'")
    with pytest.raises(BackupFault, match=r"pg_dump is too old .* for the server \(PostgreSQL 1\d\)"):
        backup(settings)
    assert list(backups.iterdir()) == []


def test_what_a_program_complains_of_is_one_line(settings: Settings, programs: Path, backups: Path) -> None:
    real = shutil.which("pg_dump", path=os.environ["PATH"].partition(":")[2])
    _program(
        programs,
        "pg_dump",
        f'[ "$1" = --version ] && exec {real} --version; printf "a fault\\nmore" >&2; exit 1',
    )
    with pytest.raises(BackupFault, match=r"^pg_dump failed: a fault$"):
        backup(settings)
    assert list(backups.iterdir()) == []


def test_the_password_is_never_among_the_arguments(
    settings: Settings, programs: Path, tmp_path: Path
) -> None:
    real = shutil.which("pg_dump", path=os.environ["PATH"].partition(":")[2])
    _program(
        programs,
        "pg_dump",
        f'echo "$@" >>{tmp_path}/said; echo "$PGPASSWORD" >{tmp_path}/env; exec {real} "$@"',
    )
    backup(
        replace(settings, database_url=settings.database_url.replace("postgres@", "postgres:hush%2Fhush@"))
    )

    assert "--dbname=" in (tmp_path / "said").read_text()
    assert "hush" not in (tmp_path / "said").read_text()
    assert (tmp_path / "env").read_text() == "hush/hush\n"


def test_tables_of_a_later_version_are_replaced_too(
    form: Form, settings: Settings, elsewhere: Settings
) -> None:
    form.send()
    made = backup(settings)
    restore(elsewhere, made)
    with _connect(elsewhere.database_url) as connection:
        connection.execute("CREATE TABLE later (enquiry_id int REFERENCES enquiry (id))")
        connection.execute("INSERT INTO later SELECT id FROM enquiry")
    assert "later 1" in refused(elsewhere, made)
    restore(elsewhere, made, replace=True)

    assert rows(elsewhere) == rows(settings)
    with _connect(elsewhere.database_url) as connection:
        assert connection.execute("SELECT to_regclass('later')").fetchone() == (None,)


def test_the_copy_is_of_the_moment_at_which_its_revision_was_read(
    settings: Settings, elsewhere: Settings, programs: Path
) -> None:
    restore(elsewhere, backup(settings))
    was = rows(elsewhere)
    real = shutil.which("pg_dump", path=os.environ["PATH"].partition(":")[2])
    # Somebody migrates while the program starts.
    place = elsewhere.database_url.replace("+psycopg", "")
    change = "UPDATE alembic_version SET version_num = '9999'"
    migrate = f'psql --quiet --command="{change}" {place}'
    _program(programs, "pg_dump", f'[ "$1" = --version ] || {migrate}; exec {real} "$@"')
    made = backup(elsewhere, elsewhere.data_dir)
    assert rows(elsewhere)["alembic_version"] == [("9999",)]
    restore(elsewhere, made)

    assert rows(elsewhere) == was


def test_what_newer_programs_add_to_the_script_does_no_harm(
    form: Form, settings: Settings, elsewhere: Settings, programs: Path
) -> None:
    form.send()
    made = backup(settings)
    real = shutil.which("pg_restore", path=os.environ["PATH"].partition(":")[2])
    _program(
        programs,
        "pg_restore",
        f'{real} "$@" || exit 1\n'
        'for one; do case "$one" in --file=*) to=${one#--file=};; esac; done\n'
        'cp "$to" "$to.was"\n'
        "{ printf '\\\\restrict x\\nSET transaction_timeout = 0;\\n'; cat \"$to.was\";"
        " printf '\\\\unrestrict x\\n'; } >\"$to\"",
    )
    restore(elsewhere, made)

    assert rows(elsewhere) == rows(settings)


def test_whoever_leaves_meanwhile_is_waited_for(
    settings: Settings, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backup(settings)
    with _connect(elsewhere.database_url) as other:
        # Between two looks.
        monkeypatch.setattr(postgres, "_NEVER", SimpleNamespace(wait=lambda _seconds: other.close()))
        monkeypatch.setattr(postgres, "_LEAVING_SECONDS", 120.0)
        restore(elsewhere, made)
        assert other.closed

    assert rows(elsewhere) == rows(settings)


def test_numbers_go_on_where_they_were(form: Form, settings: Settings, elsewhere: Settings) -> None:
    form.send()
    restore(elsewhere, backup(settings))
    with _connect(settings.database_url) as one, _connect(elsewhere.database_url) as other:
        query = "SELECT nextval(pg_get_serial_sequence('enquiry', 'id'))"
        assert one.execute(query).fetchone() == other.execute(query).fetchone()


def test_a_restore_that_fails_half_way_leaves_everything_as_it_was(
    form: Form, settings: Settings, elsewhere: Settings
) -> None:
    form.send()
    made = backup(settings)
    restore(elsewhere, made)
    with _connect(elsewhere.database_url) as connection:
        # Somebody's own work on our tables: it is not dropped with them.
        connection.execute("CREATE VIEW report AS SELECT country, count(*) FROM enquiry GROUP BY 1")
    assert "nothing was changed" in refused(elsewhere, made, replace=True)

    with _connect(elsewhere.database_url) as connection:
        assert connection.execute("SELECT * FROM report").fetchall() == [("DE", 1)]

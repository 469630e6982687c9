import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flexsmt_site.backup.rules import BackupFault
from flexsmt_site.config import Settings
from tests.backup.machine import backup, refused, restore, rows
from tests.conftest import make_settings


@pytest.fixture
def made(tmp_path: Path, sqlite_template: Path) -> Path:
    shutil.copy(sqlite_template, tmp_path / "site.db")
    with closing(sqlite3.connect(tmp_path / "site.db")) as connection:
        connection.execute("INSERT INTO arrival (network, at) VALUES ('x', '2026-11-22 10:00:00.000000')")
        connection.commit()
    return backup(make_settings(tmp_path))


def _leave_a_log(file: Path) -> None:
    """A database whose program was killed: what it wrote last stands in its log."""
    with closing(sqlite3.connect(file)) as connection, closing(sqlite3.connect(file)) as copied:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE later (x)")
        connection.execute("INSERT INTO later VALUES (1)")
        connection.commit()
        assert copied.execute("SELECT * FROM later").fetchall()
        for ending in ("", "-wal"):
            shutil.copy(f"{file}{ending}", f"{file}{ending}.kept")
    for ending in ("", "-wal"):
        Path(f"{file}{ending}.kept").rename(f"{file}{ending}")


def test_the_log_of_the_old_database_is_not_played_into_the_restored_one(
    made: Path, lone_elsewhere: Settings, tmp_path: Path
) -> None:
    file = lone_elsewhere.data_dir / "site.db"
    _leave_a_log(file)
    assert "later 1" in refused(lone_elsewhere, made)
    restore(lone_elsewhere, made, replace=True)

    assert rows(lone_elsewhere) == rows(make_settings(tmp_path))
    assert not [path for path in file.parent.iterdir() if path.name.endswith(("-wal", "-shm"))]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not connection.execute("SELECT * FROM sqlite_master WHERE name = 'later'").fetchall()


def test_a_log_without_a_database_is_not_played_into_it_either(
    made: Path, lone_elsewhere: Settings, tmp_path: Path
) -> None:
    file = lone_elsewhere.data_dir / "site.db"
    _leave_a_log(file)
    file.unlink()
    restore(lone_elsewhere, made)

    assert rows(lone_elsewhere) == rows(make_settings(tmp_path))


def test_a_database_that_can_not_be_read_is_replaced_when_it_was_given_up(
    made: Path, lone_elsewhere: Settings, tmp_path: Path
) -> None:
    file = lone_elsewhere.data_dir / "site.db"
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(BackupFault, match=r"can not be read \(file is not a database\).*--replace"):
        restore(lone_elsewhere, made)
    assert file.read_bytes().startswith(b"no database")
    restore(lone_elsewhere, made, replace=True)

    assert rows(lone_elsewhere) == rows(make_settings(tmp_path))


def test_a_database_that_can_not_be_opened_is_one_line(made: Path, lone_elsewhere: Settings) -> None:
    (lone_elsewhere.data_dir / "site.db").mkdir()
    with pytest.raises(BackupFault, match=r"site\.db can not be opened"):
        restore(lone_elsewhere, made, replace=True)


def test_the_restored_file_has_the_mode_of_the_one_before_it(made: Path, lone_elsewhere: Settings) -> None:
    file = lone_elsewhere.data_dir / "site.db"
    restore(lone_elsewhere, made)
    assert file.stat().st_mode & 0o777 == 0o640
    file.chmod(0o600)
    restore(lone_elsewhere, made, replace=True)

    assert file.stat().st_mode & 0o777 == 0o600


def test_a_database_behind_a_link_is_replaced_where_it_lies(
    made: Path, lone_elsewhere: Settings, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    link = lone_elsewhere.data_dir / "site.db"
    link.symlink_to(tmp_path / "disk" / "real.db")
    restore(lone_elsewhere, made)

    assert link.is_symlink()
    assert (tmp_path / "disk" / "real.db").exists()
    assert rows(lone_elsewhere) == rows(make_settings(tmp_path))


def test_what_a_killed_restore_left_is_in_nobodys_way(made: Path, lone_elsewhere: Settings) -> None:
    (lone_elsewhere.data_dir / "site.db.part").write_text("half")
    restore(lone_elsewhere, made)

    assert not (lone_elsewhere.data_dir / "site.db.part").exists()


def test_files_that_differ_are_kept_and_those_that_do_not_are_left(
    made: Path, lone_elsewhere: Settings, tmp_path: Path
) -> None:
    (tmp_path / "company.toml").write_text('legal_name = "One"\n')
    (tmp_path / "company.toml").chmod(0o644)
    second = backup(make_settings(tmp_path), tmp_path)
    here = lone_elsewhere.data_dir
    (here / "company.toml").write_text('legal_name = "Other"\n')
    former = (here / "secret").read_bytes()
    done = restore(lone_elsewhere, second)

    assert set(done.kept) == {here / "secret.before-restore", here / "company.toml.before-restore"}
    assert (here / "company.toml.before-restore").read_text() == 'legal_name = "Other"\n'
    assert (here / "secret.before-restore").read_bytes() == former
    assert (here / "secret.before-restore").stat().st_mode & 0o777 == 0o600
    assert (here / "company.toml").stat().st_mode & 0o777 == 0o644
    assert restore(lone_elsewhere, second, replace=True).kept == ()
    assert (here / "company.toml.before-restore").read_text() == 'legal_name = "Other"\n'
    (here / "company.toml").write_text('legal_name = "Third"\n')
    restore(lone_elsewhere, second, replace=True)
    assert (here / "company.toml.before-restore").read_text() == 'legal_name = "Third"\n'
    assert (here / "company.toml").read_text() == 'legal_name = "One"\n'
    assert made.exists()

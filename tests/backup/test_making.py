import json
import sqlite3
import sys
import tarfile
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from pyrage import decrypt, x25519

from flexsmt_site import clock, proof
from flexsmt_site.backup import files, rules, service
from flexsmt_site.backup.rules import BackupFault
from flexsmt_site.config import Settings
from tests.backup.machine import at_work, backup, on_small_disk
from tests.conftest import make_settings
from tests.contact.form import Form

TOML = 'legal_name = "Flex SMT"\n'


def _names(backup: Path) -> list[str]:
    with tarfile.open(backup) as tar:
        return tar.getnames()


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_backup_holds_the_database_and_the_operators_files_and_nothing_else(
    form: Form, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "company.toml").write_text(TOML)
    for name in ("relay.heartbeat", "mail/one.eml", "bounces/new/one", "access.log", "backups/old.tar"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    form.send()
    names = _names(backup(settings))

    assert names[2:] == ["secret", "company.toml", "SHA256"]
    assert names[:2] in (["manifest.json", "site.db"], ["manifest.json", "site.dump"])


def test_its_manifest_says_what_it_is(settings: Settings, database_variables: dict[str, str]) -> None:
    with tarfile.open(backup(settings)) as tar:
        manifest = json.loads((tar.extractfile("manifest.json") or sys.stdin.buffer).read())

    assert manifest["database"] == ("postgresql" if database_variables else "sqlite")
    assert (manifest["format"], manifest["release"]) == (1, proof.code_sum())
    assert manifest["revision"].isdecimal()
    assert manifest["made"].startswith(f"{clock.now():%Y-}")


def test_only_its_owner_can_read_it(settings: Settings, backups: Path) -> None:
    made = backup(settings)

    assert made.parent == backups
    assert (_mode(made), _mode(backups)) == (0o600, 0o700)


def test_nothing_is_left_but_the_backup_its_mark_and_the_lock(settings: Settings, tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    made = backup(settings)

    left = {path.name for path in tmp_path.iterdir()} - before
    assert left == {"backups", "backup.last", "backup.lock"}
    assert list(made.parent.iterdir()) == [made]


def test_an_encrypted_backup_shows_nothing_to_others(form: Form, settings: Settings) -> None:
    form.send()
    key = x25519.Identity.generate()
    made = backup(settings, None, str(key.to_public()))

    assert made.name.endswith(".tar.age")
    assert _mode(made) == 0o600
    assert b"manifest.json" not in made.read_bytes()
    assert decrypt(made.read_bytes(), [key]).startswith(b"manifest.json\0")


def test_another_folder_gets_it_when_one_is_named(settings: Settings, tmp_path: Path, backups: Path) -> None:
    (tmp_path / "disk").mkdir()

    assert backup(settings, tmp_path / "disk").parent == tmp_path / "disk"
    assert not backups.exists()


def test_a_folder_that_is_not_there_is_not_made(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupFault, match="disk is no folder"):
        backup(settings, tmp_path / "disk")
    assert not (tmp_path / "disk").exists()


def test_a_backup_of_the_same_second_is_not_overwritten(settings: Settings) -> None:
    now = clock.now()
    with at_work(settings):
        made = service.make(settings, None, (), now)
        was = made.read_bytes()
        with pytest.raises(BackupFault, match="is there already"):
            service.make(settings, None, (), now)

    assert made.read_bytes() == was


def test_a_wrong_recipient_is_refused_before_anything_is_written(settings: Settings, backups: Path) -> None:
    with pytest.raises(BackupFault, match="recipient 1"):
        backup(settings, None, "age1nonsense")
    assert not backups.exists()


@pytest.mark.usefixtures("database_variables")
def test_a_database_without_tables_is_not_worth_a_backup(elsewhere: Settings) -> None:
    if elsewhere.database_url.startswith("sqlite"):
        (elsewhere.data_dir / "site.db").touch()
    with pytest.raises(BackupFault, match="no tables yet"):
        backup(elsewhere)
    assert list((elsewhere.data_dir / "backups").iterdir()) == []


def test_a_sqlite_file_that_is_missing_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BackupFault, match=r"site\.db can not be copied"):
        backup(make_settings(tmp_path))
    assert not (tmp_path / "site.db").exists()


def test_two_backups_never_work_at_once(settings: Settings, tmp_path: Path) -> None:
    with files.working_folder(tmp_path), pytest.raises(BackupFault, match="another backup"):
        backup(settings)

    assert backup(settings).exists()


def test_what_a_killed_backup_left_is_cleared_away(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "backup.work").mkdir()
    (tmp_path / "backup.work" / "site.db").write_text("personal data")
    backup(settings)

    assert not (tmp_path / "backup.work").exists()


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_full_disk_is_one_line_and_leaves_no_file(
    tmp_path: Path, sqlite_template: Path, backups: Path, *, encrypted: bool
) -> None:
    (tmp_path / "site.db").write_bytes(sqlite_template.read_bytes())
    make_settings(tmp_path)
    key = str(x25519.Identity.generate().to_public())
    # The copy of the database fits, the archive does not.
    room = sqlite_template.stat().st_size + 2048
    ended = on_small_disk(room, tmp_path, "backup", *(["--recipient", key] if encrypted else []))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[-1].startswith("Error: File too large: on the disk of DATA_DIR")
    assert "Traceback" not in ended.stderr
    assert list(backups.iterdir()) == []
    assert not (tmp_path / "backup.work").exists()


def test_backups_of_ours_go_after_thirty_days_and_nothing_else_does(
    settings: Settings, backups: Path
) -> None:
    now = clock.now()
    backups.mkdir()
    old, kept = (rules.name_of(now - timedelta(days=days), encrypted=True) for days in (31, 29))
    foreign = {"notes.txt", "flexsmt-2020.tar"}
    for name in (old, kept, *foreign):
        (backups / name).touch()
    made = backup(settings)

    assert service.tidy(backups, now) == [old]
    assert {path.name for path in backups.iterdir()} == {made.name, kept, *foreign}


def test_an_old_backup_that_can_not_be_deleted_is_named(backups: Path) -> None:
    now = clock.now()
    old = backups / rules.name_of(now - timedelta(days=31), encrypted=False)
    old.mkdir(parents=True)
    (backups / rules.name_of(now, encrypted=False)).touch()

    with pytest.raises(BackupFault, match=rf"{old.name} has to go and can not be deleted"):
        service.tidy(backups, now)


def test_no_row_that_was_erased_is_in_the_copy(tmp_path: Path, sqlite_template: Path) -> None:
    """SQLite leaves the bytes of deleted rows in its file until their page is used again."""
    (tmp_path / "site.db").write_bytes(sqlite_template.read_bytes())
    with closing(sqlite3.connect(tmp_path / "site.db")) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("INSERT INTO arrival (network, at) VALUES ('erased-for-good', '2026-11-22')")
        connection.commit()
        connection.execute("DELETE FROM arrival")
        connection.commit()
    made = backup(make_settings(tmp_path))

    assert b"erased-for-good" in (tmp_path / "site.db").read_bytes()
    assert b"erased-for-good" not in made.read_bytes()


@pytest.mark.promise("P13.1")
def test_in_production_no_backup_is_written_in_clear(settings: Settings, app: Flask) -> None:
    public = str(x25519.Identity.generate().to_public())
    production = replace(settings, env="production")
    with app.app_context():
        with pytest.raises(BackupFault, match="--recipient"):
            service.make(production, None, (), clock.now())
        assert not (settings.data_dir / "backups").exists()

        made = service.make(production, None, (public,), clock.now())
    assert made.suffixes == [".tar", ".age"]
    assert b"enquiry" not in made.read_bytes()

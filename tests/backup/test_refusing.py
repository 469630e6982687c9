import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from pyrage import x25519
from sqlalchemy import text

from flexsmt_site import clock
from flexsmt_site.backup import files
from flexsmt_site.backup.rules import BackupFault
from flexsmt_site.config import Settings
from flexsmt_site.extensions import db
from flexsmt_site.outbox import heartbeat
from tests.backup.machine import at_work, backup, engine_of, on_small_disk, refused, restore, rows, state
from tests.conftest import make_settings
from tests.contact.form import Form
from tests.operations.revision import set_revision


def _key(folder: Path, name: str = "key.txt") -> tuple[Path, str]:
    key = x25519.Identity.generate()
    (folder / name).write_text(f"{key}\n")
    return folder / name, str(key.to_public())


def _flip(file: Path) -> None:
    held = bytearray(file.read_bytes())
    held[len(held) // 2] ^= 1
    file.write_bytes(held)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _foreign(file: Path) -> None:
    with tarfile.open(file, "w") as tar:
        tar.add(__file__, "site.db")


DAMAGES = [_flip, _cut, _empty, _foreign]


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_named(
    lone_app: Flask,
    lone_elsewhere: Settings,
    tmp_path: Path,
    damage: Callable[[Path], None],
    *,
    encrypted: bool,
) -> None:
    identity, public = _key(tmp_path)
    made = backup(lone_app.extensions["flexsmt_settings"], None, *([public] if encrypted else []))
    damage(made)

    assert f"{made} can not be restored" in refused(lone_elsewhere, made, identity, replace=True)


def test_a_damaged_backup_changes_nothing(form: Form, settings: Settings, elsewhere: Settings) -> None:
    form.send()
    made = backup(settings)
    restore(elsewhere, made)
    _flip(made)

    assert "its sum is missing or wrong" in refused(elsewhere, made, replace=True)
    assert rows(elsewhere)["enquiry"]


def test_a_wrong_identity_opens_nothing(settings: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    _identity, public = _key(tmp_path)
    other, _public = _key(tmp_path, "other.txt")
    made = backup(settings, None, public)

    assert "not encrypted for this identity" in refused(elsewhere, made, other)
    assert "--identity" in refused(elsewhere, made)
    assert "is no identity file" in refused(elsewhere, made, made.parent.parent / "secret")


def test_an_identity_that_is_not_needed_is_no_fault(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    restore(elsewhere, backup(settings), _key(tmp_path)[0])

    assert rows(elsewhere) == rows(settings)


def test_a_backup_of_the_other_kind_of_database_is_refused(
    settings: Settings, elsewhere: Settings, lone_elsewhere: Settings, postgres_url: str
) -> None:
    if settings.database_url.startswith("postgresql"):
        assert "names sqlite" in refused(lone_elsewhere, backup(settings))
    else:
        assert "names postgresql" in refused(replace(elsewhere, database_url=postgres_url), backup(settings))


def test_rows_that_are_there_are_named_and_kept_unless_they_are_given_up(
    form: Form, settings: Settings, elsewhere: Settings
) -> None:
    form.send()
    made = backup(settings)
    restore(elsewhere, made)
    with engine_of(elsewhere) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE enquiry SET source = 'elsewhere'"))

    assert "(arrival 1, enquiry 1, outbox 2)" in refused(elsewhere, made)
    restore(elsewhere, made, replace=True)
    assert rows(elsewhere) == rows(settings)


def test_a_database_with_tables_and_no_rows_is_empty(settings: Settings, elsewhere: Settings) -> None:
    made = backup(settings)
    restore(elsewhere, made)
    restore(elsewhere, made)

    assert rows(elsewhere) == rows(settings)


def test_a_relay_at_work_is_a_running_site(settings: Settings, elsewhere: Settings) -> None:
    made = backup(settings)
    heartbeat.beat(elsewhere.data_dir, clock.now())
    assert "the site is running" in refused(elsewhere, made)
    heartbeat.beat(elsewhere.data_dir, clock.now() - timedelta(seconds=10))

    restore(elsewhere, made)


def test_a_database_that_somebody_has_open_is_not_replaced(
    form: Form, settings: Settings, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    form.send()
    made = backup(settings)
    restore(elsewhere, made)
    with at_work(elsewhere), db.engine.connect() as connection:
        # As in a worker: asked once, and kept for the next visitor.
        connection.execute(text("SELECT * FROM enquiry"))
        connection.close()
        # Each look is a long time after the one before.
        monkeypatch.setattr(clock, "elapsed", count(0, 10).__next__)
        assert "is in use" in refused(elsewhere, made, replace=True)


def test_a_backup_of_a_version_that_is_not_known_is_refused(
    tmp_path: Path, sqlite_template: Path, lone_elsewhere: Settings
) -> None:
    shutil.copy(sqlite_template, tmp_path / "site.db")
    set_revision(tmp_path, "9999")

    assert "revision 9999" in refused(lone_elsewhere, backup(make_settings(tmp_path)))


def test_an_older_backup_asks_for_the_upgrade(
    tmp_path: Path, sqlite_template: Path, lone_elsewhere: Settings
) -> None:
    shutil.copy(sqlite_template, tmp_path / "site.db")
    set_revision(tmp_path, "0001")

    assert restore(lone_elsewhere, backup(make_settings(tmp_path))).is_older


def test_two_restores_never_work_at_once(settings: Settings, elsewhere: Settings) -> None:
    made = backup(settings)
    with files.working_folder(elsewhere.data_dir), pytest.raises(BackupFault, match="another backup"):
        restore(elsewhere, made)


def test_a_file_that_is_not_there_is_an_error_of_its_file(lone_elsewhere: Settings, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        restore(lone_elsewhere, tmp_path / "nothing.tar")


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_full_disk_is_one_line_and_changes_nothing(
    lone_app: Flask, lone_elsewhere: Settings, tmp_path: Path, *, encrypted: bool
) -> None:
    identity, public = _key(tmp_path)
    made = backup(lone_app.extensions["flexsmt_settings"], None, *([public] if encrypted else []))
    restore(lone_elsewhere, made, identity)
    before = state(lone_elsewhere)
    ended = on_small_disk(
        60_000, lone_elsewhere.data_dir, "restore", str(made), "--identity", str(identity), "--replace"
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[-1].startswith("Error: File too large")
    assert "Traceback" not in ended.stderr
    assert state(lone_elsewhere) == before

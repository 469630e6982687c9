"""Making a backup, restoring one, and knowing when the last one was made."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy.engine import make_url

from flexsmt_site import proof
from flexsmt_site.backup import archive, files, postgres, rules, seal, sqlite
from flexsmt_site.backup.rules import BackupFault, Damaged, Manifest
from flexsmt_site.config import Settings
from flexsmt_site.outbox import heartbeat


@dataclass(frozen=True)
class Restored:
    """What a restore has put in place; ``kept`` are the files that were there before and differed."""

    manifest: Manifest
    kept: tuple[Path, ...]
    is_older: bool


def make(here: Settings, folder: Path | None, recipients: Sequence[str], now: datetime) -> Path:
    """Write a backup into a folder, DATA_DIR's own if none is named; return its path.

    With public keys of age as ``recipients`` it is encrypted. Raises ``BackupFault`` and ``OSError``,
    and then there is no file.
    """
    rules.check_sealed(recipients, is_demo=here.is_demo)
    keys = seal.recipients(recipients)
    with files.working_folder(here.data_dir) as stage:
        path = _place(here, folder) / rules.name_of(now, encrypted=bool(keys))
        if path.exists():
            raise BackupFault(f"{path} is there already: try again in a second")
        manifest = _collect(here, stage, now)
        (stage / "last").write_text(json.dumps({"made": now.isoformat()}))
        with files.draft(path) as out:
            if keys:
                with (stage / "plain.tar").open("w+b") as plain:
                    archive.pack(stage, manifest, plain)
                    plain.seek(0)
                    seal.encrypt(plain, out, keys)
            else:
                archive.pack(stage, manifest, out)
        (stage / "last").replace(files.mark(here.data_dir))
    return path


def tidy(folder: Path, now: datetime) -> list[str]:
    """Delete what of our backups in the folder has to go; return its names. Raises ``BackupFault``."""
    gone = rules.expired((path.name for path in folder.iterdir()), now)
    for name in gone:
        try:
            (folder / name).unlink()
        except OSError as error:
            raise BackupFault(
                f"the backup is made, but {folder / name} has to go and can not be deleted ({error.strerror})"
            ) from error
    return gone


def restore(here: Settings, file: Path, identity: Path | None, now: datetime, *, replace: bool) -> Restored:
    """Put a backup in the place of database and files; ``replace`` gives up the rows that are there.

    Raises ``BackupFault`` and ``OSError``; until the database is replaced nothing has changed then.
    """
    rules.check_stopped(_last_beat(here.data_dir), now)
    revisions = [script.revision for script in _scripts().walk_revisions()]
    with files.working_folder(here.data_dir) as stage:
        manifest = _open(file, identity, stage)
        rules.check_fit(manifest, _kind(here), revisions)
        copy = stage / rules.COPIES[manifest.database]
        if manifest.database == "sqlite":
            sqlite.load(copy, _sqlite_file(here), replace=replace)
        else:
            postgres.load(copy, replace=replace)
        small = [name for name in rules.SMALL_FILES if name in manifest.members]
        kept = [files.put_in_place(stage / name, here.data_dir / name) for name in small]
    return Restored(
        manifest, tuple(path for path in kept if path), is_older=manifest.revision != revisions[0]
    )


def _place(here: Settings, folder: Path | None) -> Path:
    """Return the folder to write to; one that was named is not made, as it may be a disk that is missing."""
    if folder is None:
        own = here.data_dir / "backups"
        own.mkdir(mode=0o700, exist_ok=True)
        return own
    if not folder.is_dir():
        raise BackupFault(f"{folder} is no folder: make it, or connect the disk that it is on")
    return folder


def _collect(here: Settings, stage: Path, now: datetime) -> Manifest:
    """Copy everything that a backup holds into the working folder."""
    kind = _kind(here)
    copy = stage / rules.COPIES[kind]
    revision = sqlite.save(_sqlite_file(here), copy) if kind == "sqlite" else postgres.save(copy)
    if revision is None:
        raise BackupFault("the database has no tables yet, and there is nothing to keep: see flexsmt doctor")
    small = [name for name in rules.SMALL_FILES if (here.data_dir / name).exists()]
    for name in small:
        shutil.copy(here.data_dir / name, stage / name)
    members = {name: files.measure(stage / name) for name in (copy.name, *small)}
    return Manifest(now, proof.code_sum(), kind, revision, members)


def _open(file: Path, identity: Path | None, stage: Path) -> Manifest:
    """Decrypt if need be, check, and lay out in the working folder."""
    try:
        with file.open("rb") as given:
            if not seal.is_encrypted(given):
                return archive.unpack(given, stage)
            if identity is None:
                raise BackupFault(f"{file} is encrypted: name the file with your private key by --identity")
            with (stage / "plain.tar").open("w+b") as plain:
                seal.decrypt(given, plain, seal.identities(identity))
                return archive.unpack(plain, stage)
    except Damaged as error:
        raise BackupFault(f"{file} can not be restored: {error}") from error


def _kind(here: Settings) -> str:
    return make_url(here.database_url).get_backend_name()


def _sqlite_file(here: Settings) -> Path:
    return Path(make_url(here.database_url).database or "")


def _last_beat(data_dir: Path) -> datetime | None:
    found = heartbeat.find_beat(data_dir)
    return found.at if found else None


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(f"{current_app.root_path}/migrations")

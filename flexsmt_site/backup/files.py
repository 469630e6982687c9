"""Files that are whole or not there: the working folder, drafts, and what a restore puts in place."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from flexsmt_site.backup.rules import BackupFault, Member

#: Whose bytes nobody but the site's user may read, whatever an archive says.
_SECRET = 0o600


@contextmanager
def working_folder(data_dir: Path) -> Iterator[Path]:
    """Hold a private folder in DATA_DIR that is gone afterwards.

    Raises ``BackupFault`` while another backup or restore is at work there.
    """
    folder = data_dir / "backup.work"
    lock = os.open(data_dir / "backup.lock", os.O_RDWR | os.O_CREAT, _SECRET)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupFault("another backup or restore is at work: let it end first") from error
        if folder.exists():
            # Whoever held the lock before was killed, and what is left holds personal data.
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)
    finally:
        os.close(lock)


@contextmanager
def draft(path: Path, mode: int = _SECRET) -> Iterator[BinaryIO]:
    """Open a file that gets its name once it is whole and on the disk; an error leaves nothing."""
    part = path.with_name(f"{path.name}.part")
    made = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, _SECRET)
    try:
        with os.fdopen(made, "w+b") as file:
            yield file
            file.flush()
            os.fchmod(made, mode)
            os.fsync(made)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def measure(path: Path) -> Member:
    """Return the sum and the size of a file."""
    with path.open("rb") as file:
        return Member(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def put_in_place(source: Path, target: Path) -> Path | None:
    """Move a file to where the site reads it; return where the differing one that was there is kept."""
    kept = None
    if target.exists():
        if measure(source) == measure(target):
            return None
        kept = target.with_name(f"{target.name}.before-restore")
        kept.unlink(missing_ok=True)
        # A link, not a rename: at no moment is there no file.
        kept.hardlink_to(target)
    source.replace(target)
    _sync(target.parent)
    return kept


def mark(data_dir: Path) -> Path:
    """Return the file that says when a backup was last made from here."""
    return data_dir / "backup.last"


def find_last(data_dir: Path) -> datetime | None:
    """Return when a backup was last made from here, wherever it was written; None if never."""
    try:
        return datetime.fromisoformat(json.loads(mark(data_dir).read_text())["made"])
    except FileNotFoundError:
        return None


def _sync(folder: Path) -> None:
    """Make names last over a power cut, where the file system can do that."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(opened)
    finally:
        os.close(opened)

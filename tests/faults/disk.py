"""A small disk of a test's own, which may be filled and made read-only at will."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Never

import pytest

_CHUNKS = (1 << 20, 1 << 12, 1)


class SmallDisk:
    """A mounted file system in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ballast = path / "ballast"

    def fill(self) -> None:
        """Leave not a byte free."""
        with self.ballast.open("ab", buffering=0) as file:
            for chunk in _CHUNKS:
                with suppress(_Full):
                    while True:
                        _write(file.fileno(), b"\0" * chunk)

    def free(self) -> None:
        """Take the ballast off."""
        self.ballast.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Take no writes; the system refuses this while a file is open for writing."""
        _call("mount", "-o", "remount,ro", str(self.path))
        try:
            yield
        finally:
            _call("mount", "-o", "remount,rw", str(self.path))


class BreakableDisk:
    """An ext4 file system in a file, which goes read-only while it is in use, as after an error."""

    def __init__(self, folder: Path) -> None:
        self.image = folder / "disk.img"
        self.path = folder / "disk"
        self.path.mkdir()

    def make(self) -> str:
        with self.image.open("wb") as file:
            file.truncate(24 << 20)
        return _call("mkfs.ext4", "-q", str(self.image), check=False)

    def mount(self) -> str:
        return _call("mount", "-o", "loop", str(self.image), str(self.path), check=False)

    def unmount(self) -> None:
        _call("umount", "--lazy", str(self.path))

    def give_up(self) -> None:
        """Let the system do what it does when it finds the file system damaged."""
        _call("mount", "-o", "remount,abort", str(self.path))

    def repair(self) -> None:
        """Do what an operator does then; nobody may have a file open."""
        _call("umount", str(self.path))
        _call("fsck.ext4", "-f", "-y", str(self.image), check=False)
        assert not self.mount()


class _Full(Exception):
    """The disk takes no chunk of this size any more."""


def _write(number: int, chunk: bytes) -> None:
    try:
        if os.write(number, chunk) < len(chunk):
            raise _Full
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _Full from error


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk of this size; it is gone at the end, whatever happened."""
    # Not pytest's folder: that one is closed to the user who runs PostgreSQL.
    with TemporaryDirectory(prefix="flexsmt-disk-") as place:
        Path(place).chmod(0o755)
        made = _call("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", place, check=False)
        if made:
            lacking(f"no disk can be mounted here ({made})")
        try:
            yield SmallDisk(Path(place))
        finally:
            # Lazily: a test that has failed may have left a file open.
            _call("umount", "--lazy", place)


@contextmanager
def breakable_disk(folder: Path) -> Iterator["BreakableDisk"]:
    """Mount a disk that the system can give up; it is gone at the end, whatever happened."""
    made = BreakableDisk(folder)
    complaint = made.make() or made.mount()
    if complaint:
        lacking(f"no disk can be mounted from a file here ({complaint})")
    try:
        yield made
    finally:
        made.unmount()


def lacking(what: str) -> Never:
    """Skip with a visible reason, or fail where disks are required."""
    if os.environ.get("REQUIRE_DISKS"):
        pytest.fail(f"REQUIRE_DISKS is set, but {what}")
    pytest.skip(what)


def _call(*command: str, check: bool = True) -> str:
    """Run a command; returns its complaint, empty when it has none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        return str(error)
    complaint = (done.stderr.strip() or f"{command[0]}: {done.returncode}") if done.returncode else ""
    assert not (check and complaint), complaint
    return complaint

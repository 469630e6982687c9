"""The tar file that a backup is: its manifest, its members, and a sum over all that stands before it.

Members are found by their names in a fixed list, never put where an archive says.
"""

import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import IO, BinaryIO, cast

from flexsmt_site.backup import files, rules
from flexsmt_site.backup.rules import Damaged, Manifest

#: The last member: hex digits and a line end.
_SUM = "SHA256"
_SUM_LENGTH = 65
_LARGEST_MANIFEST = 64 * 1024
_ALLOWED = {rules.MANIFEST, *rules.SMALL_FILES, *rules.COPIES.values(), _SUM}
_CHUNK = 1024 * 1024


def pack(folder: Path, manifest: Manifest, out: BinaryIO) -> None:
    """Write the manifest, the members that it names from ``folder``, and the sum over them."""
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        _add_text(tar, rules.MANIFEST, rules.write_manifest(manifest), manifest)
        for name in manifest.members:
            path = folder / name
            info = _header(name, path.stat().st_size, manifest)
            info.mode = path.stat().st_mode & 0o777
            with path.open("rb") as file:
                tar.addfile(info, file)
        before = out.tell()
        out.seek(0)
        digest = _digest(out, before)
        _add_text(tar, _SUM, f"{digest}\n", manifest)


def unpack(file: BinaryIO, folder: Path) -> Manifest:
    """Check the whole archive and put its members into ``folder``, each readable by its owner alone.

    Raises ``Damaged``; what is in the folder then is not to be used.
    """
    _check_sum(file)
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            return _extract(tar, folder)
    except (tarfile.TarError, ValueError) as error:
        raise Damaged("it is no archive that flexsmt backup has made") from error


def _extract(tar: tarfile.TarFile, folder: Path) -> Manifest:
    found = tar.getmembers()
    names = [member.name for member in found]
    plain = all(member.type == tarfile.REGTYPE for member in found)
    if not plain or not set(names) <= _ALLOWED or len(set(names)) < len(names):
        raise Damaged("it holds what no backup of this site holds")
    if names[:1] != [rules.MANIFEST] or found[0].size > _LARGEST_MANIFEST:
        raise Damaged("it has no manifest")
    manifest = rules.read_manifest(_content(tar, found[0]).read().decode("utf-8"))
    if [*manifest.members, _SUM] != names[1:]:
        raise Damaged("its manifest names other files than it holds")
    for member in found[1:-1]:
        target = folder / member.name
        _copy(_content(tar, member), target)
        target.chmod(0o600 if member.name == "secret" else member.mode & 0o777)
        if files.measure(target) != manifest.members[member.name]:
            raise Damaged(f"{member.name} in it was changed")
    return manifest


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    # None is for links and folders, which are refused before.
    return cast("IO[bytes]", tar.extractfile(member))


def _copy(source: IO[bytes], target: Path) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while chunk := source.read(_CHUNK):
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())


def _check_sum(file: BinaryIO) -> None:
    """Find the sum at the archive's end and hold everything before it against it.

    A bit that is changed anywhere is found so, in the headers and the space between members too.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * tarfile.RECORDSIZE))
    tail = file.read()
    said = tail.rstrip(tarfile.NUL)
    begins = size - len(tail) + len(said) - _SUM_LENGTH
    covered = begins - tarfile.BLOCKSIZE
    whole = size % tarfile.RECORDSIZE == 0 and covered > 0 and covered % tarfile.BLOCKSIZE == 0
    file.seek(0)
    if not whole or said[-_SUM_LENGTH:] != f"{_digest(file, covered)}\n".encode():
        raise Damaged("its sum is missing or wrong")


def _digest(file: BinaryIO, length: int) -> str:
    """Return the sum of the next ``length`` bytes."""
    digest = hashlib.sha256()
    while length and (chunk := file.read(min(length, _CHUNK))):
        digest.update(chunk)
        length -= len(chunk)
    return digest.hexdigest()


def _add_text(tar: tarfile.TarFile, name: str, text: str, manifest: Manifest) -> None:
    body = text.encode()
    tar.addfile(_header(name, len(body), manifest), io.BytesIO(body))


def _header(name: str, size: int, manifest: Manifest) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(manifest.made.timestamp())
    return info

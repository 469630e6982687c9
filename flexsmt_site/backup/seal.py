"""Encryption with age: to public keys when a backup is made, with the private one when it is read.

pyrage binds the Rust implementation of age. The format is public and the program ``age`` opens the
files too, so a backup does not depend on this site to be read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from pyrage import DecryptError, EncryptError, IdentityError, RecipientError, decrypt_io, encrypt_io, x25519

from flexsmt_site.backup.rules import BackupFault, Damaged

_BEGINNINGS = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")


class _Sink:
    """Hands bytes to a file and keeps its first error.

    The library buffers the last 8 kB and drops the error of writing them (seen with pyrage 1.4.0):
    without this a full disk would end in a backup that lacks its end, reported as made.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self.file.write(data)
        except OSError as error:
            self.error = self.error or error
            raise


def recipients(given: Sequence[str]) -> list[Any]:
    """Read public keys; raises ``BackupFault``, which never shows what was given: it may be a private one."""
    found = []
    for number, key in enumerate(given, start=1):
        try:
            found.append(x25519.Recipient.from_str(key.strip()))
        except RecipientError as error:
            raise BackupFault(
                f"recipient {number} is no public key of age: it should begin with age1 "
                "and have 62 characters, as age-keygen prints it"
            ) from error
    return found


def identities(path: Path) -> list[Any]:
    """Read the private keys of a file as age-keygen writes it; raises ``BackupFault``."""
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
        found = [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (UnicodeDecodeError, IdentityError):
        found = []
    if not found:
        raise BackupFault(
            f"{path} is no identity file of age: it should hold a line that begins with AGE-SECRET-KEY-1"
        )
    return found


def is_encrypted(file: BinaryIO) -> bool:
    """Tell whether a file is encrypted with age, by how it begins; it is rewound."""
    file.seek(0)
    beginning = file.read(64)
    file.seek(0)
    return beginning.startswith(_BEGINNINGS)


def encrypt(source: BinaryIO, target: BinaryIO, to: Sequence[Any]) -> None:
    """Encrypt a file to all of these; raises ``OSError`` when a file fails."""
    sink = _Sink(target)
    try:
        encrypt_io(source, sink, list(to))
    except EncryptError as error:
        raise sink.error or OSError(str(error)) from error
    if sink.error:
        raise sink.error


def decrypt(source: BinaryIO, target: BinaryIO, keys: Sequence[Any]) -> None:
    """Decrypt a file with any of these; raises ``Damaged``, and ``OSError`` when the target fails."""
    sink = _Sink(target)
    try:
        decrypt_io(source, sink, list(keys))
    except DecryptError as error:
        raise Damaged("it was not encrypted for this identity, or its beginning is damaged") from error
    except OSError as error:
        raise sink.error or Damaged("it is cut off or was changed") from error

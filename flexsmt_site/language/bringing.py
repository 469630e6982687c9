"""Open what somebody brings: a PO file, or a zip archive of some, within limits.

Pure. Whatever is wrong with it is said in one line, and then nothing of it is taken.
"""

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

from flexsmt_site.language import import_rules, po
from flexsmt_site.language.edit_rules import LONGEST
from flexsmt_site.language.gate_entry import PLURAL_FORMS

MOST = 5 * 1024 * 1024
#: What an archive may hold when it is unpacked, and in how many files.
_MOST_UNPACKED = 20 * 1024 * 1024
_MOST_FILES = 100
#: A name in other bytes than it says is a ``ValueError``.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError),
    *(RuntimeError, NotImplementedError, OSError, ValueError),
)
#: No language has as many plural forms.
_ENDLESS = re.compile(r"nplurals\s*=\s*\d{3}")
_PARTS = re.compile(r"[^a-zA-Z]+")


class BadImport(ValueError):
    """What was brought can not be taken; the message says why, and nothing of it was stored."""


@dataclass(frozen=True)
class Brought:
    """One PO file: its name, its language, what its header says of plurals, and the other entries."""

    name: str
    locale: str
    plural_forms: str
    entries: tuple[po.Entry, ...]


def opened(name: str, raw: bytes, locale: str | None = None) -> list[Brought]:
    """Return the PO files in what was brought; ``locale`` overrules what they say of their language.

    Raises ``BadImport``.
    """
    if len(raw) > MOST:
        raise BadImport(f"{name} has {len(raw) / 2**20:.1f} MB: at most {MOST // 2**20} MB are taken")
    is_zip = raw.startswith(b"PK")
    files = list(_unpacked(raw)) if is_zip else [(name, raw)]
    if not files:
        raise BadImport(f"{name} holds no .po file")
    return [_read(found, body, locale) for found, body in files]


def _unpacked(raw: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            # Not ``is_dir``: that fails where a name is empty.
            members = [member for member in archive.infolist() if not member.filename.endswith("/")]
            _check(members)
            for member in members:
                path = PurePosixPath(member.filename)
                if path.suffix == ".po" and not path.name.startswith("."):
                    yield member.filename, _body(archive, member)
    except BadImport:
        raise
    except _DAMAGED as error:
        raise BadImport(f"the archive can not be unpacked ({error})") from error


def _check(members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if not path.parts:
            raise BadImport(f"the archive holds a file without a name: “{member.filename}”")
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise BadImport(f"the archive holds a path that leads out of it: {member.filename}")
    if len(members) > _MOST_FILES:
        raise BadImport(f"the archive holds {len(members)} files: at most {_MOST_FILES} are taken")
    if sum(member.file_size for member in members) > _MOST_UNPACKED:
        raise BadImport(f"the archive unpacks to more than {_MOST_UNPACKED // 2**20} MB")


def _body(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        # What an archive says of its sizes need not be so.
        body = file.read(_MOST_UNPACKED + 1)
    if len(body) > _MOST_UNPACKED:
        raise BadImport(f"the archive unpacks to more than {_MOST_UNPACKED // 2**20} MB")
    return body


def _read(name: str, raw: bytes, locale: str | None) -> Brought:
    try:
        entries = po.scan(po.decoded(raw))
    except po.BrokenPo as error:
        raise BadImport(f"{name} is no PO file that can be read: {error}") from error
    header = next((entry for entry in entries if not entry.msgid and entry.context is None), None)
    if len(entries) <= (header is not None):
        raise BadImport(f"{name} holds no texts")
    longest = max(len(text) for entry in entries for text in (entry.msgid, *entry.strings))
    if longest > LONGEST:
        raise BadImport(f"{name} holds a text of {longest} characters: at most {LONGEST} are taken")
    if any("\0" in string for entry in entries for string in entry.strings):
        raise BadImport(f"{name} holds a NUL, which no text has")
    fields = import_rules.header_of(header.strings[0]) if header else {}
    if _ENDLESS.search(fields.get("plural-forms", "")):
        raise BadImport(f"{name} says that it has more plural forms than any language")
    return Brought(
        name,
        locale or _locale(name, fields.get("language", "")),
        fields.get("plural-forms", ""),
        tuple(entry for entry in entries if entry is not header),
    )


def _locale(name: str, language: str) -> str:
    """Return the language that a header names, or else the path of a file."""
    named = _PARTS.split(language)[:1] if language.strip() else _PARTS.split(name)
    for part in named:
        if part.lower() in PLURAL_FORMS:
            return part.lower()
    raise BadImport(
        f"{name} is in no language of the site: name it with --locale ({', '.join(PLURAL_FORMS)})"
    )

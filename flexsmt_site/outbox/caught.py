"""The mails that the catcher keeps, as files in a folder."""

import os
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256
from pathlib import Path

_NAME = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{16}")


@dataclass(frozen=True)
class Caught:
    """A mail in the catcher's folder; ``name`` sorts by the time it was caught."""

    name: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed as a mail program would."""
        return message_from_bytes(self.raw, policy=default)

    @property
    def source(self) -> str:
        """The mail as it came over the wire."""
        return self.raw.decode("utf-8", "replace")

    def part(self, subtype: str) -> str:
        """Return the text of the ``plain`` or ``html`` part; empty when there is none."""
        body = self.message.get_body((subtype,))
        return str(body.get_content()) if body else ""


def keep(folder: Path, raw: bytes, now: datetime) -> Path:
    """Write a mail to its own file, whole or not at all, readable by its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    message_id = str(message_from_bytes(raw, policy=default)["Message-ID"])
    name = f"{now:%Y%m%dT%H%M%S%f}Z-{sha256(message_id.encode()).hexdigest()[:16]}"
    draft, kept = folder / f"{name}.tmp", folder / f"{name}.eml"
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        return draft.rename(kept)
    finally:
        draft.unlink(missing_ok=True)


def list_caught(folder: Path, limit: int = 200) -> list[Caught]:
    """List what was caught, newest first, at most ``limit``."""
    paths = sorted(folder.glob("*.eml"), reverse=True)[:limit]
    return [Caught(path.stem, path.read_bytes()) for path in paths]


def find_caught(folder: Path, name: str) -> Caught | None:
    """Find one caught mail by its name; None when there is none, or when it is no such name."""
    path = folder / f"{name}.eml"
    if not _NAME.fullmatch(name) or not path.is_file():
        return None
    return Caught(name, path.read_bytes())

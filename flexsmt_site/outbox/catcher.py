"""A mail server for one machine: it keeps each mail as a file instead of sending it."""

import os
import re
import socket
from asyncio import AbstractServer
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from flexsmt_site import clock
from flexsmt_site.smtp_url import Security, SmtpTarget

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


class Keeper:
    """Writes what the server takes; a mail is answered 250 when it is on the disk."""

    def __init__(self, folder: Path) -> None:
        """Keep mails in ``folder``, which is made when it is missing."""
        self.folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take one mail."""
        try:
            keep(self.folder, envelope.original_content or b"", clock.now())
        except OSError:
            # Else aiosmtpd would say 500, and the mail would be given up for a disk that is full for an hour.
            return "452 4.3.1 No room to keep it"
        return "250 Kept in a file"


class Catcher(Controller):
    """Listens on a free loopback port, in a thread of this process, while the context is open."""

    def __init__(self, handler: object, **options: Any) -> None:  # noqa: ANN401 (aiosmtpd names them)
        """Serve with any aiosmtpd handler, and its further options."""
        self.listener = socket.create_server(("127.0.0.1", 0))
        super().__init__(handler, *self.listener.getsockname(), enable_SMTPUTF8=False, **options)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self.listener.close()

    @property
    def target(self) -> SmtpTarget:
        """Where a relay reaches it."""
        return SmtpTarget(Security.PLAIN, self.hostname, self.port)

    def _create_server(self) -> Awaitable[AbstractServer]:
        # The bound socket, not its number: nobody can take the port in between.
        return self.loop.create_server(self._factory_invoker, sock=self.listener, ssl=self.ssl_context)


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

"""A mail server for one machine: it keeps each mail as a file instead of sending it."""

import socket
from asyncio import AbstractServer
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from flexsmt_site import clock
from flexsmt_site.outbox import caught
from flexsmt_site.smtp_url import Security, SmtpTarget


class Keeper:
    """Writes what the server takes; a mail is answered 250 when it is on the disk."""

    def __init__(self, folder: Path) -> None:
        """Keep mails in ``folder``, which is made when it is missing."""
        self.folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take one mail."""
        try:
            caught.keep(self.folder, envelope.original_content or b"", clock.now())
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

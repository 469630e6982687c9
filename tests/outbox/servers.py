"""Mail servers that behave as they are told, over real SMTP on loopback."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class Script:
    """What a server answers; ``got`` holds what it took, ``peers`` who connected."""

    sender: list[str] = field(default_factory=list)
    recipients: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    got: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    peers: set[object] = field(default_factory=set)
    passwords: list[object] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    on_data: Callable[[], object] = list

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.peers.add(session.peer)
        self.commands.append("MAIL")
        if self.sender:
            return self.sender.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.commands.append("RCPT")
        if address in self.recipients:
            return self.recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.commands.append("DATA")
        self.on_data()
        answer = self.data.pop(0) if self.data else "250 Queued"
        if answer == "drop":
            cast("asyncio.Transport", server.transport).abort()
        if answer == "silence":
            await asyncio.sleep(8)
        if answer == "pause":
            await asyncio.sleep(2.6)
        if answer.startswith("250"):
            self.got.append(envelope.original_content or b"")
            self.envelopes.append((envelope.mail_from or "", envelope.rcpt_tos))
        return answer if answer[0].isdigit() else "250 Nobody reads this"

    async def handle_RSET(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        self.commands.append("RSET")
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object
    ) -> AuthResult:
        self.passwords.append(data)
        return AuthResult(success=getattr(data, "password", b"") == b"right", handled=False)

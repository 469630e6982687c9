"""An SMTP conversation as smtplib holds it, made strict: whole replies only, and every step in its time.

smtplib takes half a line for a reply and any number for a code, reads a reply without end, invents a
500 for a long line, and counts its time-out anew with each byte. Drop this subclass when it does none of it.
"""

import contextlib
import math
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator

from flexsmt_site import clock

#: What smtplib raises for a broken link, a refusal, or words that SMTP can not carry.
TROUBLE = (OSError, smtplib.SMTPException, ValueError)

#: Octets of one reply, all its lines together. RFC 5321 allows 512 a line, and has none of many lines.
LONGEST_REPLY = 64 * 1024

#: A step is cut at its limit, or so much later.
_LOOK_SECONDS = 0.1

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\n]*))?\r?\n")
_DOT = re.compile(rb"^\.", re.MULTILINE)


class Unintelligible(smtplib.SMTPException):
    """What came is no reply of SMTP, has no end, or answers something else."""


class Conversation(smtplib.SMTP):
    """One link to a mail server; with ``tls`` it is encrypted from the first byte."""

    def __init__(
        self, host: str, port: int, helo: str, seconds: float, tls: ssl.SSLContext | None = None
    ) -> None:
        """Connect and read the greeting, each address of ``host`` tried for so many seconds at most."""
        self.tls = tls
        self._end = math.inf
        self._is_over = threading.Event()
        super().__init__(host, port, helo, seconds)

    def connect(
        self,
        host: str = "localhost",
        port: int = 0,
        source_address: object = None,  # noqa: ARG002 (smtplib's; it passes none by itself)
    ) -> tuple[int, bytes]:
        """Open the link and return the greeting."""
        link = socket.create_connection((host, port), self.timeout)
        with self.within(self.timeout):
            self.sock = self.tls.wrap_socket(link, server_hostname=host) if self.tls else link
            threading.Thread(target=self._watch, daemon=True).start()
            return self.getreply()

    def close(self) -> None:
        """Let the link go, and who watches it."""
        self._is_over.set()
        super().close()

    def getreply(self) -> tuple[int, bytes]:
        """Read one whole reply; after anything else the conversation is over."""
        try:
            return self._read_reply()
        except TROUBLE:
            self.close()
            raise

    def text(self, raw: bytes) -> tuple[int, bytes]:
        """Send a mail's text to its final dot, once the server has asked for it."""
        end = b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n"
        self.send(_DOT.sub(b"..", raw) + end)
        return self.getreply()

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End what takes longer as a whole: a server may drip a byte at a time."""
        if self.sock is not None:
            self.sock.settimeout(seconds)
        self._end = clock.elapsed() + seconds
        try:
            yield
        finally:
            self._end = math.inf

    def _watch(self) -> None:
        """Cut the link when a step has had its time: one thread for all steps of a link."""
        while not self._is_over.wait(_LOOK_SECONDS):
            link = self.sock
            # Again and again: while TLS is agreed on, which has its own limit, there is no link to cut.
            if link is not None and clock.elapsed() > self._end:
                # The plain socket's shutdown, because the TLS object is in use by the sender.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(link, socket.SHUT_RDWR)

    def _read_reply(self) -> tuple[int, bytes]:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected
        self.file = self.file or self.sock.makefile("rb")
        lines: list[bytes] = []
        left = LONGEST_REPLY
        while True:
            line = self.file.readline(left)
            left -= len(line)
            found = _LINE.fullmatch(line)
            if not found:
                whole = line.endswith(b"\n") or not left
                raise Unintelligible if whole else smtplib.SMTPServerDisconnected
            lines.append((found[3] or b"").strip())
            if found[2] != b"-":
                return int(found[1]), b"\n".join(lines)

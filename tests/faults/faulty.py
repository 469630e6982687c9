"""A mail server on loopback that speaks real SMTP and misbehaves where a test tells it to."""

import contextlib
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import NoReturn, Self

from flexsmt_site.smtp_url import Security, SmtpTarget

#: Longer than the limits that a test gives a client which has to come to them, shorter than its own ones.
PATIENCE = 50.0
_LOOK = 0.02

#: Where the server can misbehave. ``TEXT`` is the end of a mail's text: the final dot.
STEPS = ("GREETING", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "TEXT", "RSET", "QUIT")
_NORMAL = {
    "GREETING": b"220 ready\r\n",
    "HELO": b"250 hello\r\n",
    "STARTTLS": b"220 go on\r\n",
    "AUTH": b"235 welcome\r\n",
    "DATA": b"354 go on\r\n",
    "QUIT": b"221 bye\r\n",
}


class Gone(Exception):
    """The conversation is over."""


class Talk:
    """One conversation; what it reads before TLS goes into the server's ``clear``."""

    def __init__(self, server: "Faulty", link: socket.socket) -> None:
        self.server = server
        self.link = link
        self.buffer = b""
        self.encrypted = False

    def hold(self) -> None:
        if self.server.tls and self.server.implicit:
            self.server.clear += self.link.recv(4096, socket.MSG_PEEK)
            self.encrypt()
        self.answer("GREETING")
        while True:
            line = self.read_to(b"\n").strip().decode("ascii", "replace")
            step = line.partition(" ")[0].upper()
            self.server.commands.append(line)
            if step not in STEPS:
                self.send(b"500 what?\r\n")
            elif self.answer(step):
                self.follow(step)

    def follow(self, step: str) -> None:
        """Do what belongs to a command that was answered as usual."""
        if step == "STARTTLS":
            self.encrypt()
        if step == "DATA":
            self.server.texts.append(self.read_to(b"\r\n.\r\n"))
            self.answer("TEXT")
        if step == "QUIT":
            raise Gone

    def answer(self, step: str) -> bool:
        """Answer as the script says; True when it says nothing, and the answer is the usual one."""
        act = next(self.server.script.get(step, iter(())), None)
        if act:
            act(self)
            return False
        self.send(self.features() if step == "EHLO" else _NORMAL.get(step, b"250 fine\r\n"))
        return True

    def features(self) -> bytes:
        offers_tls = self.server.tls and not self.encrypted
        return b"250-hello\r\n" + (b"250-STARTTLS\r\n" if offers_tls else b"") + b"250 AUTH PLAIN LOGIN\r\n"

    def encrypt(self) -> None:
        if self.server.tls:
            place = self.server.links.index(self.link)
            self.link = self.server.tls.wrap_socket(self.link, server_side=True)
            self.server.links[place] = self.link
            self.buffer, self.encrypted = b"", True

    def read_to(self, end: bytes) -> bytes:
        while end not in self.buffer:
            self.receive()
        found, _, self.buffer = self.buffer.partition(end)
        return found + end

    def receive(self) -> None:
        chunk = self.link.recv(65536)
        if not chunk:
            raise Gone
        self.buffer += chunk
        if not self.encrypted:
            self.server.clear += chunk

    def send(self, reply: bytes) -> None:
        try:
            self.link.sendall(reply)
        except TimeoutError:
            self.outlast()

    def outlast(self) -> NoReturn:
        """Lose patience with a client that should have left."""
        self.server.outlasted = True
        raise Gone


Act = Callable[[Talk], None]


@dataclass
class Faulty:
    """The server, while its context is open: ``script`` gives each step its acts, one for each time.

    ``texts`` are the mails that came to their final dot, ``outlasted`` says that a client which should
    have left in time was still there when the server lost its own patience.
    """

    script: dict[str, Iterator[Act | None]] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    clear: bytes = b""
    commands: list[str] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    links: list[socket.socket] = field(default_factory=list)
    outlasted: bool = False
    closing: Event = field(default_factory=Event)

    def at(self, step: str, acts: Iterable[Act | None]) -> Self:
        """Act so at this step, the first time, the second time and so on; None: as usual."""
        self.script[step] = iter(acts)
        return self

    @property
    def connections(self) -> int:
        return len(self.links)

    def count(self, command: str) -> int:
        return sum(line.upper().startswith(command) for line in self.commands)

    def target(self, security: Security = Security.PLAIN) -> SmtpTarget:
        return SmtpTarget(security, "localhost", self._port)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_LOOK)
        self._port: int = self._listener.getsockname()[1]
        self._threads = [Thread(target=self._listen)]
        self._threads[0].start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.closing.set()
        for link in self.links:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(link, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _listen(self) -> None:
        while not self.closing.is_set():
            with contextlib.suppress(TimeoutError):
                link, _ = self._listener.accept()
                link.settimeout(PATIENCE)
                self.links.append(link)
                self._threads.append(Thread(target=self._serve, args=(link,)))
                self._threads[-1].start()

    def _serve(self, link: socket.socket) -> None:
        talk = Talk(self, link)
        with contextlib.suppress(Gone, OSError):
            talk.hold()
        talk.link.close()


def message_ids(texts: list[bytes]) -> list[str]:
    """Return the Message-ID of each text."""
    return [found.decode() for text in texts for found in re.findall(rb"(?mi)^Message-ID: (\S+)", text)]

"""The wire between the site and its PostgreSQL, which may swallow everything or lose one answer."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread


class Wire:
    """Passes on what both sides say, each connection in two threads."""

    def __init__(self, port: int) -> None:
        self.server = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.cut_after = b""
        self.cut: set[socket.socket] = set()
        self.flows = Event()
        self.flows.set()
        self.links: list[socket.socket] = []

    def accept(self) -> None:
        """Take connections until the listener is closed."""
        with suppress(OSError):
            while True:
                here, _ = self.listener.accept()
                there = socket.create_connection(self.server)
                self.links += [here, there]
                Thread(target=self._ask, args=(here, there), daemon=True).start()
                Thread(target=self._answer, args=(there, here), daemon=True).start()

    def _ask(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while words := here.recv(65536):
                self.flows.wait()
                if self.cut_after and self.cut_after in words:
                    self.cut_after = b""
                    self.cut.add(here)
                there.sendall(words)
            there.shutdown(socket.SHUT_WR)

    def _answer(self, there: socket.socket, here: socket.socket) -> None:
        with suppress(OSError):
            while words := there.recv(65536):
                self.flows.wait()
                if here in self.cut:
                    # What was asked is done, and whoever asked for it can not know.
                    here.shutdown(socket.SHUT_RDWR)
                    return
                here.sendall(words)
            here.shutdown(socket.SHUT_WR)


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """Lay a wire to a port of this machine."""
    made = Wire(port)
    thread = Thread(target=made.accept)
    thread.start()
    try:
        yield made
    finally:
        made.flows.set()
        made.listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for link in (made.listener, *made.links):
            link.close()

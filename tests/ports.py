"""Ports for servers of tests, below those that the kernel gives to whoever connects to something."""

import errno
import os
import socket
from itertools import count

#: Each worker of pytest has ports of its own; runs beside each other begin at different ones of them.
_FIRST, _OF_EACH, _WORKERS = 20_000, 1_000, 12
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_TURNS = count(os.getpid() * 617)


def free_port(host: str = "127.0.0.1") -> int:
    """Find a port on which nobody listens, and which was not given out before for a long time.

    Raises ``OSError`` where the machine has no such address.
    """
    for _ in range(_OF_EACH):
        port = _FIRST + _WORKER * _OF_EACH + next(_TURNS) % _OF_EACH
        try:
            socket.create_server((host, port), family=_family(host)).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return port
    raise RuntimeError(f"no port from {_FIRST} on is free")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET

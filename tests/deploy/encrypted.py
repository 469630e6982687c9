"""Visitors over TLS, from an address of loopback that nothing else here has, in HTTP/1.1 and in HTTP/2."""

import socket
import ssl
import struct
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPSConnection

from tests.consent.nginx import HOST, SERVER_NAME, Headers, Nginx

#: Where a log would name it, it could be nobody else.
ADDRESS = "127.0.0.9"
_SETTINGS, _HEADERS, _DATA = 4, 1, 0
_END_STREAM, _END_HEADERS = 1, 4


@dataclass(frozen=True)
class Told:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def context(nginx: Nginx, *protocols: str) -> ssl.SSLContext:
    """What believes nginx's certificate and no other."""
    made = ssl.create_default_context(cafile=nginx.folder / "fullchain.pem")
    made.set_alpn_protocols(protocols or ("http/1.1",))
    return made


def connected(nginx: Nginx, tls: ssl.SSLContext) -> ssl.SSLSocket:
    """Shake hands; raises ``ssl.SSLError`` where the two do not agree."""
    return tls.wrap_socket(raw(nginx.tls), server_hostname=SERVER_NAME)


def raw(port: int) -> socket.socket:
    """A connection on which nothing has been said."""
    return socket.create_connection(("127.0.0.1", port), 120, source_address=(ADDRESS, 0))


def ask(link: HTTPSConnection, path: str, headers: Headers = (), *, method: str = "GET") -> Told:
    """Ask for a page under the site's name; the connection stays."""
    link.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in (("Host", HOST), *headers):
        link.putheader(name, value)
    link.endheaders()
    answer = link.getresponse()
    return Told(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def open_link(nginx: Nginx) -> HTTPSConnection:
    """A connection for many requests."""
    link = HTTPSConnection("127.0.0.1", nginx.tls, timeout=120, context=context(nginx))
    link.sock = connected(nginx, context(nginx))
    return link


def visit(nginx: Nginx, path: str, headers: Headers = ()) -> Told:
    """Ask for one page on a connection of its own."""
    with closing(open_link(nginx)) as link:
        return ask(link, path, headers)


def ask_in_http2(nginx: Nginx, path: str) -> tuple[bool, bytes]:
    """Ask for a page in HTTP/2; tell whether the status was 200, and the body."""
    with connected(nginx, context(nginx, "h2", "http/1.1")) as link:
        assert link.selected_alpn_protocol() == "h2"
        # RFC 7541, appendix A: GET is entry 2, https 7; a path is named by 4 and a host by 1.
        block = b"\x82\x87" + _named(4, path) + _named(1, HOST)
        request = _frame(_HEADERS, block, flags=_END_STREAM | _END_HEADERS, stream=1)
        link.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(_SETTINGS, b"") + request)
        found, body = b"", b""
        with link.makefile("rb") as answer:
            while True:
                head = answer.read(9)
                kind, flags, payload = head[3], head[4], answer.read(int.from_bytes(head[:3]))
                found = payload if kind == _HEADERS else found
                body += payload if kind == _DATA else b""
                if kind in (_HEADERS, _DATA) and flags & _END_STREAM:
                    return b"\x88" in found[:2], body


def _named(entry: int, value: str) -> bytes:
    return bytes([entry, len(value)]) + value.encode()


def _frame(kind: int, payload: bytes, *, flags: int = 0, stream: int = 0) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload

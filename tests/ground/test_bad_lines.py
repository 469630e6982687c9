"""Bad requests as they come over the wire to the real server: one honest answer, and it serves on."""

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.browser.live import LiveSite

OTHER = "other.example.com"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with LiveSite(tmp_path_factory.mktemp("bad-lines")) as running:
        yield running


def answers(site: LiveSite, *lines: str, body: str = "", host: str | None = "") -> list[tuple[int, str]]:
    """Send lines as they stand over a connection of their own; return status and text of every answer.

    ``Host`` is the site's own, unless it is named; with None there is none.
    """
    own = [f"Host: {host or site.base.removeprefix('http://')}"] if host is not None else []
    text = "\r\n".join([lines[0], *own, "Connection: close", *lines[1:], "", ""]) + body
    found = _exchanged(site.port, text.encode("latin-1")).decode("latin-1")
    each = found.replace("HTTP/1.0 ", "HTTP/1.1 ").split("HTTP/1.1 ")[1:]
    return [(int(one[:3]), one) for one in each]


def _exchanged(port: int, sent: bytes) -> bytes:
    """Return all that came until the end; the server may hang up on what it has not read to its end."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection, suppress(ConnectionError):
        connection.sendall(sent)
        while part := connection.recv(65536):
            got += part
    return got


REFUSED = [
    ("GE T /en/ HTTP/1.1", 400), ("GET en/ HTTP/1.1", 400), ("GET /en/", 400), ("GET  /en/ HTTP/1.1", 400),
    ("GET /en/ HTTP/9.9", 400), ("GET /en/\xe9 HTTP/1.1", 400), ("G\0T /en/ HTTP/1.1", 400),
    ("\x16\x03\x01", 400), ("get /en/ HTTP/1.1", 501), ("TRACE /en/ HTTP/1.1", 405),
    ("PROPFIND /en/ HTTP/1.1", 405), (f"{'G' * 4000} /en/ HTTP/1.1", 405), ("OPTIONS * HTTP/1.1", 404),
    (f"CONNECT {OTHER}:443 HTTP/1.1", 404),
    ("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", 404), ("GET /static/%2e%2e/wsgi.py HTTP/1.1", 404),
    ("GET /en/%c0%af HTTP/1.1", 404), ("GET /en/%00 HTTP/1.1", 404), ("GET /%0d%0aX:%20y HTTP/1.1", 404),
    ("GET /en/%zz HTTP/1.1", 404), (f"GET /{'a' * 16_000} HTTP/1.1", 404),
    (f"GET /{'a' * 70_000} HTTP/1.1", 414),
]  # fmt: skip


@pytest.mark.parametrize(("line", "status"), REFUSED, ids=lambda value: ascii(value)[:40])
def test_a_bad_line_is_refused_once(served: LiveSite, line: str, status: int) -> None:
    assert [found for found, _ in answers(served, line)] == [status]
    assert served.ask("/en/").status == 200


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET //en/ HTTP/1.1", 308),
        ("GET /en%2fprivacy HTTP/1.1", 200),
        ("GET /en/%70rivacy HTTP/1.1", 200),
        ("GET /en/privacy#part HTTP/1.1", 200),
        (f"GET /en/?{'a' * 16_000} HTTP/1.1", 200),
        ("GET /en/ HTTP/1.0", 200),
        ("OPTIONS /en/ HTTP/1.1", 200),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_odd_line_that_means_a_page_is_answered(served: LiveSite, line: str, status: int) -> None:
    ((found, _),) = answers(served, line)
    assert found == status


@pytest.mark.parametrize("host", [" ", OTHER, "x@{own}", "{own}.", "{own}/x", "{own},{own}", "x" * 9000])
@pytest.mark.parametrize("target", ["/en/", "http://{own}/en/"])
def test_only_the_own_host_is_answered(served: LiveSite, host: str, target: str) -> None:
    own = served.base.removeprefix("http://")
    line = f"GET {target.format(own=own)} HTTP/1.1"
    ((status, text),) = answers(served, line, host=host.format(own=own))

    assert status == 400
    assert OTHER not in text


def test_a_request_names_its_host_once(served: LiveSite) -> None:
    own = served.base.removeprefix("http://")
    twice = answers(served, "GET /en/ HTTP/1.1", f"Host: {own}")
    never = [answers(served, f"GET /en/ {version}", host=None) for version in ("HTTP/1.1", "HTTP/1.0")]

    assert [status for found in (twice, *never) for status, _ in found] == [400, 400, 400]


@pytest.mark.parametrize("target", [f"http://{OTHER}/en/", f"http://x:y@{OTHER}/en/", f"ftp://{OTHER}/en/"])
def test_an_absolute_target_of_another_host_leaves_no_trace(served: LiveSite, target: str) -> None:
    # WSGI is not told of that host; it counts for nothing, as no page repeats the host of its request.
    ((status, text),) = answers(served, f"GET {target} HTTP/1.1")

    assert status == 200
    assert OTHER not in text
    assert text.partition("\r\n\r\n")[2] == served.ask("/en/").body.encode().decode("latin-1")


SMUGGLED = "GET /ru/nothing HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "body", "statuses"),
    [
        (["Content-Length: -1"], "", [400]),
        (["Content-Length: abc"], "", [400]),
        (["Content-Length: 1", "Content-Length: 2"], "x", [400]),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], "0\r\n\r\n", [400]),
        (["Transfer-Encoding : chunked"], "", [400]),
        ([": no name"], "", [400]),
        (["X: a\0b"], "", [400]),
        (["X Y: z"], "", [400]),
        ([f"X-{number}: 1" for number in range(150)], "", [431]),
        (["X: " + "y" * 900_000], "", [431]),
        ([f"Content-Length: {len(SMUGGLED)}"], SMUGGLED, [200]),
        (["Transfer-Encoding: chunked"], f"{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n0\r\n\r\n", [200]),
        (["Expect: 100-continue"], "", [200]),
        (["Upgrade: h2c", "HTTP2-Settings: AAMAAABk"], "", [200]),
        (["Upgrade: websocket", "Sec-WebSocket-Version: 13"], "", [200]),
        (["Cookie: " + "a=b; " * 3_000], "", [200]),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_no_header_brings_a_second_answer(
    served: LiveSite, headers: list[str], body: str, statuses: list[int]
) -> None:
    assert [status for status, _ in answers(served, "GET /en/ HTTP/1.1", *headers, body=body)] == statuses
    assert served.ask("/en/").status == 200


def test_length_and_chunks_together_are_one_request_or_none(served: LiveSite) -> None:
    headers = ["Transfer-Encoding: chunked", "Content-Length: 5"]
    found = answers(served, "GET /en/ HTTP/1.1", *headers, body="0\r\n\r\n" + SMUGGLED)

    # RFC 9112, 6.3: the length does not count, and the connection ends after the answer.
    assert [status for status, _ in found] in ([200], [400])

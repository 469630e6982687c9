import gzip
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress

import brotli
import pytest

from tests.consent.nginx import SERVER_NAME, Asked, Nginx, ProxiedSite
from tests.consent.upstream import Upstream
from tests.deploy.encrypted import ADDRESS, ask, ask_in_http2, connected, context, open_link, raw, visit

#: In place of what the site prints.
MAP = 'map "" $consent_choice { default ""; }\nmap "" $consent_variant { default one; }\n'
#: Time enough to shake hands on a busy machine.
IMPATIENT = {"client_header_timeout 10s": "client_header_timeout 5s"} | {
    "client_body_timeout 10s": "client_body_timeout 1s"
}
BEGUN = bytes.fromhex("16030100c8010000c40303") + bytes(range(40))
NO_TLS = (
    *(b"GET / HTTP/1.1\r\n\r\n", BEGUN),
    *(bytes.fromhex("1503010002022a"), bytes.fromhex("16030100050100000100")),
)
NO_HTTP = (
    b"nonsense\r\n\r\n",
    b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /../../x HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 50,
)
HEAD = f"POST /en/contact HTTP/1.1\r\nHost: {SERVER_NAME}\r\nContent-Length: 300\r\n"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(keeps=True) as running:
        yield running


@pytest.fixture
def nginx(upstream: Upstream) -> Iterator[Nginx]:
    with Nginx(upstream.port, MAP) as running:
        yield running


def test_nginx_finds_nothing_amiss_with_the_file(nginx: Nginx) -> None:
    command = [
        nginx.program,
        "-t",
        "-c",
        str(nginx.folder / "nginx.conf"),
        "-g",
        f"pid {nginx.folder}/other;",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "test is successful" in done.stderr
    assert "[warn]" not in done.stderr + nginx.log


def test_http_2_answers(nginx: Nginx, upstream: Upstream) -> None:
    assert ask_in_http2(nginx, "/en/") == (True, b"first")
    assert dict(upstream.seen)["x-forwarded-for"] == ADDRESS
    assert dict(upstream.seen)["x-forwarded-proto"] == "https"


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_tls_of_today_is_spoken(nginx: Nginx, version: str) -> None:
    tls = context(nginx)
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion[version]

    with connected(nginx, tls) as link:
        assert link.version() == version.replace("_", ".")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_1_is_refused(nginx: Nginx) -> None:
    tls = context(nginx)
    # Else this side would not even try.
    tls.set_ciphers("ALL:@SECLEVEL=0")
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1

    with pytest.raises(ssl.SSLError, match=r"(?i)alert.protocol.version"):
        connected(nginx, tls)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_plain_http_is_sent_to_https(nginx: Nginx, upstream: Upstream, method: str) -> None:
    answer = Asked("/ru/contact?a=b", method=method).of(nginx.plain)

    assert answer.status == 301
    assert answer.header("Location") == f"https://{SERVER_NAME}/ru/contact?a=b"
    assert upstream.asked == 0


def test_what_renews_the_certificate_is_looked_for_where_it_lies(nginx: Nginx, upstream: Upstream) -> None:
    assert Asked("/.well-known/acme-challenge/none").of(nginx.plain).status == 404
    assert upstream.asked == 0


def test_a_connection_to_the_site_serves_many_visitors(nginx: Nginx, upstream: Upstream) -> None:
    with closing(open_link(nginx)) as link:
        assert {ask(link, f"/en/?{number}").status for number in range(20)} == {200}

    assert upstream.asked == 20
    assert len(upstream.connections) == 1


@pytest.mark.parametrize("said", [HEAD, HEAD + "\r\nfirst_name=A"], ids=["header", "body"])
def test_whoever_dawdles_is_hung_up_on_before_the_site_hears_of_it(upstream: Upstream, said: str) -> None:
    with Nginx(upstream.port, MAP, IMPATIENT) as nginx, connected(nginx, context(nginx)) as link:
        link.sendall(said.encode())
        with suppress(ConnectionResetError, ssl.SSLEOFError):
            assert link.recv(1000)[:12] in (b"", b"HTTP/1.1 408")

    assert upstream.asked == 0


@pytest.mark.proof
def test_static_files_come_packed_and_for_ever(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        ProxiedSite(tmp_path_factory.mktemp("site")) as site,
        Nginx(site.port, site.cache_map()) as nginx,
    ):
        path = re.findall(r'href="(/static/[^"]+\.css)"', visit(nginx, "/en/").body.decode())[0]
        plain = visit(nginx, path)
        for accepted, unpack in {"br, gzip": brotli.decompress, "gzip": gzip.decompress}.items():
            asked = (("Accept-Encoding", accepted), ("Cookie", "lang=ru"))
            packed = [visit(nginx, path, asked) for _ in range(2)]

            assert [answer.headers["x-cache"] for answer in packed] == ["MISS", "HIT"]
            assert {answer.headers["cache-control"] for answer in (plain, *packed)} == {
                "public, max-age=31536000, immutable"
            }
            assert {unpack(answer.body) for answer in packed} == {plain.body}
        kept = nginx.kept()
        others = [visit(nginx, address) for address in (f"{path}?a=b", f"{path}x", "/static/../secret")]

        assert [(answer.status, answer.headers.get("x-cache")) for answer in others] == [
            *((200, "BYPASS"), (404, "MISS"), (404, "MISS"))
        ]
        assert nginx.kept() == kept


def _say(link: socket.socket, words: bytes) -> None:
    with link, suppress(OSError):
        link.sendall(words)
        # A handshake that is begun and left gets no answer.
        if words != BEGUN:
            link.recv(1000)


def _misbehave(nginx: Nginx, upstream: Upstream) -> None:
    """Let all go wrong that may, between a visitor and nginx, and behind it."""
    for words in NO_TLS:
        _say(raw(nginx.tls), words)
    for words in NO_HTTP:
        _say(connected(nginx, context(nginx)), words)
    _say(raw(nginx.plain), b"\x00\xff nonsense\r\n\r\n")
    assert visit(nginx, "/en/").status == 200
    upstream.status = 500
    assert visit(nginx, "/en/?ill").status == 500
    upstream.__exit__()
    assert visit(nginx, "/en/?gone").status == 502


def test_nothing_is_written_of_a_visitor_whatever_goes_wrong() -> None:
    with Upstream() as upstream, Nginx(upstream.port, MAP) as nginx:
        _misbehave(nginx, upstream)

        assert _told_by(nginx) == []
        assert nginx.log == ""


def test_at_other_levels_much_would_be_written_of_visitors() -> None:
    with Upstream() as upstream, Nginx(upstream.port, MAP, {"/error.log emerg": "/error.log info"}) as nginx:
        _misbehave(nginx, upstream)

        assert _told_by(nginx) == ["error.log"]
        assert all(level in nginx.log for level in ("[info]", "[error]", "[crit]"))


def _told_by(nginx: Nginx) -> list[str]:
    """The files that name the visitor's address."""
    files = (path for path in sorted(nginx.folder.rglob("*")) if path.is_file())
    return [path.name for path in files if ADDRESS.encode() in path.read_bytes()]

"""Nobody's odd request changes what the next visitor gets, and no number of them fills the memory."""

import gc
import tracemalloc
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import brotli
import pytest
from flask import Flask, abort
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flexsmt_site import cookies, pagecache
from tests.ground.conftest import ask
from tests.ground.visitors import Visitor, visit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

EVIL = "evil.example.com"
ODD_HEADERS = [
    {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/evil"},
    {"Forwarded": f"host={EVIL};proto=https"},
    {"X-Original-URL": "/ru/privacy", "X-Rewrite-URL": "/ru/privacy"},
    {"X-HTTP-Method-Override": "POST", "X-Method-Override": "DELETE"},
    {"Host": "localhost:8000"},
    {"Origin": f"https://{EVIL}", "Referer": f"https://{EVIL}/", "Sec-Fetch-Site": "cross-site"},
    {"Accept-Language": "ru", "Accept": "application/json", "Accept-Charset": "koi8-r", "User-Agent": EVIL},
    {"Accept-Encoding": "br"},
    {"Cookie": "lang=ru; contact_en=x; consent_receipt=y"},
    {"Cookie": "consent=junk; consent=; __Host-consent=1"},
    {"Cookie": "consent={version}.1"},
    {"Cookie": "consent={version}.0; consent={version}.1"},
    {"Cookie": "a=b; " * 3_000},
    {"Sec-GPC": "1"},
    {"HX-Request": "true", "HX-Target": "main"},
    {"HX-Request": "true", "HX-History-Restore-Request": "true"},
    {"HX-Boosted": "true"},
    {"Range": "bytes=0-9", "If-Range": '"x"'},
    {"If-None-Match": "*"},
    {"If-Match": '"x"'},
    {"Authorization": "Basic eDp5", "Proxy-Authorization": "Basic eDp5"},
    {"Cache-Control": "no-store, only-if-cached", "Pragma": "no-cache"},
    {"Expect": "100-continue", "Upgrade": "h2c", "TE": "trailers", "Max-Forwards": "0"},
    {"Content-Length": "5"},
]


@pytest.fixture(scope="module")
def clean(stranger: Visitor) -> dict[str, tuple[bytes, list[tuple[str, str]]]]:
    """What a visitor gets whose predecessor asked for nothing odd."""
    return {path: _seen(stranger, path) for path in ("/en/", "/ru/privacy")}


def _seen(visitor: Visitor, path: str) -> tuple[bytes, list[tuple[str, str]]]:
    answer = visitor.get(path)
    assert answer.status_code == 200
    return answer.data, sorted(one for one in answer.headers.items() if one[0] != "Date")


@pytest.mark.parametrize("headers", ODD_HEADERS, ids="+".join)
def test_the_next_visitor_gets_what_the_first_would_have(
    lone_app: Flask, clean: dict[str, tuple[bytes, list[tuple[str, str]]]], headers: dict[str, str]
) -> None:
    odd = {name: text.replace("{version}", cookies.register().version) for name, text in headers.items()}
    first, second = (visit(lone_app, use_cookies=False) for _ in range(2))
    for path, seen in clean.items():
        for method in ("HEAD", "GET", "OPTIONS", "TRACE"):
            first.open(path, method=method, headers=odd)

        assert _seen(second, path) == seen


def test_a_foreign_host_is_refused_for_a_page_that_is_kept(stranger: Visitor) -> None:
    before = stranger.get("/en/").data

    for host in (EVIL, f"127.0.0.1:8000,{EVIL}", f"x@{EVIL}", "127.0.0.1:8000.", "127.0.0.1:8000/", "[::1"):
        assert stranger.get("/en/", headers={"Host": host}).status_code == 400
    assert stranger.get("/en/").data == before


@pytest.mark.parametrize("code", [400, 403, 404, 429, 500, 503])
def test_an_error_is_over_with_its_answer(lone_app: Flask, kept: list[str], code: int) -> None:
    trouble = [code]
    lone_app.before_request(lambda: abort(trouble.pop()) if trouble else None)
    visitor = visit(lone_app)

    broken = visitor.get("/en/")
    assert (broken.status_code, kept) == (code, [])
    assert broken.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in broken.headers
    assert [visitor.get("/en/").status_code for _ in range(2)] == [200, 200]
    assert kept == ["/en/"]


def _odd_requests(count: int, start: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield addresses and headers of which no two are alike."""
    for number in range(start, start + count):
        yield f"/en/{number}", {}
        yield f"/en/privacy{number}/x", {"Host": f"{number}.example.com"}
        yield f"//en//{number}", {"Accept-Encoding": f"br;q=0.{number}, x{number}"}
        yield "/en/", {"Cookie": f"consent=aaaaa.{number:b}; n{number}=1", "Sec-GPC": str(number)}
        yield "/ru/", {"Accept-Encoding": f"x{number}", "If-None-Match": f'"{number}"'}
        yield "/ru/privacy", {"HX-Request": str(number), "User-Agent": str(number)}


def _kept_pages() -> int:
    gc.collect()
    return sum(isinstance(one, pagecache.Page) for one in gc.get_objects())


def _ask_all(visitor: Visitor, count: int, start: int) -> None:
    for path, headers in _odd_requests(count, start):
        assert ask(visitor, path, **headers).status_code < 500


@pytest.mark.parametrize("count", [100, pytest.param(800, marks=pytest.mark.proof)])
def test_the_memory_does_not_grow_with_the_number_of_odd_requests(lone_app: Flask, count: int) -> None:
    visitor = visit(lone_app, use_cookies=False)
    before = _kept_pages()
    # What remembers the last of something is full by then.
    _ask_all(visitor, 300, start=0)
    tracemalloc.start()
    _ask_all(visitor, 30, start=10_000)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    _ask_all(visitor, count, start=20_000)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - held
    tracemalloc.stop()

    # The two variants that these visitors see of /en/, and /ru/.
    assert _kept_pages() - before <= 3
    assert grown < 100_000, f"{grown:,} B more after {6 * count:,} requests"


def test_long_headers_are_not_remembered(stranger: Visitor) -> None:
    tracemalloc.start()
    for number in range(200):
        asked = f"x{number}" + "y" * 20_000
        assert (
            stranger.get("/en/", headers={"Accept-Encoding": asked, "Accept-Language": asked}).status_code
            == 200
        )
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert held < 1_000_000, f"{held:,} B are held of 8 MB"


def _public(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """A site of which every address is a page for all."""
    body = environ["PATH_INFO"].encode()
    headers = [
        ("Cache-Control", "public"),
        ("ETag", f'"{environ["PATH_INFO"]}"'),
        ("Content-Type", "text/html"),
    ]
    start_response("200 OK", headers)
    return [body]


def _fill(cache: pagecache.PageCache, numbers: Iterable[int]) -> None:
    environ = EnvironBuilder("/").get_environ()
    for number in numbers:
        body, status, _ = run_wsgi_app(cache, {**environ, "PATH_INFO": f"/{number}"})
        assert (status, b"".join(body)) == ("200 OK", b"/%d" % number)


def test_where_every_address_is_a_page_only_so_many_are_kept() -> None:
    before = _kept_pages()
    cache = pagecache.PageCache(_public, [])
    _fill(cache, range(3 * pagecache.MOST_PAGES))

    assert _kept_pages() - before == pagecache.MOST_PAGES


@pytest.mark.proof
def test_a_hundred_thousand_pages_take_no_more_memory_than_the_most_that_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The best packing of a page takes a millisecond; what is counted here is not how well it packs.
    monkeypatch.setattr(brotli, "compress", partial(brotli.compress, quality=0))
    before = _kept_pages()
    cache = pagecache.PageCache(_public, [])
    _fill(cache, range(10_000))
    gc.collect()
    objects = len(gc.get_objects())
    _fill(cache, range(10_000, 100_000))

    assert _kept_pages() - before == pagecache.MOST_PAGES
    gc.collect()
    assert len(gc.get_objects()) <= objects * 1.01

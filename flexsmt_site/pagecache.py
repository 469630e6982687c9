"""Finished pages, kept in memory and served in front of Flask.

The way of a request: what was just asked (``again``), host guard, static files, this cache, trusted
proxies, the headers of every answer, Flask. A page is kept when its answer says that anybody may keep it
(``web.Cache.PUBLIC``), once for each value of the parts that features declare: what no part tells apart is
the same bytes for every visitor. Each worker has its own.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import brotli
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.http import parse_etags
from werkzeug.test import run_wsgi_app

from flexsmt_site import again, clock, itself, pages, web

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

T = TypeVar("T")
Part = Callable[["WSGIEnvironment"], str]
Key = tuple[str, ...]

#: Several times what the site has in pages and variants; what was asked for longest ago goes first.
MOST_PAGES = 500
#: Pages tell of days and proofs too, so none is older than this.
OLDEST_SECONDS = 60.0

_OK = "200 OK"
_METHODS = {"GET", "HEAD"}
#: What only a part of a page, or a page made for one visitor, is asked for with.
_OF_ONE_VISITOR = ("HTTP_HX_REQUEST", "HTTP_RANGE", "HTTP_AUTHORIZATION", "CONTENT_LENGTH")
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")
#: These describe a body, and 304 has none (RFC 9110, 15.4.5).
_OF_THE_BODY = {"content-length", "content-type", "content-encoding", "content-language"}
_PARTS = "flexsmt_pagecache_parts"
_TEXTS = "flexsmt_pagecache_texts"
_PIECES = "flexsmt_pagecache_pieces"
#: Of brotli's eleven steps: a tenth more bytes than the last, for a fiftieth of its time.
_QUICK = 4


def declare(app: Flask, part: Part, *reads: str) -> None:
    """Tell pages of ``app`` apart by what ``part`` makes of a request, looking at no more than ``reads``."""
    app.extensions[_PARTS].append(part)
    again.declare(app, *reads)


@dataclass(frozen=True)
class Form:
    """One encoding of a page, with its headers as they are sent."""

    etag: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Page:
    """A finished page: plain, and packed with brotli."""

    plain: Form
    packed: Form


class Shelf(Generic[T]):
    """Keeps the youngest ``MOST_PAGES`` of something, none for longer than ``OLDEST_SECONDS``."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept: OrderedDict[Key, tuple[float, T]] = OrderedDict()

    def find(self, key: Key) -> T | None:
        """Return what is kept under ``key`` and not too old; else None."""
        made, found = self._kept.get(key, (0.0, None))
        return found if clock.elapsed() - made <= OLDEST_SECONDS else None

    def last(self, key: Key) -> T | None:
        """Return what is kept under ``key``, however old; else None."""
        return self._kept.get(key, (0.0, None))[1]

    def get(self, key: Key, make: Callable[[], T]) -> T:
        """Return what is kept under ``key``, or else what ``make`` makes, and keep that."""
        found = self.find(key)
        if found is None:
            found = make()
            self.keep(key, found)
        return found

    def keep(self, key: Key, made: T) -> None:
        """Keep one, and let go of what was made longest ago where there are too many."""
        self._kept[key] = clock.elapsed(), made
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_PAGES:
            self._kept.popitem(last=False)


class PageCache:
    """Answer with kept pages; pass everything else on."""

    def __init__(self, app: "WSGIApplication", parts: Sequence[Part]) -> None:
        """Stand in front of ``app``, and tell its pages apart by address and ``parts``."""
        self.app = app
        self.parts = parts
        self.pages: Shelf[Page] = Shelf()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if not _is_plain(environ):
            return self.app(environ, start_response)
        key = _key(environ, self.parts)
        page = self.pages.find(key)
        if page is None:
            chunks, status, headers = run_wsgi_app(self.app, _whole(environ), buffered=True)
            if not _is_for_all(status, headers):
                return _passed_on(environ, start_response, status, headers, b"".join(chunks))
            page = _finished(b"".join(chunks), headers, self.pages.last(key))
            self.pages.keep(key, page)
        return _answer(page, environ, start_response)


def init_app(app: Flask) -> None:
    """Stand in front of what has been built so far."""
    parts: list[Part] = []
    app.extensions[_PARTS] = parts
    again.declare(app, "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_ACCEPT_ENCODING")
    again.declare(app, *_OF_ONE_VISITOR, *_CONDITIONS)
    app.extensions[_TEXTS] = Shelf[str]()
    app.extensions[_PIECES] = Shelf[str]()
    app.jinja_env.globals["kept"] = piece
    app.wsgi_app = PageCache(app.wsgi_app, parts)  # type: ignore[method-assign]


def text(make: Callable[[], str]) -> str:
    """Return what ``make`` renders for the page at hand, once for all visitors who see the same.

    For pages that are the same but for a few values: with a mark in place of each, for the view to exchange.
    A page that is asked for with a query is rendered each time.
    """
    environ = itself.request().environ
    if not _is_plain(environ):
        return make()
    texts: Shelf[str] = itself.app().extensions[_TEXTS]
    return texts.get(_key(environ, itself.app().extensions[_PARTS]), make)


def piece(name: str, caller: Callable[[], str]) -> str:
    """Return a piece of pages, rendered once for each language and edition of its words.

    Templates write ``{% call kept("name") %}`` around what is the same for every visitor, wherever it stands.
    """
    pieces: Shelf[str] = itself.app().extensions[_PIECES]
    return pieces.get((name, pages.language(), pages.edition()), caller)


def _key(environ: "WSGIEnvironment", parts: Sequence[Part]) -> Key:
    return (environ["PATH_INFO"], *[part(environ) for part in parts])


def _is_plain(environ: "WSGIEnvironment") -> bool:
    """Tell whether a whole page is asked for, in a way that many may ask."""
    return (
        environ["REQUEST_METHOD"] in _METHODS
        and not environ.get("QUERY_STRING")
        and not any(environ.get(name) for name in _OF_ONE_VISITOR)
    )


def _whole(environ: "WSGIEnvironment") -> "WSGIEnvironment":
    """Ask for the page itself, whatever the visitor has of it already."""
    asked = {name: value for name, value in environ.items() if name not in _CONDITIONS}
    return asked | {"REQUEST_METHOD": "GET"}


def _is_for_all(status: str, headers: Headers) -> bool:
    is_public = headers.get("Cache-Control", "").startswith("public")
    return status.startswith("200") and is_public and "ETag" in headers and "Set-Cookie" not in headers


def _finished(body: bytes, headers: Headers, before: Page | None) -> Page:
    """Pack a page, unless it is still what it was ``before``: packing takes longer than making it."""
    plain = _form(body, headers)
    if before and before.plain == plain:
        return before
    etag = headers["ETag"]
    packed = Headers(headers)
    packed["Content-Encoding"] = "br"
    # Other bytes need another strong name (RFC 9110, 8.8.3.3).
    packed["ETag"] = f'{etag[:-1]}-br"'
    return Page(plain, _form(brotli.compress(body), packed))


def _form(body: bytes, headers: Headers) -> Form:
    sized = Headers(headers)
    sized["Content-Length"] = str(len(body))
    return Form(sized["ETag"], tuple(sized.to_wsgi_list()), body)


def _passed_on(
    environ: "WSGIEnvironment", start_response: "StartResponse", status: str, headers: Headers, body: bytes
) -> Iterable[bytes]:
    """Answer with a page for one visitor, packed where that is worth it.

    Not where nobody may keep it: there a stranger's words can stand beside what others have written, whose
    length would tell of it. Another is asked for without a query, so that nobody can have put anything in it.
    """
    is_page = status.startswith("200") and headers.get("Content-Type", "").startswith("text/html")
    is_mixed = "no-store" in headers.get("Cache-Control", "")
    if is_page and not is_mixed and _takes_brotli(environ):
        body = brotli.compress(body, quality=_QUICK)
        headers["Content-Encoding"] = "br"
        headers["Content-Length"] = str(len(body))
    start_response(status, headers.to_wsgi_list())
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _answer(page: Page, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    form = page.packed if _takes_brotli(environ) else page.plain
    status = _status(environ, form.etag)
    headers = form.headers
    if status != _OK:
        headers = tuple(one for one in headers if one[0].lower() not in _OF_THE_BODY)
    is_empty = status != _OK or environ["REQUEST_METHOD"] == "HEAD"
    answer = again.Answer(status, headers, b"" if is_empty else form.body)
    again.remember(environ, answer)
    return answer.give(start_response)


def _status(environ: "WSGIEnvironment", etag: str) -> str:
    """Hold the request's conditions against a page that has a tag and no date (RFC 9110, 13.2.2)."""
    wanted, held = environ.get("HTTP_IF_MATCH"), environ.get("HTTP_IF_NONE_MATCH")
    if wanted is not None and not parse_etags(wanted).contains_raw(etag):
        return "412 Precondition Failed"
    if held is not None and parse_etags(held).contains_raw(f"W/{etag}"):
        return "304 Not Modified"
    return _OK


def _takes_brotli(environ: "WSGIEnvironment") -> bool:
    return "br" in web.codings(environ.get("HTTP_ACCEPT_ENCODING", ""))

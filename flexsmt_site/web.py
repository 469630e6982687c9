"""How requests are read and pages answered: whole or partial, cached or not, ours or foreign."""

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Flask, Request, Response, abort, g, make_response, render_template
from flask.sessions import SessionInterface, SessionMixin
from htmx_flask import request
from werkzeug.datastructures import FileStorage, ImmutableMultiDict
from werkzeug.exceptions import Forbidden
from werkzeug.http import parse_accept_header
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.urls import iri_to_uri

from flexsmt_site import headers, itself
from flexsmt_site.config import settings
from flexsmt_site.extensions import htmx
from flexsmt_site.ledger import keeps

_FORM = "application/x-www-form-urlencoded"
_NO_FILES: ImmutableMultiDict[str, FileStorage] = ImmutableMultiDict()
_LONGEST_ACCEPTED = 200
_PLAIN_PATH = re.compile(r"[a-zA-Z0-9/_-]*")
_VARY = ("Cookie", "Sec-GPC", "HX-Request", "Accept-Encoding")


class Cache(Enum):
    """Who may keep a page: see the table in ``docs/contract.md``."""

    PUBLIC = "public, max-age=0, must-revalidate"
    PRIVATE = "private, no-cache"
    NO_STORE = "private, no-store"


@keeps("P4.1")
def render(
    page: str,
    *,
    part: str | None = None,
    status: int | None = None,
    cache: Cache = Cache.PUBLIC,
    **context: object,
) -> Response:
    """Answer with ``templates/<page>.html``, or with its partial ``part`` where HTMX asks for it.

    The status is 422 when ``form`` in the context has errors, else 200, unless given.
    """
    folder = page.rpartition("/")[0]
    partial = part is not None and wants_partial()
    body = render_template(f"{folder}/_{part}.html" if partial else f"{page}.html", **context)
    refused = bool(getattr(context.get("form"), "errors", None))
    response = make_response(body, status or (422 if refused else 200))
    return cached(response, cache if response.status_code == 200 else Cache.NO_STORE)  # noqa: PLR2004


def cached(response: Response, cache: Cache) -> Response:
    """Say who may keep the response; public pages get a strong ETag and answer 304."""
    response.headers["Cache-Control"] = cache.value
    if cache is Cache.NO_STORE:
        response.headers["X-Robots-Tag"] = "noindex"
        return response
    response.vary.update(_VARY)
    if cache is Cache.PUBLIC:
        response.add_etag()
        response.make_conditional(request)
    return response


def codings(accepted: str) -> tuple[str, ...]:
    """Return the codings of ours that an ``Accept-Encoding`` takes by name, best first.

    ``*`` stands for them where a plain body is refused (RFC 9110, 12.5.3).
    """
    # No browser says more, and a stranger's long headers are not to be remembered.
    return _codings(accepted[:_LONGEST_ACCEPTED])


@lru_cache(maxsize=256)
def _codings(accepted: str) -> tuple[str, ...]:
    qualities = dict(parse_accept_header(accepted.lower()))
    rest = qualities.get("*", 0) if qualities.get("identity") == 0 else 0
    return tuple(coding for coding in ("br", "gzip") if qualities.get(coding, rest) > 0)


def wants_partial() -> bool:
    """Tell whether HTMX asks for a part of a page: not when boosted or restoring history."""
    htmx = itself.request().htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def see_other(url: str) -> Response:
    """Send the visitor on after a POST: 303, or ``HX-Redirect`` for HTMX.

    A bare 303 would put the whole next page inside the form that HTMX swaps.
    """
    response = Response(status=200 if wants_partial() else 303)
    response.headers["HX-Redirect" if wants_partial() else "Location"] = url
    response.vary.add("HX-Request")
    return cached(response, Cache.NO_STORE)


def client_address() -> IPv4Address | IPv6Address | None:
    """Return the visitor's address behind the trusted proxies; None when it can not be read.

    An IPv4 address mapped into IPv6 comes back as IPv4.
    """
    try:
        address = ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def own_path(target: str, otherwise: str) -> str:
    """Return ``target`` if it is a path of this site, else ``otherwise``."""
    plain = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if plain and target.isprintable() and not urlsplit(target).netloc else otherwise


def onward_path() -> str:
    """Return where a visitor goes on after a form: its ``next``, or the page it was on; empty for neither.

    Only paths of this site, in plain ASCII.
    """
    path = own_path(itself.request().form.get("next", ""), "") or own_path(_referring_path(), "")
    return path if _PLAIN_PATH.fullmatch(path) else iri_to_uri(path)


def _referring_path() -> str:
    """Return the path of the page of ours that the browser comes from; empty for any other."""
    try:
        referrer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    if not _is_own(f"{referrer.scheme}://{referrer.netloc}"):
        return ""
    return f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path


def absolute_url(path: str) -> str:
    """Return the absolute address of a path of this site, from BASE_URL and never from ``Host``."""
    return settings().base_url + path


def check() -> None:
    """Check a request before its view: where it comes from, its method and its form."""
    asked = itself.request()
    require_exact_method(asked)
    require_same_origin(asked)
    read_plain_form(asked)


@keeps("P13.1")
def require_same_origin(asked: Request) -> None:
    """Refuse a POST that another site makes a visitor's browser send.

    Public pages have no session to bind a token to; see ``docs/decisions/0004-cross-site.md``.
    """
    if asked.method in ("GET", "HEAD", "OPTIONS"):
        return
    origin = asked.environ.get("HTTP_ORIGIN")
    site = asked.environ.get("HTTP_SEC_FETCH_SITE", "none")
    if site not in ("same-origin", "none") or (origin is not None and not _is_own(origin)):
        raise Forbidden("cross-site")


def _is_own(origin: str) -> bool:
    here = settings()
    # Compared as text: what is no plain origin is not ours, whatever a parser would make of it.
    return origin == here.base_url or (
        here.is_demo and origin in {f"http://{host}" for host in here.trusted_hosts}
    )


def require_exact_method(asked: Request) -> None:
    """Refuse ``get`` and ``post``: methods are case-sensitive (RFC 9110, 9.1), and a proxy reads them so."""
    if asked.environ["REQUEST_METHOD"] != asked.method:
        abort(501)


def read_plain_form(asked: Request) -> None:
    """Refuse a POST whose body is not a plain HTML form in valid UTF-8, but for pages that take files."""
    if asked.method != "POST":
        return
    # As browsers write it; to read it in every way that it may be written takes longer than to read the form.
    if asked.environ.get("CONTENT_TYPE") != _FORM and asked.mimetype != _FORM:
        if asked.mimetype == "multipart/form-data" and g.get("takes_files"):
            return
        abort(415)
    body = asked.get_data()
    # A body without its length is cut off at the limit instead of refused, and half of it would pass.
    if len(body) >= (asked.max_content_length or 0) and asked.content_length is None:
        abort(413)
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=asked.max_form_parts
        )
    except UnicodeDecodeError:
        abort(400)
    except ValueError:
        abort(413)
    # Werkzeug would read it as this does, and more slowly as it knows other kinds.
    asked.form, asked.files = ImmutableMultiDict(fields), _NO_FILES


class NoSession(SessionInterface):
    """Visitors have no session: no cookie is read or written for one, and to put something in is an error."""

    def open_session(self, app: Flask, _request: Request) -> SessionMixin:
        """Return what holds nothing."""
        return self.make_null_session(app)


def _unchanged(func: Callable[..., Any]) -> Callable[..., Any]:
    return func


def init_app(app: Flask) -> None:
    """Check every request before its view, and add the headers of every answer."""
    htmx.init_app(app)
    app.request_class, app.response_class = itself.Asked, itself.Said
    # All our functions are plain ones: Flask would look at each of them anew at each call.
    app.ensure_sync = _unchanged  # type: ignore[method-assign]
    app.session_interface = NoSession()
    here = app.extensions["flexsmt_settings"]
    app.wsgi_app = headers.added(app.wsgi_app, here)  # type: ignore[assignment,method-assign]
    hops = here.trusted_proxies
    # With no trusted hop the header is not read at all: a forged one changes nothing.
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0, x_port=0, x_prefix=0)  # type: ignore[method-assign]
    app.before_request(check)
    app.jinja_env.globals.update(absolute_url=absolute_url)

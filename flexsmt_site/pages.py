"""Pages that exist in both languages: their addresses, and the language of the request."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from babel.dates import format_date, format_datetime
from flask import Blueprint, Flask, Response, g, has_request_context, request, url_for
from werkzeug.routing import RequestRedirect

from flexsmt_site import web
from flexsmt_site.config import LANGUAGES, settings

#: How each language calls itself.
NAMES = {"en": "English", "ru": "Русский"}
PREFIX = f"/<any({', '.join(LANGUAGES)}):lang>"

#: CLDR's plain "en" writes dates as in America.
_FORMATS = {"en": "en_GB", "ru": "ru"}

_listed: list[str] = []


def blueprint(name: str, module: str) -> Blueprint:
    """Return a blueprint whose pages stand under ``/en`` and ``/ru``; its views take no language."""
    made = Blueprint(name, module, url_prefix=PREFIX)
    made.url_value_preprocessor(_take_language)
    made.url_defaults(_give_language)
    return made


def declare(endpoint: str) -> None:
    """List a page in the sitemap and give it links to its other language."""
    if endpoint not in _listed:
        _listed.append(endpoint)


def listed() -> tuple[str, ...]:
    """Return the endpoints of every listed page."""
    return tuple(_listed)


def language() -> str:
    """Return the language of the current request; English where nothing has decided yet."""
    return str(g.get("lang", LANGUAGES[0]))


def page_url(lang: str) -> str:
    """Return the path of the page at hand in ``lang``; the home page where it has none."""
    endpoint = request.endpoint if has_request_context() else None
    if endpoint is None or "lang" not in (request.url_rule.arguments if request.url_rule else ()):
        return url_for("home.page", lang=lang)
    path = url_for(endpoint, **{**(request.view_args or {}), "lang": lang})
    # Built apart: a query may hold names that ``url_for`` would take for its own.
    query = urlencode(list(request.args.items(multi=True))) if request.method == "GET" else ""
    return f"{path}?{query}" if query else path


def alternates(endpoint: str | None) -> list[tuple[str, str]]:
    """Return hreflang and absolute address of each version of a listed page, ``x-default`` last."""
    if endpoint not in _listed:
        return []
    base = settings().base_url
    paths = {code: url_for(endpoint, lang=code) for code in LANGUAGES}
    rest = paths["en"].removeprefix("/en")
    return [*((code, base + path) for code, path in paths.items()), ("x-default", base + rest)]


def init_app(app: Flask) -> None:
    """Give every template the language and the addresses of the page at hand."""
    app.jinja_env.globals.update(
        page_url=page_url, page_alternates=alternates, languages=tuple(NAMES.items()), lang_names=NAMES
    )
    app.jinja_env.filters.update(longdate=_longdate, moment=_moment)
    app.context_processor(_context)
    app.before_request(_add_slash)
    app.after_request(_say_language)


def _add_slash() -> Response | None:
    """Send ``/en`` on to ``/en/`` by its path alone: the router would take the host from the request."""
    moved = request.routing_exception
    if not isinstance(moved, RequestRedirect):
        return None
    target = urlsplit(moved.new_url)
    response = Response(status=moved.code)
    response.headers["Location"] = target.path + (f"?{target.query}" if target.query else "")
    return web.cached(response, web.Cache.NO_STORE)


def _longdate(day: date) -> str:
    """Write a day out in the language of the page."""
    return format_date(day, "long", locale=_FORMATS[language()])


def _moment(moment: datetime) -> str:
    """Write a moment out in the language of the page, in UTC."""
    return format_datetime(moment, "d MMMM y, HH:mm 'UTC'", locale=_FORMATS[language()])


def _context() -> dict[str, Any]:
    endpoint = request.endpoint if has_request_context() else None
    return {"lang": language(), "alternates": alternates(endpoint)}


def _say_language(response: Response) -> Response:
    """Name the language of a page to caches and search engines."""
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", language())
    return response


def _take_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values is not None and "lang" in values:
        g.lang = values.pop("lang")


def _give_language(_endpoint: str, values: dict[str, Any]) -> None:
    values.setdefault("lang", language())

"""Pages that exist in both languages: their addresses, and the language of the request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from babel.dates import format_date, format_datetime
from flask import Blueprint, Flask, Response, current_app, g, has_request_context, url_for
from flask_babel import force_locale, refresh
from werkzeug.routing import RequestRedirect
from werkzeug.urls import iri_to_uri

from flexsmt_site import itself, web
from flexsmt_site.config import LANGUAGES, settings

#: How each language calls itself.
NAMES = {"en": "English", "ru": "Русский"}
PREFIX = f"/<any({', '.join(LANGUAGES)}):lang>"

#: CLDR's plain "en" writes dates as in America.
_FORMATS = {"en": "en_GB", "ru": "ru"}

_BUILT = "flexsmt_built_addresses"
_CHOOSE = "flexsmt_choose_language"
_EDITION = "flexsmt_edition"

_listed: list[str] = []


def blueprint(name: str, module: str, prefix: str = "") -> Blueprint:
    """Return a blueprint whose pages stand under ``/en`` and ``/ru``; its views take no language.

    With ``prefix`` they stand under ``<prefix>/en`` and ``<prefix>/ru``.
    """
    made = Blueprint(name, module, url_prefix=prefix + PREFIX)
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


def chosen_by(app: Flask, choose: Callable[[], str]) -> None:
    """Let ``choose`` tell the language of a request to ``app`` whose page is not one of both languages."""
    app.extensions[_CHOOSE] = choose


def language() -> str:
    """Return the language of the current request, chosen when it is first asked for; English in a command."""
    kept = itself.kept()
    found: str | None = kept.get("lang")
    if found is None:
        found = LANGUAGES[0]
        if has_request_context():
            # Before it is chosen: should that fail, the page that says so has a language.
            kept.lang = found
            found = kept.lang = itself.app().extensions[_CHOOSE]()
    return found


def edited_by(app: Flask, edition: Callable[[], str]) -> None:
    """Let ``edition`` tell which words the pages of ``app`` are made of."""
    app.extensions[_EDITION] = edition


def edition() -> str:
    """Return the name of the words at hand: what is kept of them has to be kept by it."""
    named: Callable[[], str] = itself.app().extensions[_EDITION]
    return named()


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Use ``lang`` for texts and addresses inside the block, whoever asked for the page."""
    before = g.get("lang")
    with force_locale(lang):
        g.lang = lang
        try:
            yield
        finally:
            if before is None:
                g.pop("lang", None)
            else:
                g.lang = before


def speak_as(path: str) -> None:
    """Answer in the language of a page, given by its path; one that names none changes nothing."""
    # Receipts stand under /consent/en, all other pages under /en.
    named = next((part for part in path.split("/")[1:3] if part in LANGUAGES), None)
    if named:
        kept = itself.kept()
        if "lang" in kept:
            # Flask-Babel knows the language that was chosen before.
            refresh()
        kept.lang = named


def url(endpoint: str, lang: str) -> str:
    """Return the path of a page that needs no values; built once for each language."""
    built: dict[tuple[str, str], str] = itself.app().extensions[_BUILT]
    key = (endpoint, lang)
    if key not in built:
        # The language counts for pages of both languages alone: others would take it as a query.
        takes = current_app.url_map.is_endpoint_expecting(endpoint, "lang")
        built[key] = url_for(endpoint, lang=lang) if takes else url_for(endpoint)
    return built[key]


def page_url(lang: str) -> str:
    """Return the path of the page at hand in ``lang``; the home page where it has none."""
    asked = itself.request() if has_request_context() else None
    if asked is None or asked.url_rule is None or "lang" not in asked.url_rule.arguments:
        return url("home.page", lang)
    endpoint, values = asked.url_rule.endpoint, asked.view_args
    path = url_for(endpoint, **{**values, "lang": lang}) if values else url(endpoint, lang)
    if not asked.query_string:
        return path
    # Built apart: a query may hold names that ``url_for`` would take for its own.
    query = urlencode(list(asked.args.items(multi=True))) if asked.method == "GET" else ""
    return f"{path}?{query}" if query else path


def alternates(endpoint: str | None) -> list[tuple[str, str]]:
    """Return hreflang and absolute address of each version of a listed page, ``x-default`` last."""
    if endpoint not in _listed:
        return []
    base = settings().base_url
    paths = {code: url(endpoint, code) for code in LANGUAGES}
    rest = paths["en"].removeprefix("/en")
    return [*((code, base + path) for code, path in paths.items()), ("x-default", base + rest)]


def init_app(app: Flask) -> None:
    """Give every template the language and the addresses of the page at hand."""
    app.jinja_env.globals.update(
        url_for=_url_for,
        page_url=page_url,
        page_alternates=alternates,
        languages=tuple(NAMES.items()),
        lang_names=NAMES,
    )
    app.jinja_env.filters.update(longdate=longdate, moment=moment)
    app.context_processor(_context)
    app.extensions[_BUILT] = {}
    app.before_request(_mend_slashes)
    app.after_request(_say_language)


def _url_for(endpoint: str, **values: Any) -> str:  # noqa: ANN401 (as Flask's own)
    """Return the address that a template asks for."""
    return url_for(endpoint, **values) if values else url(endpoint, language())


def _mend_slashes() -> Response | None:
    """Send ``/en`` and ``//en/`` on to ``/en/`` by path alone: the router would take the request's host."""
    asked = itself.request()
    moved = asked.routing_exception
    if asked.environ["PATH_INFO"].startswith("//"):
        # Here one slash is left already; a backslash behind it, unquoted, would lead to another site.
        path, query = quote(asked.path), asked.query_string.decode("ascii", "replace")
    elif isinstance(moved, RequestRedirect):
        target = urlsplit(moved.new_url)
        path, query = target.path, target.query
    else:
        return None
    response = Response(status=308)
    response.headers["Location"] = iri_to_uri(f"{path}?{query}" if query else path)
    return web.cached(response, web.Cache.NO_STORE)


def longdate(day: date) -> str:
    """Write a day out in the language of the page."""
    return _written_out(day, _FORMATS[language()])


@lru_cache(maxsize=256)
def _written_out(day: date, locale: str) -> str:
    # To write a day takes longer than the rest of a table's row.
    return format_date(day, "long", locale=locale)


def moment(when: datetime) -> str:
    """Write a moment out in the language of the page, in UTC."""
    return format_datetime(when, "d MMMM y, HH:mm 'UTC'", locale=_FORMATS[language()])


def _context() -> dict[str, Any]:
    endpoint = itself.request().endpoint if has_request_context() else None
    return {"lang": language(), "alternates": alternates(endpoint)}


def _say_language(response: Response) -> Response:
    """Name the language of a page to caches and search engines."""
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = language()
    return response


def _take_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values is not None and "lang" in values:
        itself.kept().lang = values.pop("lang")


def _give_language(_endpoint: str, values: dict[str, Any]) -> None:
    values.setdefault("lang", language())

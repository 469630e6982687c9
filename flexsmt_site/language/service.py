"""The language of a request, and the same page in the other one."""

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit

from flask import Flask, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from flexsmt_site import clock, health, pages, web
from flexsmt_site.config import SettingError, Settings, settings
from flexsmt_site.language import geo, rules
from flexsmt_site.language.privacy import COOKIE
from flexsmt_site.language.rules import Language
from flexsmt_site.ledger import keeps

_TABLE = "flexsmt_language_table"
#: What may stand bare in a path or query (RFC 3986), so that an address comes back as it was sent.
_BARE = "/:@!$&'()*+,;=~%?"


def init_app(app: Flask) -> None:
    """Open the table once, and choose the language where a page does not say it."""
    app.extensions[_TABLE] = _open(app.extensions["flexsmt_settings"])
    pages.chosen_by(app, _chosen)


def current() -> Language:
    """Return the language in use; English in a command that has not chosen one."""
    return cast("Language", pages.language())


@keeps("P4.5")
def for_request() -> Language:
    """Choose the language of a request whose path names none."""
    table: geo.Table | None = current_app.extensions[_TABLE]
    return rules.choose(
        request.cookies.get(COOKIE),
        address_says_russian=table.says_russian(web.client_address()) if table else None,
        accept_language=request.headers.get("Accept-Language"),
        order=settings().language_order,
    )


def localised(path: str, language: str, query: str = "") -> str | None:
    """Return the address of an unprefixed path in ``language``; None for a page that is not there."""
    if _match(f"/{language}{path}") is None:
        return None
    return _address(quote(f"/{language}{path}", safe=_BARE.replace("?", "").replace("%", "")), query)


def other_version(path: str, language: str) -> str:
    """Return the page at ``path`` (with its query) in ``language``; home where it has none.

    The path may come from a stranger: what leads off the site leads home.
    """
    home = f"/{language}/"
    parts = urlsplit(web.own_path(path, home))
    plain = unquote(parts.path)
    matched = _match(plain)
    if matched is not None:
        endpoint, values = matched
        return _address(_adapter().build(endpoint, {**values, "lang": language}), parts.query)
    named = rules.language_of(parts.path)
    swapped = f"/{language}{parts.path.removeprefix(f'/{named}')}" if named else home
    return _address(quote(web.own_path(swapped, home), safe=_BARE), parts.query if named else "")


def takes_form(path: str) -> bool:
    """Tell whether a page of both languages takes a form at ``path``."""
    return _match(unquote(urlsplit(path).path), method="POST") is not None


def _match(path: str, method: str = "GET") -> tuple[str, dict[str, Any]] | None:
    """Find the page of both languages that answers at a path."""
    try:
        endpoint, values = _adapter().match(path, method=method)
    except HTTPException:
        return None
    return (endpoint, dict(values)) if "lang" in values else None


def _adapter() -> MapAdapter:
    return cast("MapAdapter", current_app.create_url_adapter(request))


def _address(path: str, query: str) -> str:
    return f"{path}?{quote(query, safe=_BARE)}" if query else path


def _chosen() -> Language:
    # Error pages have a language too.
    return rules.language_of(request.path) or for_request()


def _open(configured: Settings) -> geo.Table | None:
    """Open the table; without one the browser decides. Raises ``SettingError`` on a broken one."""
    path = configured.geo_database or geo.SHIPPED
    if not path.exists():
        return None
    try:
        return geo.Table(path)
    except geo.BrokenTable as error:
        raise SettingError(
            "GEO_DATABASE", str(path), f"a table of networks in .mmdb form ({error.__cause__})"
        ) from error


def table_findings(configured: Settings) -> Iterator[health.Finding]:
    """Say whether the table of networks can be read and how old it is."""
    path = configured.geo_database or geo.SHIPPED
    mend = "run 'flexsmt language build' or set FLEXSMT_GEO_DATABASE to a country .mmdb"
    try:
        with geo.Table(path) as table:
            about = table.about()
    except geo.BrokenTable as error:
        yield health.Finding("error", f"{error}; the language follows the browser alone", mend)
        return
    level: health.Level = "warning" if about.is_stale(clock.now()) else "ok"
    yield health.Finding(
        level, f"the table of networks is of {about.made:%Y-%m-%d}", mend if level == "warning" else ""
    )

"""The way into a language: redirects of paths that name none, and the switcher."""

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, UnprocessableEntity

from flexsmt_site import cookies, itself, web
from flexsmt_site.language import rules, service
from flexsmt_site.language.privacy import COOKIE

bp = Blueprint("language", __name__)


@bp.get("/")
def root() -> ResponseReturnValue:
    """Send a visitor to the home page in the language chosen for the request."""
    return _onward(service.localised("/", service.current(), _query()) or f"/{service.current()}/")


@bp.before_app_request
def find_language() -> ResponseReturnValue | None:
    """Send a visitor on from a path without its language, if the page is there."""
    asked = itself.request()
    lost = isinstance(asked.routing_exception, NotFound) and asked.method in ("GET", "HEAD")
    if not lost or rules.language_of(asked.path):
        return None
    address = service.localised(asked.path, service.current(), _query())
    return _onward(address) if address else None


@bp.post("/language")
def switch() -> ResponseReturnValue:
    """Remember the language and show the same page in it.

    With ``form_token`` a form is half filled in: the browser sends what was typed along.
    """
    wanted = request.form.get("language", "")
    if not rules.is_language(wanted):
        raise UnprocessableEntity
    address = service.other_version(request.form.get("next", ""), wanted)
    if "form_token" in request.form and service.takes_form(address):
        # 307 keeps method and body: the page in the other language gets what was typed.
        response = web.cached(_redirect(address, 307), web.Cache.NO_STORE)
    else:
        response = web.see_other(address)
    cookies.put(response, COOKIE, wanted)
    return response


def _query() -> str:
    return request.query_string.decode("latin-1")


def _onward(address: str) -> Response:
    """Answer 302, never 301: the choice is this visitor's and only for now."""
    response = _redirect(address, 302)
    response.headers["Cache-Control"] = web.Cache.NO_STORE.value
    response.vary.update(("Accept-Language", "Cookie"))
    return response


def _redirect(address: str, status: int) -> Response:
    return redirect(address, status, Response)  # type: ignore[return-value]

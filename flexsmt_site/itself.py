"""The app and the request at hand themselves.

Flask's stand-ins for them (``current_app``, ``g``, ``request``) look for them again at each attribute, which
costs several times what is read: this is for what every page asks many times.
"""

from collections.abc import Callable
from typing import cast

from flask import Flask
from flask.ctx import AppContext, RequestContext, _AppCtxGlobals
from flask.globals import app_ctx, request_ctx
from htmx_flask.requests import HtmxAwareRequest

# What its documentation calls to get behind a stand-in.
_here = cast("Callable[[], AppContext]", app_ctx._get_current_object)  # type: ignore[attr-defined]  # noqa: SLF001
_asking = cast("Callable[[], RequestContext]", request_ctx._get_current_object)  # type: ignore[attr-defined]  # noqa: SLF001


def app() -> Flask:
    """Return the app at hand."""
    return _here().app


def kept() -> _AppCtxGlobals:
    """Return what is kept for as long as the request lasts, or the command."""
    return _here().g


def request() -> HtmxAwareRequest:
    """Return the request at hand."""
    return cast("HtmxAwareRequest", _asking().request)

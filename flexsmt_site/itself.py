"""The app, the request and the answer at hand themselves.

Flask's stand-ins for them (``current_app``, ``g``, ``request``) look for them again at each attribute, which
costs several times what is read: this is for what every page asks many times.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from flask import Flask, Response
from flask.ctx import AppContext, RequestContext, _AppCtxGlobals
from flask.globals import app_ctx, request_ctx
from htmx_flask.requests import HtmxAwareRequest
from werkzeug.datastructures import Headers, ImmutableMultiDict
from werkzeug.sansio.http import parse_cookie
from werkzeug.utils import cached_property

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: What a form may bring: several times the longest that somebody may type.
_MOST_BYTES = 64 * 1024
#: No form of ours has a quarter of this many; each field costs time before anything looks at it.
_MOST_FIELDS = 100
#: With a page of its own, all of which is sent.
_WHOLE = {200, 422}
#: What Werkzeug writes in another way.
_MENDED = {"location", "content-location"}

# What its documentation calls to get behind a stand-in.
_here = cast("Callable[[], AppContext]", app_ctx._get_current_object)  # type: ignore[attr-defined]  # noqa: SLF001
_asking = cast("Callable[[], RequestContext]", request_ctx._get_current_object)  # type: ignore[attr-defined]  # noqa: SLF001


class Asked(HtmxAwareRequest):
    """A request, which knows how much it may bring; Flask would look that up at each turn."""

    max_content_length = _MOST_BYTES
    max_form_memory_size = _MOST_BYTES
    max_form_parts = _MOST_FIELDS

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """What the visitor's device holds for us; Werkzeug would look through every header for it."""
        read = parse_cookie(self.environ.get("HTTP_COOKIE"), cls=ImmutableMultiDict)
        return cast("ImmutableMultiDict[str, str]", read)


class Said(Response):
    """An answer; Werkzeug would copy and check all its headers once more."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """Return the headers as they go out: as they are, where there is nothing to mend."""
        names = {name.lower() for name, _ in self.headers}
        is_ready = self.status_code in _WHOLE and "content-length" in names and _MENDED.isdisjoint(names)
        return self.headers if is_ready else super().get_wsgi_headers(environ)


def app() -> Flask:
    """Return the app at hand."""
    return _here().app


def kept() -> _AppCtxGlobals:
    """Return what is kept for as long as the request lasts, or the command."""
    return _here().g


def request() -> HtmxAwareRequest:
    """Return the request at hand."""
    return cast("HtmxAwareRequest", _asking().request)

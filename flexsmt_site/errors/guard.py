"""Requests for another host are refused in front of everything: nothing they say is used or repeated."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from flexsmt_site import headers, web
from flexsmt_site.config import Settings
from flexsmt_site.language import rules

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Load balancers ask by address, so this path answers under any name.
_EXEMPT = {("GET", "/healthz"), ("HEAD", "/healthz")}


class HostGuard:
    """Pass requests for the trusted hosts on; answer all others with 400."""

    def __init__(self, app: "WSGIApplication", settings: Settings, refusals: Mapping[str, bytes]) -> None:
        """Take whose hosts are ours, and the finished page for each language."""
        self.app = app
        self.hosts = settings.trusted_hosts
        self.headers = headers.always(settings)
        self.refusals = refusals

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        asked = environ["REQUEST_METHOD"], environ.get("PATH_INFO")
        if environ.get("HTTP_HOST", "").lower() in self.hosts or asked in _EXEMPT:
            return self.app(environ, start_response)
        lang = rules.language_of(environ.get("PATH_INFO", "")) or rules.DEFAULT
        body = self.refusals[lang]
        sent = {
            **self.headers,
            "Content-Language": lang,
            "X-Robots-Tag": "noindex",
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": web.Cache.NO_STORE.value,
        }
        start_response("400 Bad Request", list(sent.items()))
        return [body]

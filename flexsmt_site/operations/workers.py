"""The web server, whose workers are forked from what has loaded the site and share what none changes."""

import gc
import sys
from contextlib import suppress
from contextvars import Context

from flask import Flask
from granian.cli import entrypoint

from flexsmt_site import pages
from flexsmt_site.config import LANGUAGES, Settings
from flexsmt_site.extensions import db


def flags(settings: Settings) -> list[str]:
    """Return what granian is told."""
    return [
        *("--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", settings.host, "--port", str(settings.port), "--workers", str(settings.workers)),
        *("--blocking-threads", "4", "--workers-kill-timeout", "5", "--respawn-failed-workers"),
        *("--log-level", "warning"),
    ]


def ready(app: Flask) -> None:
    """Load what pages need, and leave nothing behind that processes must not have in common."""
    # As visitors ask: in no context of a command, whose memory the pages would have in common.
    Context().run(_look_at_pages, app)
    with app.app_context():
        db.engine.dispose()
    gc.unfreeze()
    gc.collect()
    # The collector writes into what it looks through, and what a process has written to is its own.
    gc.freeze()


def serve(settings: Settings) -> None:
    """Serve the site until the process is asked to end."""
    sys.argv = ["granian", *flags(settings), "wsgi:app"]
    entrypoint()  # type: ignore[no-untyped-call]


def _look_at_pages(app: Flask) -> None:
    """Ask for each public page, whatever it answers: what is out of order the workers will say."""
    base_url = app.extensions["flexsmt_settings"].base_url
    visitor = app.test_client(use_cookies=False)
    for lang in LANGUAGES:
        with app.test_request_context(base_url=base_url):
            addresses = [pages.url(endpoint, lang) for endpoint in pages.listed()]
        for address in addresses:
            with suppress(Exception):
                visitor.get(address, base_url=base_url)

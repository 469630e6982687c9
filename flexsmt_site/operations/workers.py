"""The web server, with the site loaded before its workers are forked: what none of them changes they share.

Its arguments are granian's own. Where processes are not forked, a worker loads the site by itself.
"""

import gc
import sys
from contextlib import suppress
from importlib import import_module

from flask import Flask
from granian.cli import entrypoint

from flexsmt_site import pages
from flexsmt_site.config import LANGUAGES, ROOT
from flexsmt_site.extensions import db


def main() -> None:
    """Load the site and serve it."""
    sys.path.insert(0, str(ROOT))
    ready(import_module("wsgi").app)
    entrypoint()  # type: ignore[no-untyped-call]


def ready(app: Flask) -> None:
    """Load what pages need, and leave nothing behind that processes must not have in common."""
    _look_at_pages(app)
    with app.app_context():
        db.engine.dispose()
    gc.unfreeze()
    gc.collect()
    # The collector writes into what it looks through, and what a process has written to is its own.
    gc.freeze()


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


if __name__ == "__main__":
    main()

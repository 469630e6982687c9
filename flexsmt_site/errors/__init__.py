"""Error pages: what happened, to what, and the way on, in the visitor's language."""

from flask import Flask

from flexsmt_site import again
from flexsmt_site.config import LANGUAGES
from flexsmt_site.errors import guard, views


def init_app(app: Flask) -> None:
    """Answer every error with a page, and foreign hosts before anything else."""
    views.init_app(app)
    again.declare(app, "HTTP_HOST")
    settings = app.extensions["flexsmt_settings"]
    refusals = {lang: views.plain(app, 400, lang, views.FOREIGN) for lang in LANGUAGES}
    app.wsgi_app = guard.HostGuard(app.wsgi_app, settings, refusals)  # type: ignore[method-assign]

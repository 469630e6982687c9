"""What operators need: the site served and supervised, its state, and what is still to be done."""

from flask import Flask

from flexsmt_site import health
from flexsmt_site.operations import checks, commands, views


def init_app(app: Flask) -> None:
    """Add ``/healthz``, ``/readyz``, ``flexsmt serve`` and ``flexsmt doctor``."""
    for check in checks.ALL:
        health.declare(check)
    app.register_blueprint(views.bp)
    app.register_blueprint(commands.bp)

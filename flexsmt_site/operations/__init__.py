"""What operators need: the site served and supervised, its state, and what is still to be done."""

from flask import Flask

from flexsmt_site import health
from flexsmt_site.commands import declare_commands
from flexsmt_site.operations import checks, views


def init_app(app: Flask) -> None:
    """Add ``/healthz``, ``/readyz`` and what doctor asks of the whole."""
    declare_commands(app, __name__, "serve", "doctor")
    for check in checks.ALL:
        health.declare(check)
    app.register_blueprint(views.bp)

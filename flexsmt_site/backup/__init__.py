"""Copies of the site while it serves, kept for 30 days, and the way back from one of them."""

from flask import Flask

from flexsmt_site import health
from flexsmt_site.backup import checks, commands


def init_app(app: Flask) -> None:
    """Add ``flexsmt backup`` and ``flexsmt restore``, and let doctor ask for a recent copy."""
    health.declare(checks.recent)
    app.register_blueprint(commands.bp)

"""What a visitor's device keeps for us, and where the visitor decides about it."""

from flask import Flask

from flexsmt_site import pages
from flexsmt_site.consent.views import bp


def init_app(app: Flask) -> None:
    """Add the settings page."""
    pages.declare("consent.settings")
    app.register_blueprint(bp)

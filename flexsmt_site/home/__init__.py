"""The front door: the home page, and the files that crawlers and browsers expect."""

from flask import Flask

from flexsmt_site import pages
from flexsmt_site.home import views


def init_app(app: Flask) -> None:
    """Add the home page and the well-known files."""
    pages.declare("home.page")
    app.register_blueprint(views.bp)
    app.register_blueprint(views.files)

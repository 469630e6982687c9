"""The ledger for visitors: every promise, what keeps it, and whether this version has been proven to."""

from flask import Flask

from flexsmt_site import pages, proof
from flexsmt_site.promises import views


def init_app(app: Flask) -> None:
    """Add the page and its JSON twin."""
    pages.declare("promises.page")
    # Of the files as they are at start: those that are replaced later do not run.
    proof.code_sum()
    app.register_blueprint(views.bp)
    app.register_blueprint(views.machine)

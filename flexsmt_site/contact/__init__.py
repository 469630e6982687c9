"""The contact form: an enquiry is stored and its notices queued in one transaction, then it is "received"."""

from flask import Flask

from flexsmt_site import pages
from flexsmt_site.contact import notice, privacy, views


def init_app(app: Flask) -> None:
    """Add the form and its received page, and the notice that sales staff get."""
    privacy.declare()
    notice.declare()
    pages.declare("contact.form")
    app.register_blueprint(views.bp)

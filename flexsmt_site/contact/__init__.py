"""The contact form: an enquiry is stored and its notices queued in one transaction, then it is "received".

What looks suspicious is held for a look instead of being mailed; nothing is thrown away.
"""

from flask import Flask

from flexsmt_site import pages
from flexsmt_site.commands import declare_commands
from flexsmt_site.contact import (
    checks,
    digest,
    network,
    notice,
    privacy,
    samples,
    views,
    waiting,
    words,
)


def init_app(app: Flask) -> None:
    """Add the form, its received page, and the mails that sales staff get."""
    words.declare()
    privacy.declare()
    declare_commands(app, __name__, "enquiries")
    notice.declare()
    digest.declare()
    waiting.declare()
    samples.declare(app)
    network.declare()
    checks.declare()
    pages.declare("contact.form")
    app.register_blueprint(views.bp)

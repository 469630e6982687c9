"""What a visitor's device keeps for us, and where the visitor decides about it.

Nothing optional is set before a choice; a choice can be proven without knowing who made it.
"""

from flask import Flask

from flexsmt_site import cookies, pagecache, pages
from flexsmt_site.commands import declare_commands
from flexsmt_site.consent import privacy, service, views


def init_app(app: Flask) -> None:
    """Add the banner's answer, the settings page and the receipt."""
    privacy.declare()
    declare_commands(app, __name__, "consent")
    pages.declare("consent.settings")
    cookies.decide_by(app, service.is_granted)
    pagecache.declare(app, service.variant_in(app), "HTTP_COOKIE", "HTTP_SEC_GPC")
    app.context_processor(service.context)
    app.register_blueprint(views.bp)
    app.register_blueprint(views.receipts)
    app.register_blueprint(views.decisions)

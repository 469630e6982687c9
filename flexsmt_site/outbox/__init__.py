"""Mails on their way out: stored with the business they tell of, and carried by relays until taken."""

from flask import Flask

from flexsmt_site.commands import declare_commands
from flexsmt_site.extensions import mail
from flexsmt_site.outbox import bounces, checks, privacy, views


def init_app(app: Flask) -> None:
    """Add what doctor asks, the look for bounces, and in demo the catcher's pages."""
    mail.init_app(app)
    declare_commands(app, __name__, "mail")
    privacy.declare()
    checks.declare()
    bounces.declare()
    if app.extensions["flexsmt_settings"].is_demo:
        app.register_blueprint(views.bp)

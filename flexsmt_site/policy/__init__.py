"""The privacy policy: clauses in both languages, with tables rendered from the registers of the code."""

from flask import Flask

from flexsmt_site import health, ledger, pages
from flexsmt_site.policy import processors, service, views


def init_app(app: Flask) -> None:
    """Add the policy page, and what the footer of every page says of it."""
    pages.declare("policy.page")
    processors.check(app.extensions["flexsmt_settings"])
    health.declare(processors.reviews)
    app.register_blueprint(views.bp)
    ledger.put_in_force(service.current_version())
    app.jinja_env.globals["current_version"] = service.current_version()
    app.extensions["flexsmt_policy_fragments"] = {}
    app.extensions["flexsmt_policy_marked"] = {}

"""Two languages: which one a visitor gets, and where the words of both come from.

Keeps the promise that an address is looked up in a local table and nothing about it is kept.
"""

from flask import Flask

from flexsmt_site import health
from flexsmt_site.commands import declare_commands
from flexsmt_site.language import (
    catalog,
    privacy,
    releases,
    service,
    sync,
    trial,
    views,
)


def init_app(app: Flask) -> None:
    """Bind the catalogues, settle each request's language, and add the switcher."""
    privacy.declare()
    declare_commands(app, __name__, "catalogs", "language")
    health.declare(service.table_findings)
    health.declare(catalog.findings)
    health.declare(releases.findings)
    health.declare(sync.findings)
    trial.init_app(app)
    service.init_app(app)
    catalog.init_app(app)
    app.register_blueprint(views.bp)

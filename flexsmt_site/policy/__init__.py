"""The privacy policy: clauses in both languages, with tables rendered from the registers of the code.

Visitors read the version that was published last and has taken effect; all of them are kept for ever.
"""

from flask import Flask

from flexsmt_site import health, pages
from flexsmt_site.commands import declare_commands
from flexsmt_site.language import releases, sync
from flexsmt_site.policy import book, checks, current, privacy, processors, rows, service, views


def init_app(app: Flask) -> None:
    """Add the policy with its versions, and what the footer of every page says of it."""
    here = app.extensions["flexsmt_settings"]
    privacy.declare()
    declare_commands(app, __name__, "policy")
    pages.declare("policy.page")
    pages.declare("policy.versions")
    processors.check(here)
    health.declare(processors.reviews)
    checks.declare()
    releases.also_fetch(service.fetch)
    sync.declare_versions(rows.last_published)
    current.init_app(app, here.data_dir / book.FILE)
    app.register_blueprint(views.bp)
    app.extensions["flexsmt_policy_fragments"] = {}
    app.extensions["flexsmt_policy_marked"] = {}

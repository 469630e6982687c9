"""Copies of the site while it serves, kept for 30 days, and the way back from one of them."""

from flask import Flask

from flexsmt_site import health
from flexsmt_site.backup import checks
from flexsmt_site.commands import declare_commands


def init_app(app: Flask) -> None:
    """Add the commands, and let doctor ask for a recent copy."""
    health.declare(checks.recent)
    declare_commands(app, __name__, "backup", "restore")

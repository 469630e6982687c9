"""Copies of the site while it serves, kept for 30 days, and the way back from one of them."""

from flask import Flask

from flexsmt_site import health
from flexsmt_site.backup import checks


def init_app(_app: Flask) -> None:
    """Let doctor ask for a recent copy."""
    health.declare(checks.recent)

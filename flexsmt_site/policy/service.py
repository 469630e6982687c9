"""The version of the policy that visitors read."""

import tomllib
from functools import cache
from pathlib import Path

from flexsmt_site.ledger import Version


@cache
def current_version() -> Version:
    """Return the version in ``version.toml``."""
    return Version(**tomllib.loads(Path(__file__).with_name("version.toml").read_text("utf-8")))

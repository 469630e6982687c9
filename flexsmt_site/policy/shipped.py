"""The version of the policy that this code ships: ``make check`` holds its text against it."""

import tomllib
from functools import cache
from pathlib import Path

from flexsmt_site.ledger import Version

FILE = Path(__file__).with_name("version.toml")


@cache
def version() -> Version:
    """Return the version in ``version.toml``."""
    return Version(**tomllib.loads(FILE.read_text("utf-8")))

"""Each command is found by its name, and brings nothing that others need."""

from importlib import import_module
from pathlib import Path

import click
import pytest
from flask import Blueprint, Flask

from flexsmt_site.config import ROOT
from tests.ground.test_cli import python

MODULES = sorted(path.parent.name for path in (ROOT / "flexsmt_site").glob("*/commands.py"))
#: Runs a command, and says what of that was loaded which only some commands need.
LOADED = """
import sys
from flexsmt_site import cli
sys.argv = ["flexsmt", *sys.argv[1:]]
try:
    cli.main()
finally:
    print(*sorted({"alembic", "psycopg", "aiosmtpd", "pyrage", "mmdb_writer"} & set(sys.modules)))
"""


def _names(feature: str) -> set[str]:
    """The names of the commands and groups that a feature holds."""
    held = vars(import_module(f"flexsmt_site.{feature}.commands")).values()
    groups = [one for one in held if isinstance(one, Blueprint) and one.cli.commands]
    return {name for one in groups for name in ([one.cli_group] if one.cli_group else one.cli.commands)}


def test_all_that_features_hold_is_listed_and_found(lone_app: Flask) -> None:
    context = click.Context(lone_app.cli)
    listed = lone_app.cli.list_commands(context)

    assert set(listed) == {"db"}.union(*map(_names, MODULES))
    assert all(lone_app.cli.get_command(context, name) for name in listed)
    assert lone_app.cli.get_command(context, "nonsense") is None


@pytest.mark.parametrize(
    ("command", "loaded"),
    [("mail status", ""), ("doctor", ""), ("catalogs releases", "mmdb_writer"), ("db current", "alembic")],
)
def test_a_command_brings_what_it_needs_alone(
    tmp_path: Path, sqlite_template: Path, command: str, loaded: str
) -> None:
    (tmp_path / "site.db").write_bytes(sqlite_template.read_bytes())
    ended = python(tmp_path, "-c", LOADED, *command.split())

    assert ended.stdout.splitlines()[-1] == loaded, ended.stderr

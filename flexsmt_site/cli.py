"""The ``flexsmt`` command, with the site loaded."""

import os
import sys
from importlib import import_module

import click
from flask.cli import ScriptInfo

from flexsmt_site.config import ROOT
from flexsmt_site.environment import SettingError


def main() -> None:
    """Run a command; a bad setting is one line and exit status 1."""
    # What the site writes holds personal data: nobody outside its group may read it.
    os.umask(0o027)
    sys.path.insert(0, str(ROOT))
    try:
        app = import_module("wsgi").app
    except SettingError as error:
        click.echo(f"flexsmt: {error}", err=True)
        sys.exit(1)
    app.cli.main(prog_name="flexsmt", obj=ScriptInfo(create_app=lambda: app, load_dotenv_defaults=False))


if __name__ == "__main__":
    main()

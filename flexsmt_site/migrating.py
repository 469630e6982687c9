"""Migrations of the database: apart from it, because Alembic is large and no page needs it."""

import click
import flask_migrate
from flask import Flask, current_app
from flask_migrate import cli

from flexsmt_site.extensions import db


def commands(app: Flask) -> click.Command:
    """Return Flask-Migrate's own commands, for the app's database."""
    bind(app)
    found: click.Command = cli.db
    return found


def bind(app: Flask) -> None:
    """Let Flask-Migrate work on the app's database."""
    if "migrate" not in app.extensions:
        folder = f"{app.root_path}/migrations"
        flask_migrate.Migrate(app, db, directory=folder, render_as_batch=True)


def upgrade() -> None:
    """Bring the database of the current app to this version."""
    bind(current_app)
    flask_migrate.upgrade()


def downgrade(revision: str) -> None:
    """Take the database of the current app back to a revision."""
    bind(current_app)
    flask_migrate.downgrade(revision=revision)

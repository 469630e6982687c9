"""Migrations of the database: apart from it, because Alembic is large and no page needs it."""

import flask_migrate
from flask import Flask, current_app

from flexsmt_site.extensions import db


def bind(app: Flask) -> None:
    """Let Flask-Migrate and its commands work on the app's database."""
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

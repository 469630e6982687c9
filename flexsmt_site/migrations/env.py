"""Alembic's environment: migrations run in one write transaction on the app's own engine."""

from alembic import context
from flask import current_app

from flexsmt_site import database

target = current_app.extensions["migrate"].db


def run() -> None:
    """Migrate the database of the current app."""
    engine = target.engine.execution_options(write=True)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target.metadata,
            render_as_batch=True,
            compare_type=True,
            include_name=database.is_modelled,
            user_module_prefix="",
        )
        with context.begin_transaction():
            context.run_migrations()


run()

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text

from flexsmt_site import database
from flexsmt_site.extensions import Model, db
from flexsmt_site.migrating import downgrade, upgrade
from flexsmt_site.operations import schema

#: As Alembic itself compares.
OPTIONS = {"compare_type": True, "include_name": database.is_modelled}


def test_the_migrations_make_the_tables_that_the_code_declares(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=OPTIONS)
        assert compare_metadata(context, Model.metadata) == []


def test_the_way_back_and_forth_leaves_the_same_tables(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="base")
        upgrade()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts=OPTIONS)
            assert compare_metadata(context, Model.metadata) == []


def test_a_number_is_never_given_twice_on_sqlite_whichever_way_it_came(lone_app: Flask) -> None:
    with lone_app.app_context():
        for _ in range(2):
            with db.engine.connect() as connection:
                rows = connection.execute(text("SELECT name, sql FROM sqlite_master")).all()
            made = {name: sql for name, sql in rows}  # noqa: C416 (rows are no pairs to the type checker)
            assert "AUTOINCREMENT" in made["outbox"]
            assert "AUTOINCREMENT" in made["enquiry"]
            downgrade(revision="0001")
            upgrade()


def test_revisions_are_told_from_the_names_of_their_files(lone_app: Flask) -> None:
    scripts = ScriptDirectory(f"{lone_app.root_path}/migrations")
    with lone_app.app_context():
        assert schema.known() == [script.revision for script in scripts.walk_revisions()]
        assert schema.newest() == scripts.get_current_head()

"""edits of words, what became of each, and who published what"""

import sqlalchemy as sa
from alembic import op

from flexsmt_site.database import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "translation_edit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("domain", sa.String(length=16), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("context", sa.Text(), nullable=True),
        sa.Column("msgid", sa.Text(), nullable=False),
        sa.Column("plural", sa.Text(), nullable=True),
        sa.Column("strings", sa.Text(), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("base_strings", sa.Text(), nullable=False),
        sa.Column("author", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("made", Instant(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("domain", "locale", "key", "parent", name="uq_translation_edit_parent"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "translation_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edit_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("author", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("taken", Instant(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["edit_id"], ["translation_edit.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_translation_step_edit_id", "translation_step", ["edit_id"])
    for column in (
        sa.Column("author", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False, server_default=""),
        sa.Column("reverts", sa.Integer(), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("base", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("edits", sa.Text(), nullable=False, server_default="[]"),
    ):
        op.add_column("catalogue_release", column)


def downgrade() -> None:
    for name in ("edits", "base", "version", "reverts", "note", "author"):
        op.drop_column("catalogue_release", name)
    op.drop_table("translation_step")
    op.drop_table("translation_edit")

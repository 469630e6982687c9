"""what editors are typing and have not saved"""

import sqlalchemy as sa
from alembic import op

from flexsmt_site.database import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "editor_typed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("domain", sa.String(length=16), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("strings", sa.Text(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("typed", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("member_id", "domain", "locale", "key", name="uq_editor_typed_text"),
    )
    op.create_index("ix_editor_typed_typed", "editor_typed", ["typed"])


def downgrade() -> None:
    op.drop_table("editor_typed")

"""versions of the policy"""

import sqlalchemy as sa
from alembic import op

from flexsmt_site.database import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_version",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published", Instant(), nullable=False),
        sa.Column("effective", Instant(), nullable=False),
        sa.Column("is_material", sa.Boolean(), nullable=False),
        sa.Column("note_en", sa.Text(), nullable=False),
        sa.Column("note_ru", sa.Text(), nullable=False),
        sa.Column("sum", sa.String(length=64), nullable=False),
        sa.Column("made_of", sa.String(length=64), nullable=False),
        sa.Column("html_en", sa.Text(), nullable=False),
        sa.Column("html_ru", sa.Text(), nullable=False),
        sa.Column("contents_en", sa.Text(), nullable=False),
        sa.Column("contents_ru", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def downgrade() -> None:
    op.drop_table("policy_version")

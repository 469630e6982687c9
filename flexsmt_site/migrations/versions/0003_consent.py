"""receipts of consent, and the screens that it was given on"""

import sqlalchemy as sa
from alembic import op

from flexsmt_site.database import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=22), nullable=False),
        sa.Column("decided", Instant(), nullable=False),
        sa.Column("choices", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=5), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("screen", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("gpc", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("consent_receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_receipt_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_consent_receipt_decided"), ["decided"], unique=False)
        batch_op.create_index(batch_op.f("ix_consent_receipt_screen"), ["screen"], unique=False)

    op.create_table(
        "consent_screen",
        sa.Column("digest", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=5), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("kept", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("consent_screen", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_screen_version"), ["version"], unique=False)


def downgrade() -> None:
    op.drop_table("consent_screen")
    op.drop_table("consent_receipt")

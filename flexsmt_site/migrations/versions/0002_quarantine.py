"""quarantine, counts of networks, alarms, and indexes for a long queue"""

import sqlalchemy as sa
from alembic import op

from flexsmt_site.database import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Alembic copies a table on SQLite and would forget that its numbers are never given twice.
_NUMBERED = {"sqlite_autoincrement": True}


def upgrade() -> None:
    op.create_table(
        "arrival",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("arrival", schema=None) as batch_op:
        batch_op.create_index("ix_arrival_network_at", ["network", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_arrival_at"), ["at"], unique=False)

    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("told", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )

    with op.batch_alter_table("enquiry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("text_digest", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("quarantined", Instant(), nullable=True))
        batch_op.add_column(sa.Column("released", Instant(), nullable=True))
        batch_op.add_column(sa.Column("told", Instant(), nullable=True))
        batch_op.create_index(batch_op.f("ix_enquiry_text_digest"), ["text_digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_enquiry_quarantined"), ["quarantined"], unique=False)

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told", Instant(), nullable=True))
        batch_op.create_index("ix_outbox_waiting", ["state", "not_before"], unique=False)
        batch_op.create_index("ix_outbox_expires", ["state", "expires"], unique=False)
        batch_op.create_index("ix_outbox_created", ["state", "created", "kind", "subject_key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outbox", table_kwargs=_NUMBERED) as batch_op:
        batch_op.drop_index("ix_outbox_created")
        batch_op.drop_index("ix_outbox_expires")
        batch_op.drop_index("ix_outbox_waiting")
        batch_op.drop_column("told")

    with op.batch_alter_table("enquiry", table_kwargs=_NUMBERED) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enquiry_quarantined"))
        batch_op.drop_index(batch_op.f("ix_enquiry_text_digest"))
        batch_op.drop_column("told")
        batch_op.drop_column("released")
        batch_op.drop_column("quarantined")
        batch_op.drop_column("text_digest")

    op.drop_table("alarm")
    with op.batch_alter_table("arrival", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_arrival_at"))
        batch_op.drop_index("ix_arrival_network_at")
    op.drop_table("arrival")

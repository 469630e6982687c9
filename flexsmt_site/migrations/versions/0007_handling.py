"""who answers an enquiry, how far it has come, and notes on it"""

import sqlalchemy as sa
from alembic import op

from flexsmt_site.database import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_HELD = sa.text("quarantined IS NOT NULL AND released IS NULL")
_OPEN = sa.text("quarantined IS NULL OR released IS NOT NULL")
_UNDELIVERED = sa.text("state NOT IN ('accepted', 'cancelled')")


def upgrade() -> None:
    with op.batch_alter_table("enquiry") as enquiry:
        enquiry.add_column(sa.Column("stage", sa.String(length=16), nullable=False, server_default="new"))
        enquiry.add_column(sa.Column("taken", Instant(), nullable=True))
        enquiry.add_column(sa.Column("taken_by", sa.Integer(), nullable=True))
        enquiry.add_column(sa.Column("answered", Instant(), nullable=True))
        enquiry.add_column(sa.Column("answered_by", sa.Integer(), nullable=True))
        enquiry.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.create_index(
        "ix_enquiry_stage", "enquiry", ["stage", "id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.drop_index("ix_enquiry_held", table_name="enquiry")
    op.create_index("ix_enquiry_held", "enquiry", ["id"], sqlite_where=_HELD, postgresql_where=_HELD)
    op.create_index(
        "ix_outbox_undelivered",
        "outbox",
        ["kind", "subject_key"],
        sqlite_where=_UNDELIVERED,
        postgresql_where=_UNDELIVERED,
    )
    op.create_table(
        "enquiry_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enquiry_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("written", Instant(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["enquiry_id"], ["enquiry.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_enquiry_note_enquiry_id", "enquiry_note", ["enquiry_id"])


def downgrade() -> None:
    op.drop_table("enquiry_note")
    op.drop_index("ix_outbox_undelivered", table_name="outbox")
    op.drop_index("ix_enquiry_held", table_name="enquiry")
    op.create_index(
        "ix_enquiry_held", "enquiry", ["received", "id"], sqlite_where=_HELD, postgresql_where=_HELD
    )
    op.drop_index("ix_enquiry_stage", table_name="enquiry")
    with op.batch_alter_table("enquiry") as enquiry:
        for name in ("version", "answered_by", "answered", "taken_by", "taken", "stage"):
            enquiry.drop_column(name)

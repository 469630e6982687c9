"""an index of held enquiries alone, instead of one of all"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    held = sa.text("quarantined IS NOT NULL AND released IS NULL")
    op.drop_index("ix_enquiry_quarantined", table_name="enquiry")
    op.create_index(
        "ix_enquiry_held", "enquiry", ["received", "id"], sqlite_where=held, postgresql_where=held
    )


def downgrade() -> None:
    op.drop_index("ix_enquiry_held", table_name="enquiry")
    op.create_index("ix_enquiry_quarantined", "enquiry", ["quarantined"])

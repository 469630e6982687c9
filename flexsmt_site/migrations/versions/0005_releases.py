"""releases of words"""

import sqlalchemy as sa
from alembic import op

from flexsmt_site.database import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue_release",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("published", Instant(), nullable=False),
        sa.Column("sum", sa.String(length=64), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def downgrade() -> None:
    op.drop_table("catalogue_release")

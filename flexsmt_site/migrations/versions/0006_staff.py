"""staff: members, sessions, challenges, passkeys and the trail of what was done"""

import sqlalchemy as sa
from alembic import op

from flexsmt_site.database import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("added", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("address"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "staff_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sum", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("began", Instant(), nullable=False),
        sa.Column("seen", Instant(), nullable=False),
        sa.Column("proven", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sum"),
    )
    op.create_index("ix_staff_session_member_id", "staff_session", ["member_id"])
    op.create_index("ix_staff_session_seen", "staff_session", ["seen"])
    _create_challenges()
    op.create_table(
        "staff_passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("credential", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("added", Instant(), nullable=False),
        sa.Column("used", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credential"),
    )
    op.create_index("ix_staff_passkey_member_id", "staff_passkey", ["member_id"])
    _create_trail()


def _create_challenges() -> None:
    op.create_table(
        "staff_challenge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("address_key", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("code_sum", sa.String(length=64), nullable=False),
        sa.Column("link_sum", sa.String(length=64), nullable=False),
        sa.Column("asked", Instant(), nullable=False),
        sa.Column("expires", Instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("nonce"),
        sa.UniqueConstraint("link_sum"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_staff_challenge_address", "staff_challenge", ["address_key", "asked"])
    op.create_index("ix_staff_challenge_network", "staff_challenge", ["network", "asked"])
    op.create_index("ix_staff_challenge_asked", "staff_challenge", ["asked"])


def _create_trail() -> None:
    op.create_table(
        "staff_audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_staff_audit_at", "staff_audit", ["at"])
    op.create_index("ix_staff_audit_subject", "staff_audit", ["subject", "id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER staff_audit_kept BEFORE UPDATE ON staff_audit "
            "BEGIN SELECT RAISE(ABORT, 'the trail is never changed'); END"
        )
    else:
        # A rule goes with its table into every copy; the function of a trigger would not.
        op.execute("CREATE RULE staff_audit_kept AS ON UPDATE TO staff_audit DO INSTEAD NOTHING")


def downgrade() -> None:
    for name in ("staff_audit", "staff_passkey", "staff_challenge", "staff_session", "staff_member"):
        op.drop_table(name)

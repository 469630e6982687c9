"""The outbox table: one row is one mail to one recipient."""

from datetime import datetime

from sqlalchemy import BigInteger, Enum, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from flexsmt_site.database import Instant
from flexsmt_site.extensions import Model
from flexsmt_site.outbox.rules import Phase, State

TEXT_LENGTH = 500


def _words(kind: type[State] | type[Phase]) -> Enum:
    # Plain text in the column: a further word needs no migration.
    return Enum(
        kind, native_enum=False, length=16, values_callable=lambda members: [str(m.value) for m in members]
    )


class Mail(Model):
    """A mail as it leaves the house.

    ``raw`` is None once it may be forgotten; ``told`` is when an operator was told that it had stopped.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "state", "priority", "not_before"),
        Index("ix_outbox_waiting", "state", "not_before"),
        Index("ix_outbox_expires", "state", "expires"),
        Index("ix_outbox_created", "state", "created", "kind", "subject_key"),
        Index("ix_outbox_subject", "kind", "subject_key"),
        # SQLite would give the number of an erased mail to the next one, and a relay's late word with it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    dedupe_key: Mapped[str] = mapped_column(String(320), unique=True)
    message_id: Mapped[str] = mapped_column(String(300), unique=True)
    subject_key: Mapped[int] = mapped_column(BigInteger)
    sender: Mapped[str] = mapped_column(String(254))
    recipient: Mapped[str] = mapped_column(String(254))
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    raw_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[State] = mapped_column(_words(State), default=State.QUEUED)
    phase: Mapped[Phase | None] = mapped_column(_words(Phase))
    priority: Mapped[int]
    not_before: Mapped[datetime] = mapped_column(Instant)
    expires: Mapped[datetime] = mapped_column(Instant)
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    last_code: Mapped[int | None]
    last_text: Mapped[str | None] = mapped_column(String(TEXT_LENGTH))
    created: Mapped[datetime] = mapped_column(Instant)
    accepted: Mapped[datetime | None] = mapped_column(Instant)
    told: Mapped[datetime | None] = mapped_column(Instant)


#: Taken by a server, or wanted no longer.
SETTLED = (State.ACCEPTED, State.CANCELLED)
#: All others: few among a hundred thousand.
UNDELIVERED = Mail.state.not_in(SETTLED)
Index(
    "ix_outbox_undelivered",
    Mail.kind,
    Mail.subject_key,
    sqlite_where=UNDELIVERED,
    postgresql_where=UNDELIVERED,
)

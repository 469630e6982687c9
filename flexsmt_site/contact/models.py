"""Enquiries as they were received, and from how many networks lately."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey, Index, String, Text, and_, or_
from sqlalchemy.orm import Mapped, mapped_column

from flexsmt_site.contact.rules import Stage
from flexsmt_site.database import Instant
from flexsmt_site.extensions import Model


class Enquiry(Model):
    """One enquiry, with what its sender agreed to and when, and how far its answer has come.

    ``taken_by`` and ``answered_by`` are numbers of staff; ``version`` counts what the staff did to it.
    """

    __tablename__ = "enquiry"
    # On SQLite too a number is never given twice: mails point to it.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    received: Mapped[datetime] = mapped_column(Instant, index=True)
    last_activity: Mapped[datetime] = mapped_column(Instant)
    source: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(2))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    company: Mapped[str] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2))
    city: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(20))
    signals: Mapped[str] = mapped_column(String(200))
    policy_version: Mapped[int]
    agreed: Mapped[datetime] = mapped_column(Instant)
    token_nonce: Mapped[str] = mapped_column(String(32), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    text_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    quarantined: Mapped[datetime | None] = mapped_column(Instant)
    released: Mapped[datetime | None] = mapped_column(Instant)
    told: Mapped[datetime | None] = mapped_column(Instant)
    # Plain text in the column: a further stage needs no migration.
    stage: Mapped[Stage] = mapped_column(
        Enum(Stage, native_enum=False, length=16, values_callable=lambda all_: [str(s.value) for s in all_]),
        default=Stage.NEW,
    )
    taken: Mapped[datetime | None] = mapped_column(Instant)
    taken_by: Mapped[int | None]
    answered: Mapped[datetime | None] = mapped_column(Instant)
    answered_by: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def is_held(self) -> bool:
        """It waits for somebody to look at it; its notices are not queued."""
        return self.quarantined is not None and self.released is None


#: The same as ``Enquiry.is_held``, for queries.
HELD = and_(Enquiry.quarantined.is_not(None), Enquiry.released.is_(None))
#: Of these few alone: in an index of all enquiries SQLite would walk past a hundred thousand others.
Index("ix_enquiry_held", Enquiry.id, sqlite_where=HELD, postgresql_where=HELD)
#: The opposite, for queries.
OPEN = or_(Enquiry.quarantined.is_(None), Enquiry.released.is_not(None))
Index("ix_enquiry_stage", Enquiry.stage, Enquiry.id, sqlite_where=OPEN, postgresql_where=OPEN)


class Note(Model):
    """What somebody of the staff wrote about an enquiry, for the others; it is never changed."""

    __tablename__ = "enquiry_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    enquiry_id: Mapped[int] = mapped_column(ForeignKey("enquiry.id"), index=True)
    member_id: Mapped[int]
    written: Mapped[datetime] = mapped_column(Instant)
    text: Mapped[str] = mapped_column(Text)


class Arrival(Model):
    """One enquiry's moment and its network as a keyed hash, kept to count how many came within an hour."""

    __tablename__ = "arrival"
    __table_args__ = (Index("ix_arrival_network_at", "network", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant, index=True)

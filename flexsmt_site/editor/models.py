"""What members are typing and have not saved: seen by nobody else, and in no history."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flexsmt_site.database import Instant
from flexsmt_site.extensions import Model


class Typed(Model):
    """What one member has typed for one text; ``parent`` and ``base`` say over what.

    ``strings`` holds the words, one for each plural form, as JSON.
    """

    __tablename__ = "editor_typed"
    __table_args__ = (UniqueConstraint("member_id", "domain", "locale", "key", name="uq_editor_typed_text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id", ondelete="CASCADE"))
    domain: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(64))
    strings: Mapped[str] = mapped_column(Text)
    parent: Mapped[int]
    base: Mapped[str] = mapped_column(String(64))
    typed: Mapped[datetime] = mapped_column(Instant, index=True)

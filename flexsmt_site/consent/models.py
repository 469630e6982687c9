"""Receipts of consent and of its withdrawal, and what was on the screen when it was given."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from flexsmt_site.database import Instant
from flexsmt_site.extensions import Model


class Receipt(Model):
    """One choice of one device; rows are added and deleted, never changed.

    ``number`` is random and the same for all choices of a device until consent is withdrawn;
    ``choices`` are keys of purposes with spaces between, none at a withdrawal.
    """

    __tablename__ = "consent_receipt"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(22), index=True)
    decided: Mapped[datetime] = mapped_column(Instant, index=True)
    choices: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(5))
    policy_version: Mapped[int]
    screen: Mapped[str] = mapped_column(String(16), index=True)
    place: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(2))
    gpc: Mapped[bool]

    @property
    def granted(self) -> list[str]:
        """The purposes agreed to; none at a withdrawal."""
        return self.choices.split()


class Screen(Model):
    """What a visitor saw before choosing, as HTML, by the beginning of its SHA-256."""

    __tablename__ = "consent_screen"

    digest: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[str] = mapped_column(String(5), index=True)
    place: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(2))
    html: Mapped[str] = mapped_column(Text)
    kept: Mapped[datetime] = mapped_column(Instant)

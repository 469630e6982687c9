"""Enquiries as they were received."""

from datetime import datetime
from typing import NewType

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from flexsmt_site.database import Instant
from flexsmt_site.extensions import Model

EnquiryId = NewType("EnquiryId", int)


class Enquiry(Model):
    """One enquiry, with what its sender agreed to and when."""

    __tablename__ = "enquiry"

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

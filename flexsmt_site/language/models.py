"""Releases of words: what was published while the site served."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from flexsmt_site.database import Instant
from flexsmt_site.extensions import Model


class Release(Model):
    """One release; the newest is in force on every host."""

    __tablename__ = "catalogue_release"

    number: Mapped[int] = mapped_column(primary_key=True)
    published: Mapped[datetime] = mapped_column(Instant)
    sum: Mapped[str] = mapped_column(String(64))
    packed: Mapped[bytes] = mapped_column(LargeBinary)

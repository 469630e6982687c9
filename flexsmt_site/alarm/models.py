"""The alarm table: one row, by which all relays agree who tells the operator and when."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from flexsmt_site.database import Instant
from flexsmt_site.extensions import Model


class Alarm(Model):
    """The moment from which the pause after an alarm counts; earlier than the last try if that failed."""

    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(primary_key=True)
    told: Mapped[datetime] = mapped_column(Instant)

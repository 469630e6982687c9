"""The versions of the policy that were published, with their texts, for ever."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from flexsmt_site.database import Instant
from flexsmt_site.extensions import Model


class PolicyVersion(Model):
    """One version; rows are added and never changed or deleted.

    ``html_…`` are the clauses as they were rendered, without marks of proof; ``contents_…`` their numbers and
    titles as JSON. ``made_of`` is the sum of the code, templates and words that they were rendered from.
    """

    __tablename__ = "policy_version"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    published: Mapped[datetime] = mapped_column(Instant)
    effective: Mapped[datetime] = mapped_column(Instant)
    is_material: Mapped[bool]
    note_en: Mapped[str] = mapped_column(Text)
    note_ru: Mapped[str] = mapped_column(Text)
    sum: Mapped[str] = mapped_column(String(64))
    made_of: Mapped[str] = mapped_column(String(64))
    html_en: Mapped[str] = mapped_column(Text)
    html_ru: Mapped[str] = mapped_column(Text)
    contents_en: Mapped[str] = mapped_column(Text)
    contents_ru: Mapped[str] = mapped_column(Text)

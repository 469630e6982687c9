"""Edits of words that were made on the site, what was done with each, and the releases that show them.

Rows are added and never changed, but for the number of a member, which goes when its time has come.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flexsmt_site.database import Instant
from flexsmt_site.extensions import Model


class Edit(Model):
    """Other words for a text, as somebody wrote them, over those of the repository.

    ``key`` is of context, msgid and plural. ``strings`` holds the words, one for each form, as JSON;
    ``base_strings`` those of the repository at that moment, and ``base`` their sum. ``parent`` is the edit of
    the same text that came before, 0 for the first: no two have the same. ``author`` is the number of a
    member of the staff, None where a command made it.
    """

    __tablename__ = "translation_edit"
    __table_args__ = (
        UniqueConstraint("domain", "locale", "key", "parent", name="uq_translation_edit_parent"),
        # Releases name edits by number: none is given twice.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(64))
    context: Mapped[str | None] = mapped_column(Text)
    msgid: Mapped[str] = mapped_column(Text)
    plural: Mapped[str | None] = mapped_column(Text)
    strings: Mapped[str] = mapped_column(Text)
    base: Mapped[str] = mapped_column(String(64))
    base_strings: Mapped[str] = mapped_column(Text)
    author: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500))
    made: Mapped[datetime] = mapped_column(Instant)
    parent: Mapped[int]


class Step(Model):
    """What became of an edit and when; the last one is its state, an edit without any is a draft.

    ``release`` is the number of the release that it came with.
    """

    __tablename__ = "translation_step"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    edit_id: Mapped[int] = mapped_column(ForeignKey("translation_edit.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    author: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500))
    taken: Mapped[datetime] = mapped_column(Instant)
    release: Mapped[int | None]


class Release(Model):
    """One release; the newest of a version is in force on every host that runs this version.

    ``version`` is that of the site, ``base`` the sum of the catalogues it was made of, ``edits`` the numbers
    of the edits in it, as JSON. ``reverts`` is the release that it undoes.
    """

    __tablename__ = "catalogue_release"

    number: Mapped[int] = mapped_column(primary_key=True)
    published: Mapped[datetime] = mapped_column(Instant)
    sum: Mapped[str] = mapped_column(String(64))
    packed: Mapped[bytes] = mapped_column(LargeBinary)
    author: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    reverts: Mapped[int | None]
    version: Mapped[str] = mapped_column(String(64), default="")
    base: Mapped[str] = mapped_column(String(64), default="")
    edits: Mapped[str] = mapped_column(Text, default="[]")

"""Who may sign in, by what, what is open at the moment, and the trail of what was done."""

from datetime import datetime

from sqlalchemy import BigInteger, Enum, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from flexsmt_site.database import Instant
from flexsmt_site.extensions import Model
from flexsmt_site.staff.rules import Role


class Member(Model):
    """Somebody who may sign in; there is no password."""

    __tablename__ = "staff_member"
    # The trail names members by their number: it is never given twice.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(254), unique=True)
    # Plain text in the column: a further role needs no migration.
    role: Mapped[Role] = mapped_column(
        Enum(Role, native_enum=False, length=16, values_callable=lambda roles: [str(r.value) for r in roles])
    )
    added: Mapped[datetime] = mapped_column(Instant)


class Visit(Model):
    """An open session of a member: ``token_sum`` is the SHA-256 of what the cookie holds.

    ``proven`` is when the member last showed by code or passkey who it is.
    """

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sum: Mapped[str] = mapped_column(String(64), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    began: Mapped[datetime] = mapped_column(Instant)
    seen: Mapped[datetime] = mapped_column(Instant, index=True)
    proven: Mapped[datetime] = mapped_column(Instant)


class Challenge(Model):
    """A way in that was asked for: a code and a link, by mail, or the nonce of a passkey's answer.

    ``member_id`` is None where nobody has the address that was typed: its mail is never sent. What was
    typed and where it came from are kept as keyed hashes, to count by.
    """

    __tablename__ = "staff_challenge"
    __table_args__ = (
        Index("ix_staff_challenge_address", "address_key", "asked"),
        Index("ix_staff_challenge_network", "network", "asked"),
        # Mails point to it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(String(32), unique=True)
    member_id: Mapped[int | None]
    address_key: Mapped[str] = mapped_column(String(64))
    network: Mapped[str] = mapped_column(String(64))
    code_sum: Mapped[str] = mapped_column(String(64))
    link_sum: Mapped[str] = mapped_column(String(64), unique=True)
    asked: Mapped[datetime] = mapped_column(Instant, index=True)
    expires: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0)
    used: Mapped[datetime | None] = mapped_column(Instant)


class Passkey(Model):
    """A key on a device of a member; ``counter`` is what it last counted, 0 where it does not count."""

    __tablename__ = "staff_passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    counter: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(60))
    added: Mapped[datetime] = mapped_column(Instant)
    used: Mapped[datetime | None] = mapped_column(Instant)


class Record(Model):
    """One line of the trail: who did what to which record, and when; it is never changed.

    ``member_id`` is None where nobody was signed in; ``subject`` is the number of an enquiry or of a member.
    """

    __tablename__ = "staff_audit"
    __table_args__ = (Index("ix_staff_audit_subject", "subject", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    member_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[int | None] = mapped_column(BigInteger)

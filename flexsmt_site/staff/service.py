"""The accounts: who is on the staff and what for. Made and ended by commands alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flexsmt_site import database, events
from flexsmt_site.config import settings
from flexsmt_site.staff import audit, letter, rules
from flexsmt_site.staff.models import Challenge, Member, Passkey, Visit
from flexsmt_site.staff.rules import Role


class UnknownMember(LookupError):
    """Nobody on the staff has this address."""


class BadMember(ValueError):
    """The address can not be used, or is on the staff already."""


@dataclass(frozen=True)
class Listed:
    """A member with how many passkeys it has and when it last used the site; None for not lately."""

    member: Member
    passkeys: int
    seen: datetime | None


def add(written: str, role: Role, now: datetime) -> Member:
    """Give somebody an account; raises ``BadMember``."""
    member = Member(address=_address(written), role=role, added=now)
    try:
        with database.write() as session:
            session.add(member)
            session.flush()
            audit.record(session, "member.added", member_id=None, subject=member.id, now=now)
    except IntegrityError:
        mend = "`flexsmt staff role` changes what it is there for"
        raise BadMember(f"{member.address} is on the staff already: {mend}") from None
    events.say("staff.added", member=member.id, role=role)
    return member


def list_members() -> list[Listed]:
    """List the staff in order of address."""
    with database.read() as session:
        members = session.scalars(select(Member).order_by(Member.address)).all()
        keys = list(session.scalars(select(Passkey.member_id)))
        seen = {visit.member_id: visit.seen for visit in session.scalars(select(Visit).order_by(Visit.seen))}
    return [Listed(member, keys.count(member.id), seen.get(member.id)) for member in members]


def set_role(written: str, role: Role, now: datetime) -> Member:
    """Change what somebody is there for, and end its sessions; raises ``UnknownMember``."""
    with database.write() as session:
        member = _get(session, written)
        member.role = role
        end_visits(session, member.id)
        audit.record(session, "member.changed", member_id=None, subject=member.id, now=now)
    events.say("staff.changed", member=member.id, role=role)
    return member


def remove(written: str, now: datetime) -> Member:
    """End an account with its sessions, passkeys and mails; raises ``UnknownMember``.

    What it did stays in the trail, by number.
    """
    with database.write() as session:
        member = _get(session, written)
        # What opens sessions goes before them: who signs in at this moment is waited for.
        asked = session.scalars(select(Challenge.id).where(Challenge.member_id == member.id))
        letter.erase(session, list(asked))
        for kind in (Passkey, Challenge):
            session.execute(delete(kind).where(kind.member_id == member.id))
        end_visits(session, member.id)
        session.execute(delete(Member).where(Member.id == member.id))
        audit.record(session, "member.removed", member_id=None, subject=member.id, now=now)
    events.say("staff.removed", member=member.id)
    return member


def get_member(written: str) -> Member:
    """Find somebody by address; raises ``UnknownMember``."""
    with database.read() as session:
        return _get(session, written)


def is_staffed(role: Role) -> bool:
    """Tell whether anybody may do what a role is for."""
    fitting = [other for other in Role if rules.may(other, (role,))]
    with database.read() as session:
        return session.scalar(select(Member.id).where(Member.role.in_(fitting)).limit(1)) is not None


def names(member_ids: Iterable[int]) -> dict[int, str]:
    """Return the addresses of members by number; who is gone is left out."""
    with database.read() as session:
        rows = session.execute(select(Member.id, Member.address).where(Member.id.in_(set(member_ids)))).all()
    return {row.id: row.address for row in rows}


def find(session: Session, written: str) -> Member | None:
    """Return the member with an address, in whatever case it is written."""
    return session.scalar(select(Member).where(Member.address == spelled(written)))


def spelled(written: str) -> str:
    """Return an address as accounts are named: in lower case, the name of its host in ASCII."""
    try:
        return _checked(written)
    except EmailNotValidError:
        return written.strip().lower()


def end_visits(session: Session, member_id: int) -> None:
    """End every session of a member within the caller's transaction."""
    session.execute(delete(Visit).where(Visit.member_id == member_id))


def _get(session: Session, written: str) -> Member:
    found = find(session, written)
    if found is None:
        raise UnknownMember(f"nobody on the staff has the address {written}: `flexsmt staff list` shows all")
    return found


def _address(written: str) -> str:
    try:
        return _checked(written)
    except EmailNotValidError as error:
        raise BadMember(f"{written} is no e-mail address such as name@example.com: {error}") from error


def _checked(written: str) -> str:
    demo = settings().is_demo
    checked = validate_email(
        written.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=demo
    )
    return str(checked.ascii_email).lower()

"""Sessions of the staff: a random token in a cookie, its SHA-256 in a row."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from flexsmt_site import database
from flexsmt_site.outbox import chores
from flexsmt_site.staff import audit, rules
from flexsmt_site.staff.models import Member, Visit
from flexsmt_site.staff.rules import Role, Span

_AT_ONCE = 500


@dataclass(frozen=True)
class Person:
    """Who is signed in."""

    id: int
    address: str
    role: Role


@dataclass(frozen=True)
class Opened:
    """An open session as a request finds it."""

    id: int
    person: Person
    span: Span


def begin(session: Session, member_id: int, now: datetime) -> str:
    """Open a session within the caller's transaction; returns the token for the cookie."""
    token = secrets.token_urlsafe(32)
    session.add(Visit(token_sum=rules.token_sum(token), member_id=member_id, began=now, seen=now, proven=now))
    return token


def find(token: str, now: datetime) -> Opened | None:
    """Return the open session of a cookie's token; None for one that has ended or never was."""
    wanted = select(Visit, Member).join(Member, Member.id == Visit.member_id)
    with database.read() as session:
        row = session.execute(wanted.where(Visit.token_sum == rules.token_sum(token))).one_or_none()
    if row is None:
        return None
    visit, member = row
    span = Span(visit.began, visit.seen, visit.proven)
    if rules.is_over(span, now):
        return None
    if now - visit.seen >= rules.SEEN_EVERY:
        _note_seen(visit.id, now)
    return Opened(visit.id, Person(member.id, member.address, member.role), span)


def end(opened: Opened, now: datetime) -> None:
    """End one session: its member signs out."""
    with database.write() as session:
        session.execute(delete(Visit).where(Visit.id == opened.id))
        audit.record(session, "signed-out", member_id=opened.person.id, subject=None, now=now)


def end_others(opened: Opened, now: datetime) -> None:
    """End every other session of the same member."""
    with database.write() as session:
        session.execute(delete(Visit).where(Visit.member_id == opened.person.id, Visit.id != opened.id))
        audit.record(session, "signed-out.others", member_id=opened.person.id, subject=None, now=now)


def drop(token: str) -> None:
    """End the session of a token, if there is one: its browser opens another."""
    with database.write() as session:
        session.execute(delete(Visit).where(Visit.token_sum == rules.token_sum(token)))


def declare() -> None:
    """Leave it to the relay to forget sessions that are over."""
    chores.declare("staff sessions", forget_old)


def forget_old(round_: chores.Round) -> None:
    """Delete sessions that have ended by themselves, 500 a round."""
    over = or_(Visit.began <= round_.now - rules.SESSION_LIFE, Visit.seen <= round_.now - rules.IDLE_LIFE)
    database.sweep(Visit.id, over, _AT_ONCE)


def _note_seen(visit_id: int, now: datetime) -> None:
    with database.write() as session:
        session.execute(update(Visit).where(Visit.id == visit_id, Visit.seen < now).values(seen=now))

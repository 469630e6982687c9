"""What an operator does with enquiries: list, show, release and erase them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from flexsmt_site import database, events
from flexsmt_site.contact import notice, rules
from flexsmt_site.contact.models import HELD, Enquiry, Note
from flexsmt_site.extensions import db
from flexsmt_site.outbox import service as outbox
from flexsmt_site.outbox.service import Standing
from flexsmt_site.staff import audit


class UnknownEnquiry(LookupError):
    """No enquiry has this reference."""

    def __init__(self, written: str) -> None:
        """Say what was looked for, and where references are found."""
        super().__init__(f"no enquiry {written}: `flexsmt enquiries list` shows the references")


@dataclass(frozen=True)
class Entry:
    """An enquiry with where its notices stand and what the staff noted, both oldest first."""

    enquiry: Enquiry
    notices: list[Standing]
    notes: list[Note]

    @property
    def standing(self) -> str:
        """Where the enquiry stands, in a few words."""
        return rules.standing(
            is_held=self.enquiry.is_held,
            is_released=self.enquiry.released is not None,
            notices=[mail.state for mail in self.notices],
        )


def list_entries(limit: int, *, held: bool) -> list[Entry]:
    """List enquiries, or those that are held, newest first."""
    newest = select(Enquiry).order_by(Enquiry.id.desc()).limit(limit)
    with Session(db.engine, expire_on_commit=False) as session:
        found = session.scalars(newest.where(HELD) if held else newest).all()
    return [_entry(enquiry) for enquiry in found]


def get_entry(written: str) -> Entry:
    """Find an enquiry by its reference, exact or as people write it; raises ``UnknownEnquiry``."""
    reference = rules.read_reference(written)
    with Session(db.engine, expire_on_commit=False) as session:
        found = session.scalar(select(Enquiry).where(Enquiry.reference == reference))
    if found is None:
        raise UnknownEnquiry(written)
    return _entry(found)


def release(entry: Entry, now: datetime, member_id: int | None = None) -> bool:
    """Queue the notices of a held enquiry; False when it is not held, or not any more.

    The trail names the member, or nobody where it is done by command.
    """
    enquiry = entry.enquiry
    with database.reading() as connection:
        stuck = notice.list_stuck(connection, now)
    notices = notice.write(enquiry, stuck, now)
    releasing = (
        update(Enquiry)
        .where(Enquiry.id == enquiry.id, HELD)
        .values(released=now, last_activity=now, version=Enquiry.version + 1)
        .returning(Enquiry.id)
    )
    with database.write() as session:
        is_mine = session.scalar(releasing) is not None
        if is_mine:
            notice.queue(session, enquiry.id, notices)
            audit.record(session, "enquiry.released", member_id=member_id, subject=enquiry.id, now=now)
    if is_mine:
        events.say("enquiry.released", reference=enquiry.reference)
    return is_mine


def erase(entry: Entry) -> int:
    """Delete an enquiry, its notes and all its notices, also those on their way; returns how many notices."""
    enquiry = entry.enquiry
    with database.write() as session:
        # Locked first, so that a release at the same moment leaves no notice behind, and nobody a note.
        session.scalar(select(Enquiry.id).where(Enquiry.id == enquiry.id).with_for_update())
        notices = outbox.erase(session, notice.KIND, enquiry.id)
        session.execute(delete(Note).where(Note.enquiry_id == enquiry.id))
        session.execute(delete(Enquiry).where(Enquiry.id == enquiry.id))
    events.say("enquiry.erased", reference=enquiry.reference, notices=notices)
    return notices


def _entry(enquiry: Enquiry) -> Entry:
    about = select(Note).where(Note.enquiry_id == enquiry.id).order_by(Note.id)
    with Session(db.engine, expire_on_commit=False) as session:
        notes = list(session.scalars(about))
    return Entry(enquiry, outbox.list_mails(notice.KIND, enquiry.id), notes)

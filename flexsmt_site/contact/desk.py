"""What an operator does with enquiries: list, show, release and erase them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from flexsmt_site import database, events
from flexsmt_site.contact import notice, rules
from flexsmt_site.contact.models import HELD, Enquiry
from flexsmt_site.extensions import db
from flexsmt_site.outbox import service as outbox
from flexsmt_site.outbox.service import Standing


class UnknownEnquiry(LookupError):
    """No enquiry has this reference."""


@dataclass(frozen=True)
class Entry:
    """An enquiry with where its notices stand, oldest first."""

    enquiry: Enquiry
    notices: list[Standing]

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
    newest = select(Enquiry).order_by(Enquiry.received.desc(), Enquiry.id.desc()).limit(limit)
    with Session(db.engine, expire_on_commit=False) as session:
        found = session.scalars(newest.where(HELD) if held else newest).all()
    return [_entry(enquiry) for enquiry in found]


def get_entry(written: str) -> Entry:
    """Find an enquiry by its reference as people write it; raises ``UnknownEnquiry``."""
    reference = rules.read_reference(written)
    with Session(db.engine, expire_on_commit=False) as session:
        found = session.scalar(select(Enquiry).where(Enquiry.reference == reference))
    if found is None:
        raise UnknownEnquiry(f"no enquiry {written}: `flexsmt enquiries list` shows the references")
    return _entry(found)


def release(entry: Entry, now: datetime) -> bool:
    """Queue the notices of a held enquiry; False when it is not held, or not any more."""
    enquiry = entry.enquiry
    notices = notice.write(enquiry, notice.list_stuck(now))
    releasing = update(Enquiry).where(Enquiry.id == enquiry.id, HELD).values(released=now)
    with database.write() as session:
        is_mine = session.scalar(releasing.returning(Enquiry.id)) is not None
        if is_mine:
            notice.queue(session, enquiry, notices, now)
    if is_mine:
        events.say("enquiry.released", reference=enquiry.reference)
    return is_mine


def erase(entry: Entry) -> int:
    """Delete an enquiry and all its notices, also those on their way; returns how many notices."""
    enquiry = entry.enquiry
    with database.write() as session:
        # Locked first, so that a release at the same moment leaves no notice behind.
        session.scalar(select(Enquiry.id).where(Enquiry.id == enquiry.id).with_for_update())
        notices = outbox.erase(session, notice.KIND, enquiry.id)
        session.execute(delete(Enquiry).where(Enquiry.id == enquiry.id))
    events.say("enquiry.erased", reference=enquiry.reference, notices=notices)
    return notices


def _entry(enquiry: Enquiry) -> Entry:
    return Entry(enquiry, outbox.list_mails(notice.KIND, enquiry.id))

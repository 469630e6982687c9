"""What the sales staff do with an enquiry: two at once never overwrite each other.

Who acts on a version of the row that is not its latest gets ``Changed``, and nothing is written. What is
done and its line in the trail are one transaction: neither stands without the other.
"""

from datetime import datetime

from sqlalchemy import select, update

from flexsmt_site import database
from flexsmt_site.contact import desk, rules
from flexsmt_site.contact.models import HELD, Enquiry, Note
from flexsmt_site.contact.rules import Verb
from flexsmt_site.outbox import service as outbox
from flexsmt_site.staff import audit

#: In characters, once the text is cleaned.
LONGEST_NOTE = 2000
#: The column that a verb marks with the moment and the member, or clears.
_MARKS: dict[Verb, tuple[str, bool]] = {
    "take": ("taken", True),
    "give back": ("taken", False),
    "answer": ("answered", True),
    "reopen": ("answered", False),
}
#: What the trail says of each.
_LINES: dict[Verb, str] = {
    "take": "enquiry.taken",
    "give back": "enquiry.given-back",
    "answer": "enquiry.answered",
    "reopen": "enquiry.reopened",
}
#: The lines of all that makes a new version of an enquiry.
CHANGES = (*_LINES.values(), "enquiry.released")


class Changed(Exception):
    """The enquiry is not what whoever acts has seen, or what they want does not fit it: look again."""


def take(reference: str, version: int, member_id: int, now: datetime) -> int:
    """Note that a member answers a new enquiry; returns the next version.

    Raises ``Changed`` and ``desk.UnknownEnquiry``, as the other verbs do.
    """
    return _step("take", reference, version, member_id, now)


def give_back(reference: str, version: int, member_id: int, now: datetime) -> int:
    """Leave an enquiry that somebody has taken to the others; returns the next version."""
    return _step("give back", reference, version, member_id, now)


def answer(reference: str, version: int, member_id: int, now: datetime) -> int:
    """Note that a member has answered an enquiry, taken before or not; returns the next version."""
    return _step("answer", reference, version, member_id, now)


def reopen(reference: str, version: int, member_id: int, now: datetime) -> int:
    """Put an answered enquiry back to who took it, or to the new ones; returns the next version."""
    return _step("reopen", reference, version, member_id, now)


def release(reference: str, version: int, member_id: int, now: datetime) -> int:
    """Queue the notices of a held enquiry; returns the next version."""
    entry = desk.get_entry(reference)
    # Only a release changes what is held, and of two one alone is true: no version can come in between.
    if entry.enquiry.version != version or not desk.release(entry, now, member_id):
        raise Changed
    return version + 1


def write_note(reference: str, member_id: int, text: str, now: datetime) -> None:
    """Add a note to an enquiry, held or not; what is there stays as it is.

    Raises ``desk.UnknownEnquiry``, and ``ValueError`` when the text has no characters or more than 2,000.
    """
    cleaned = rules.cleaned(text, lines=True)
    if not 0 < len(cleaned) <= LONGEST_NOTE:
        raise ValueError(f"a note has from 1 to {LONGEST_NOTE} characters, this one {len(cleaned)}")
    moving = update(Enquiry).where(Enquiry.reference == reference).values(last_activity=now)
    with database.write() as session:
        # It locks the row: an erasure at the same moment comes before the note or takes it along.
        number = session.scalar(moving.returning(Enquiry.id))
        if number is None:
            raise desk.UnknownEnquiry(reference)
        session.add(Note(enquiry_id=number, member_id=member_id, written=now, text=cleaned))
        audit.record(session, "enquiry.noted", member_id=member_id, subject=number, now=now)


def resend(reference: str, mail_id: int, member_id: int, now: datetime) -> None:
    """Send a stopped notice of the enquiry again; ``Changed`` when it is on its way or has arrived.

    Raises ``desk.UnknownEnquiry`` also when the mail is not about this enquiry.
    """
    entry = desk.get_entry(reference)
    if mail_id not in {mail.id for mail in entry.notices}:
        raise desk.UnknownEnquiry(f"{reference} with a mail {mail_id}")
    moving = update(Enquiry).where(Enquiry.id == entry.enquiry.id).values(last_activity=now)
    with database.write() as session:
        # Locked before its mail, in the order of an erasure: neither waits for the other without end.
        number = session.scalar(moving.returning(Enquiry.id))
        if number is None:
            raise desk.UnknownEnquiry(reference)
        try:
            outbox.requeue(session, str(mail_id), now)
        except (outbox.UnknownMail, outbox.NotResendable) as error:
            raise Changed from error
        audit.record(session, "mail.resent", member_id=member_id, subject=number, now=now)


def _step(verb: Verb, reference: str, version: int, member_id: int, now: datetime) -> int:
    column, is_set = _MARKS[verb]
    marks = {column: now, f"{column}_by": member_id} if is_set else {column: None, f"{column}_by": None}
    is_it = Enquiry.reference == reference
    columns = select(Enquiry.stage, Enquiry.taken_by, HELD.label("is_held"))
    with database.write() as session:
        found = session.execute(columns.where(is_it)).one_or_none()
        if found is None:
            raise desk.UnknownEnquiry(reference)
        stage = rules.STEPS.get((verb, found.stage, found.taken_by is not None))
        if stage is None or found.is_held:
            raise Changed
        # What was seen is true of this version only: where somebody was quicker, no row fits.
        moving = update(Enquiry).where(is_it, Enquiry.version == version)
        values = {"stage": stage, "version": version + 1, "last_activity": now, **marks}
        number = session.scalar(moving.values(values).returning(Enquiry.id))
        if number is None:
            raise Changed
        audit.record(session, _LINES[verb], member_id=member_id, subject=number, now=now)
    return version + 1

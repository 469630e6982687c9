"""What the pages of the inbox show, and the verbs of whoever answers enquiries."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flexsmt_site.contact import desk, finding, handling
from flexsmt_site.contact.desk import Entry
from flexsmt_site.contact.finding import Found, Shelf
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.contact.rules import Stage
from flexsmt_site.outbox import rules
from flexsmt_site.outbox.service import LATE, Standing
from flexsmt_site.staff import audit
from flexsmt_site.staff import service as staff

PAGE = 50


class Mails(StrEnum):
    """How the notices of an enquiry stand together, the worst of them counting."""

    DELIVERED = "delivered"
    UNDER_WAY = "under_way"
    LATE = "late"
    UNDELIVERED = "undelivered"
    HELD = "held"
    NONE = "none"


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for: everything on a shelf (None: anywhere) that has these words."""

    shelf: Shelf | None
    words: str


@dataclass(frozen=True)
class Pile:
    """A page of the inbox with what stands beside each enquiry; short names by number of the member."""

    found: Found
    notices: Mapping[int, list[Standing]]
    names: Mapping[int, str]


@dataclass(frozen=True)
class Case:
    """One enquiry with its mails and notes, and the names of those who had to do with it."""

    entry: Entry
    names: Mapping[int, str]


@dataclass(frozen=True)
class Change:
    """What the trail tells of last: the action, the member (None: by command) and its name, and when.

    ``name`` is None for a member who is gone.
    """

    action: str
    member_id: int | None
    name: str | None
    at: datetime


@dataclass(frozen=True)
class Deed:
    """What a member does to an enquiry as of ``version``, with the note or the mail that it is about."""

    member_id: int
    version: int
    text: str = ""
    mail_id: int = 0


def find(wanted: Wanted, before: int | None, after: int | None) -> Pile:
    """Find a page of the inbox."""
    found = finding.find(wanted.shelf, wanted.words, before=before, after=after, limit=PAGE)
    return Pile(found, finding.notices(found.enquiries), _shortened(names_of(found.enquiries)))


def _shortened(names: Mapping[int, str]) -> dict[int, str]:
    """Leave out the host of each address, where the rest still tells who it is."""
    short = {number: address.partition("@")[0] for number, address in names.items()}
    known = Counter(short.values())
    return {number: short[number] if known[short[number]] == 1 else names[number] for number in names}


def names_of(enquiries: Iterable[Enquiry]) -> dict[int, str]:
    """Name who has taken or answered these enquiries."""
    members = {number for one in enquiries for number in (one.taken_by, one.answered_by) if number}
    return staff.names(members) if members else {}


def mails(enquiry: Enquiry, notices: Collection[Standing], now: datetime) -> Mails:
    """Judge the notices of an enquiry; none are left where they were written long ago."""
    if enquiry.is_held:
        return Mails.HELD
    if not notices:
        return Mails.NONE
    if any(mail.state in rules.STOPPED for mail in notices):
        return Mails.UNDELIVERED
    waiting = [mail.created for mail in notices if mail.state in rules.WAITING]
    if not waiting:
        return Mails.DELIVERED
    return Mails.LATE if now - min(waiting) > LATE else Mails.UNDER_WAY


def get_case(reference: str) -> Case:
    """Find one enquiry; raises ``desk.UnknownEnquiry``."""
    entry = desk.get_entry(reference)
    members = {note.member_id for note in entry.notes} | {entry.enquiry.taken_by, entry.enquiry.answered_by}
    return Case(entry, staff.names(number for number in members if number))


def last_change(enquiry: Enquiry) -> Change | None:
    """Say what changed an enquiry last; None where the trail does not tell, or not any more."""
    line = audit.find_newest(enquiry.id, handling.CHANGES)
    if line is None:
        return None
    names = staff.names([line.member_id]) if line.member_id else {}
    return Change(line.action, line.member_id, names.get(line.member_id or 0), line.at)


def act(verb: str, reference: str, deed: Deed, now: datetime) -> bool:
    """Do it; False, and no line in the trail, where this member has done it already.

    Raises ``handling.Changed`` where somebody else was faster, and ``desk.UnknownEnquiry``.
    """
    entry = desk.get_entry(reference)
    if _is_done(verb, entry, deed):
        return False
    # A reference can be written in many ways; rows know one.
    VERBS[verb](entry.enquiry.reference, deed, now)
    return True


def _is_done(verb: str, entry: Entry, deed: Deed) -> bool:
    """Tell whether a second click of the same person asks for what the first has done."""
    enquiry, me = entry.enquiry, deed.member_id
    return {
        "take": enquiry.stage is Stage.TAKEN and enquiry.taken_by == me,
        "answer": enquiry.stage is Stage.ANSWERED and enquiry.answered_by == me,
        "note": [(note.member_id, note.text) for note in entry.notes[-1:]] == [(me, deed.text)],
    }.get(verb, False)


def _take(reference: str, deed: Deed, now: datetime) -> None:
    handling.take(reference, deed.version, deed.member_id, now)


def _give_back(reference: str, deed: Deed, now: datetime) -> None:
    handling.give_back(reference, deed.version, deed.member_id, now)


def _answer(reference: str, deed: Deed, now: datetime) -> None:
    handling.answer(reference, deed.version, deed.member_id, now)


def _reopen(reference: str, deed: Deed, now: datetime) -> None:
    handling.reopen(reference, deed.version, deed.member_id, now)


def _release(reference: str, deed: Deed, now: datetime) -> None:
    handling.release(reference, deed.version, deed.member_id, now)


def _note(reference: str, deed: Deed, now: datetime) -> None:
    handling.write_note(reference, deed.member_id, deed.text, now)


def _resend(reference: str, deed: Deed, now: datetime) -> None:
    handling.resend(reference, deed.mail_id, deed.member_id, now)


#: By its name in the address.
VERBS: dict[str, Callable[[str, Deed, datetime], None]] = {
    "take": _take,
    "give-back": _give_back,
    "answer": _answer,
    "reopen": _reopen,
    "release": _release,
    "note": _note,
    "resend": _resend,
}

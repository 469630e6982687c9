"""The weekly mail that names enquiries which nobody has answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from flexsmt_site import database, events
from flexsmt_site.config import Recipient, settings
from flexsmt_site.contact import notice
from flexsmt_site.contact.models import OPEN, Enquiry
from flexsmt_site.contact.rules import Stage
from flexsmt_site.language import catalog, countries
from flexsmt_site.outbox import chores, kinds
from flexsmt_site.outbox import service as outbox
from flexsmt_site.outbox.message import Draft
from flexsmt_site.staff import service as staff
from flexsmt_site.staff.rules import Role

KIND = "unanswered-enquiries"
#: An answer may take this long before it is missed.
PATIENCE = timedelta(days=2)
#: Less than a week: one mail that came late on its day does not put off the next.
APART = timedelta(days=6)
UNANSWERED = and_(OPEN, Enquiry.stage.in_((Stage.NEW, Stage.TAKEN)))
#: In UTC: nine o'clock in Moscow, seven or eight in Berlin.
_MONDAY, _HOUR = 0, 6
#: Another host's clock may be ahead by this much; a mail of a later time says nothing of the last week.
_AHEAD = timedelta(minutes=1)
_LONGEST = 50
_FOLDER = "contact/mail/waiting"


@dataclass(frozen=True)
class Waiting:
    """The oldest 50 that wait for an answer, oldest first; how many wait in all, and the newest's number."""

    listed: Sequence[Enquiry]
    total: int
    newest: int


def declare() -> None:
    """Tell the outbox how these mails are treated, and leave writing them to the relay."""
    kinds.declare(
        kinds.Kind(KIND, priority=6, expires=timedelta(days=5), on_unknown="resend", wanted=_wanted)
    )
    chores.declare(KIND, tell)


def tell(now: chores.Round) -> None:
    """Queue the mail for each recipient on a Monday from 06:00 UTC, if anything waits; once a week."""
    if now.now.weekday() != _MONDAY or now.now.hour < _HOUR:
        return
    newest = outbox.find_newest(KIND, now.now + _AHEAD)
    if newest and now.now - newest < APART:
        return
    # Where nobody can open the inbox nothing is ever marked as answered.
    if not staff.is_staffed(Role.SALES):
        return
    waiting = list_waiting(now.now)
    if waiting.listed and put(waiting, now.now):
        events.say("unanswered.told", listed=len(waiting.listed), waiting=waiting.total)


def list_waiting(now: datetime) -> Waiting:
    """List what came in more than two days ago and is not answered."""
    is_late = and_(UNANSWERED, Enquiry.received < now - PATIENCE)
    with database.read() as session:
        total, newest = session.execute(select(func.count(), func.max(Enquiry.id)).where(is_late)).one()
        listed = session.scalars(select(Enquiry).where(is_late).order_by(Enquiry.id).limit(_LONGEST)).all()
    return Waiting(listed, total, newest or 0)


def put(waiting: Waiting, now: datetime) -> bool:
    """Queue the mail of this day; False where another relay has done so at the same moment."""
    mails = notice.freeze(KIND, now.date(), partial(draft, waiting), now)
    with database.writing() as connection:
        new = [outbox.put(connection, mail, subject_key=waiting.newest) for mail in mails]
    return any(new)


def draft(waiting: Waiting, recipient: Recipient) -> Draft:
    """Write the mail to one recipient."""
    context = {
        "waiting": waiting,
        "country_name": countries.country_name,
        "company": settings().company,
        "lang": recipient.language,
    }
    subject, text, html = catalog.render_mail(_FOLDER, recipient.language, **context)
    return Draft(subject, text, html)


def _wanted(session: Session, newest: set[int]) -> set[int]:
    """The mail is wanted as long as anything waits that is no newer than what it tells of."""
    oldest = session.scalar(select(func.min(Enquiry.id)).where(UNANSWERED))
    return {number for number in newest if oldest is not None and oldest <= number}

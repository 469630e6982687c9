"""The daily mail that names what is held, so that nothing suspicious is lost unseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from flexsmt_site import database, events
from flexsmt_site.config import Recipient, settings
from flexsmt_site.contact import notice
from flexsmt_site.contact.models import HELD, Enquiry
from flexsmt_site.language import catalog, countries
from flexsmt_site.outbox import chores, kinds
from flexsmt_site.outbox import service as outbox
from flexsmt_site.outbox.message import Draft

KIND = "quarantine-digest"
EVERY = timedelta(hours=24)
#: Held, and in none of these mails yet.
FRESH = and_(HELD, Enquiry.told.is_(None))
#: Another host's clock may be ahead by this much; a mail of a later time says nothing of the last day.
_AHEAD = timedelta(minutes=1)
_LONGEST = 50
_FOLDER = "contact/mail/quarantine"


@dataclass(frozen=True)
class Held:
    """What no such mail has told of: all ids, the newest 50 in full, newest first; and how much is held."""

    ids: Sequence[int]
    listed: Sequence[Enquiry]
    total: int

    @property
    def fresh(self) -> int:
        """How many enquiries this mail tells of."""
        return len(self.ids)


def declare() -> None:
    """Tell the outbox how these mails are treated, and leave writing them to the relay."""
    kinds.declare(
        kinds.Kind(KIND, priority=6, expires=timedelta(days=5), on_unknown="resend", wanted=_wanted)
    )
    chores.declare(KIND, tell)


def tell(now: chores.Round) -> None:
    """Queue the mail for each sales recipient, if a day has passed and something came in to be held."""
    newest = outbox.find_newest(KIND, now.now + _AHEAD)
    if newest and now.now - newest < EVERY:
        return
    held = list_held()
    if held.listed and put(held, now.now):
        events.say("quarantine.told", listed=len(held.listed), held=held.total)


def list_held() -> Held:
    """List what is held and was in no mail before."""
    fresh = select(Enquiry.id).where(FRESH).order_by(Enquiry.id.desc())
    with database.read() as session:
        ids = session.scalars(fresh).all()
        newest = select(Enquiry).where(Enquiry.id.in_(ids[:_LONGEST])).order_by(Enquiry.id.desc())
        return Held(
            ids=ids,
            listed=session.scalars(newest).all(),
            total=session.scalars(select(func.count(Enquiry.id)).where(HELD)).one(),
        )


def put(held: Held, now: datetime) -> bool:
    """Queue a mail about exactly these enquiries; False when it would not be true any more.

    Then another relay has told of them, or one was released, was erased or came in meanwhile.
    """
    last = held.ids[0]
    mails = notice.freeze(KIND, last, partial(draft, held), now)
    fresh = update(Enquiry).where(FRESH, Enquiry.id <= last).values(told=now).returning(Enquiry.id)
    with database.write() as session:
        # A number below the last can become visible after it: what the mail does not count stays fresh.
        if set(session.scalars(fresh)) != set(held.ids):
            session.rollback()
            return False
        for mail in mails:
            outbox.put(session, mail, subject_key=now.toordinal())
    return True


def draft(held: Held, recipient: Recipient) -> Draft:
    """Write the mail to one recipient."""
    context = {
        "held": held,
        "reasons": notice.reasons,
        "country_name": countries.country_name,
        "company": settings().company,
        "lang": recipient.language,
    }
    subject, text, html = catalog.render_mail(_FOLDER, recipient.language, **context)
    return Draft(subject, text, html)


def _wanted(session: Session, days: set[int]) -> set[int]:
    """The mail is wanted as long as anything is held."""
    return days if session.scalar(select(Enquiry.id).where(HELD).limit(1)) else set()

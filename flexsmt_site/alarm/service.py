"""Looks whether mail is in trouble and tells the operator, past the queue that may be stuck.

Of all relays that see trouble at once, the one that changes the alarm's row tells of it.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from flexsmt_site import database, events
from flexsmt_site.alarm import letter, rules
from flexsmt_site.alarm.models import Alarm
from flexsmt_site.config import settings
from flexsmt_site.extensions import db
from flexsmt_site.outbox import service as outbox
from flexsmt_site.outbox import watch
from flexsmt_site.outbox.chores import Round
from flexsmt_site.outbox.message import compose, message_id
from flexsmt_site.outbox.rules import Answer
from flexsmt_site.outbox.transport import Connection, Limits, Unreachable, helo_name
from flexsmt_site.smtp_url import parse_smtp_url

#: Numbers of stopped mails in one alarm; the rest is counted.
LISTED = 20

_ONLY = 1
#: So short that even the slowest conversation is over before the next attempt may begin.
_BRIEF = Limits(data_seconds=30)


def look(here: Round) -> None:
    """Tell ``ALERT_TO`` what is wrong with mail, unless nothing is or somebody was told within the hour."""
    if not settings().alert_to:
        return
    untold = watch.count_untold()
    reasons = rules.reasons(here.trouble, untold.count, outbox.find_oldest_waiting(here.now), outbox.LATE)
    if reasons and _claim(here.now):
        stopped = watch.list_untold(LISTED)
        _tell(letter.Sight(reasons, outbox.status(here.now), stopped, untold), here)


def _claim(now: datetime) -> bool:
    """Take the right to tell: of relays that ask at the same time one gets it, for as long as a try lasts."""
    last = _find_last()
    if not rules.is_due(last, now):
        return False
    try:
        with database.write() as session:
            if last is None:
                session.add(Alarm(id=_ONLY, told=rules.claimed(now)))
                return True
            mine = update(Alarm).where(Alarm.id == _ONLY, Alarm.told == last)
            return session.scalar(mine.values(told=rules.claimed(now)).returning(Alarm.id)) is not None
    except IntegrityError:
        # Another relay made the row first.
        return False


def _find_last() -> datetime | None:
    with db.engine.connect() as connection:
        return connection.scalar(select(Alarm.told).where(Alarm.id == _ONLY))


def _tell(sight: letter.Sight, here: Round) -> None:
    """Send the alarm; when that fails, its reasons stay and the claim runs out by itself."""
    try:
        answer = _send(sight, here)
    except Unreachable as fault:
        events.say("alarm.failed", reason=fault.reason, code=fault.code)
        return
    if not answer.is_accepted:
        events.say("alarm.failed", reason="refused" if answer.code else "silence", code=answer.code)
        return
    with database.write() as session:
        session.execute(update(Alarm).where(Alarm.id == _ONLY).values(told=here.now))
        watch.mark_told(session, sight.untold, here.now)
    events.say("alarm.sent", reasons=sight.reasons)


def _send(sight: letter.Sight, here: Round) -> Answer:
    """Hand the alarm to its own server, else to the one that notices go to; raises ``Unreachable``."""
    config = settings()
    raw = compose(
        letter.draft(sight),
        sender=config.mail_from,
        recipient=config.alert_to,
        message_id=message_id(f"alarm:{here.now.isoformat()}", config.mail_domain),
        date=here.now,
    )
    with _connection(here) as connection:
        return connection.deliver(config.bounce_address, config.alert_to, raw, _nothing)


def _connection(here: Round) -> Connection:
    config = settings()
    if config.alert_smtp_url:
        target = parse_smtp_url(config.alert_smtp_url)
        return Connection(target, helo_name(config.base_url), _BRIEF)
    connection = here.connect()
    connection.limits = _BRIEF
    return connection


def _nothing() -> None:
    """Nothing has to be recorded between RCPT and DATA: the claim was written before."""

"""Enquiries a week in figures: by language, by the state of their mail, and how soon they were answered.

Aggregates alone. Weeks are those of ISO 8601: they begin on Monday at midnight, in UTC.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Integer, Label, Select, case, cast, extract, func, select
from sqlalchemy.orm import Session

from flexsmt_site import database
from flexsmt_site.contact import notice
from flexsmt_site.contact.models import HELD, OPEN, Enquiry
from flexsmt_site.outbox import rules
from flexsmt_site.outbox.models import UNDELIVERED, Mail

#: Half a year, the present week included.
WEEKS = 26
_WEEK = timedelta(weeks=1)
_AT_ONCE = 1000


class Delivery(StrEnum):
    """How the notices of an enquiry stand, the worst of them counting; a held one has none."""

    DELIVERED = "delivered"
    UNDER_WAY = "under_way"
    UNDELIVERED = "undelivered"
    HELD = "held"


@dataclass(frozen=True)
class Week:
    """The enquiries that came in within a week.

    ``answered`` is the median time until an answer, of those that have one; None where none has.
    """

    monday: date
    languages: Mapping[str, int]
    deliveries: Mapping[Delivery, int]
    answered: timedelta | None

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.languages.values())


def list_weeks(now: datetime) -> list[Week]:
    """List the last 26 weeks, oldest first, the present one last.

    Where nothing says that a notice has not arrived, it has: rows of the outbox go after half a year.
    """
    days = mondays(now)
    with database.read() as session:
        counted = _counted(session, days)
        troubled = _troubled(session, days)
        medians = _medians(session, days)
    return [
        Week(day, *_split(counted[number], troubled[number]), medians.get(number))
        for number, day in enumerate(days)
    ]


def mondays(now: datetime) -> list[date]:
    """Return the first days of the last 26 weeks, oldest first."""
    last = now.date() - timedelta(days=now.weekday())
    return [last - _WEEK * back for back in reversed(range(WEEKS))]


def _split(
    counted: Mapping[tuple[str, bool], int], troubled: Mapping[Delivery, int]
) -> tuple[dict[str, int], dict[Delivery, int]]:
    languages: Counter[str] = Counter()
    held = 0
    for (language, is_held), count in counted.items():
        languages[language] += count
        held += count if is_held else 0
    delivered = languages.total() - held - sum(troubled.values())
    return dict(languages), {Delivery.DELIVERED: delivered, **troubled, Delivery.HELD: held}


def _counted(session: Session, days: Sequence[date]) -> list[Counter[tuple[str, bool]]]:
    """Count each week by language, and by whether they are held."""
    held = case((HELD, 1), else_=0).label("held")
    rows = select(_week(days), Enquiry.language, held).where(_since(days))
    found: list[Counter[tuple[str, bool]]] = [Counter() for _ in days]
    for number, language, is_held, count in session.execute(_grouped(rows)):
        found[number][language, bool(is_held)] = count
    return found


def _troubled(session: Session, days: Sequence[date]) -> list[Counter[Delivery]]:
    """Count each week's enquiries whose notices have not all arrived: few among a hundred thousand."""
    has_stopped = func.max(case((Mail.state.in_(rules.STOPPED), 1), else_=0)).label("has_stopped")
    mails = (
        select(Mail.subject_key, has_stopped)
        .where(Mail.kind == notice.KIND, UNDELIVERED)
        .group_by(Mail.subject_key)
        .subquery()
    )
    rows = (
        select(_week(days), mails.c.has_stopped)
        .join(mails, mails.c.subject_key == Enquiry.id)
        .where(_since(days), OPEN)
    )
    found: list[Counter[Delivery]] = [Counter() for _ in days]
    for number, stopped, count in session.execute(_grouped(rows)):
        found[number][Delivery.UNDELIVERED if stopped else Delivery.UNDER_WAY] = count
    return found


def _medians(session: Session, days: Sequence[date]) -> dict[int, timedelta]:
    """Find each week's median time to an answer."""
    seconds = cast(extract("epoch", Enquiry.answered), Integer) - cast(
        extract("epoch", Enquiry.received), Integer
    )
    answered = select(_week(days), seconds).where(_since(days), Enquiry.answered.is_not(None))
    # The two databases have no median in common, and ranks take longer than to fetch the numbers.
    lengths: defaultdict[int, list[int]] = defaultdict(list)
    for number, length in session.execute(answered).yield_per(_AT_ONCE):
        lengths[number].append(length)
    return {number: timedelta(seconds=median(found)) for number, found in lengths.items()}


def _grouped(rows: Select[Any]) -> Select[Any]:
    """Count equal rows."""
    # Each bound value of an expression has a name of its own: PostgreSQL groups by it through a table alone.
    table = rows.subquery()
    return select(*table.c, func.count()).group_by(*table.c)


def _since(days: Sequence[date]) -> ColumnElement[bool]:
    return Enquiry.received >= _midnight(days[0])


def _week(days: Sequence[date]) -> Label[int]:
    """Tell which of the weeks an enquiry came in: a clock that ran ahead counts for the present one."""
    ends = [(Enquiry.received < _midnight(day), number) for number, day in enumerate(days[1:])]
    return case(*ends, else_=len(days) - 1).label("week")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

"""Find enquiries by shelf, reference and words: newest first, a page at a time.

A page costs much the same however many enquiries there are: it is sought by number, a word that is
common fills its page among the newest, and one that is rare is in an index (``lookup``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from flexsmt_site import clock, database
from flexsmt_site.contact import lookup, notice, words
from flexsmt_site.contact.models import HELD, OPEN, Enquiry
from flexsmt_site.contact.rules import Stage
from flexsmt_site.contact.words import Asked
from flexsmt_site.outbox import service as outbox
from flexsmt_site.outbox import undelivered
from flexsmt_site.outbox.service import Standing
from flexsmt_site.staff.rules import LARGEST_NUMBER

#: What is on a shelf is counted no further than to one more.
MOST_COUNTED = 1000
#: What is to be exported, likewise.
MOST_EXPORTED = 1_000_000
#: Among so many times a page of the newest a page is looked for before an index is asked.
_NEAR = 10


class Shelf(StrEnum):
    """What the staff looks through; what is held stands on no other shelf than its own."""

    NEW = "new"
    TAKEN = "taken"
    ANSWERED = "answered"
    HELD = "held"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True)
class Found:
    """A page of enquiries, newest first, with the keys of its neighbours; None where there is none.

    ``older`` is for ``before`` and ``newer`` for ``after``; behind a key may be nothing any more.
    """

    enquiries: list[Enquiry]
    older: int | None
    newer: int | None


def find(
    shelf: Shelf | None, text: str, *, before: int | None = None, after: int | None = None, limit: int = 50
) -> Found:
    """Find a page of what is on a shelf (None: anywhere, held ones too) and has all words of the text.

    It holds the newest, the newest of those older than ``before``, or the oldest of those newer than
    ``after``. A text that is empty asks for everything; what nothing can be found by finds nothing.
    """
    within = _on(shelf)
    if before is not None:
        within.append(Enquiry.id < _number(before))
    if after is not None:
        within.append(Enquiry.id > _number(after))
    with database.read() as session:
        # One more than is shown tells whether there is a further page.
        ids = _list_ids(session, words.read(text), within, limit + 1, upwards=after is not None)
        page = sorted(ids[:limit], reverse=True)
        newest_first = select(Enquiry).where(Enquiry.id.in_(page)).order_by(Enquiry.id.desc())
        enquiries = list(session.scalars(newest_first)) if page else []
    is_more = len(ids) > limit
    if after is not None:
        return Found(enquiries, page[-1] if page else after + 1, page[0] if is_more else None)
    newer = None if before is None else page[0] if page else before - 1
    return Found(enquiries, page[-1] if is_more else None, newer)


def count() -> dict[Shelf, int]:
    """Count what is on each shelf, each to at most ``MOST_COUNTED + 1``."""
    counts = [_bounded(select(Enquiry.id).where(*_on(shelf)), MOST_COUNTED) for shelf in Shelf]
    with database.read() as session:
        row = session.execute(select(*(counted.scalar_subquery() for counted in counts))).one()
    return dict(zip(Shelf, row, strict=True))


def count_all(shelf: Shelf | None, text: str) -> int:
    """Count what ``walk`` would give, to at most ``MOST_EXPORTED + 1``."""
    asked = words.read(text)
    if asked is not None and not (asked.reference or asked.words):
        return 0
    with database.read() as session:
        return session.scalar(_bounded(_all(session, asked, _on(shelf)), MOST_EXPORTED)) or 0


def walk(shelf: Shelf | None, text: str, chunk: int = 500) -> Iterator[Enquiry]:
    """Give everything that ``find`` finds, newest first; in memory there are no more than ``chunk``.

    No transaction is open meanwhile: what is erased or changes its shelf before its turn is left out.
    """
    before = None
    while True:
        found = find(shelf, text, before=before, limit=chunk)
        yield from found.enquiries
        before = found.older
        if before is None:
            return


def notices(enquiries: Sequence[Enquiry]) -> dict[int, list[Standing]]:
    """Return where the notices of each enquiry stand, oldest first, by its number."""
    return outbox.standings(notice.KIND, [enquiry.id for enquiry in enquiries])


def _on(shelf: Shelf | None) -> list[ColumnElement[bool]]:
    """Return what is true of an enquiry on the shelf, as the partial indexes say it."""
    if shelf is None:
        return []
    if shelf is Shelf.HELD:
        return [HELD]
    if shelf is Shelf.UNDELIVERED:
        return [OPEN, Enquiry.id.in_(undelivered.subjects(notice.KIND, clock.now()))]
    return [OPEN, Enquiry.stage == Stage(shelf.value)]


def _number(key: int) -> int:
    return max(0, min(key, LARGEST_NUMBER))


def _bounded(ids: Select[int], most: int) -> Select[int]:
    return select(func.count()).select_from(ids.limit(most + 1).subquery())


def _all(session: Session, asked: Asked | None, within: list[ColumnElement[bool]]) -> Select[int]:
    """Select the numbers of all that is asked for, by the index that knows them."""
    if asked is None or asked.reference:
        plain = select(Enquiry.id).where(*within)
        return plain.where(Enquiry.reference == asked.reference) if asked else plain
    return lookup.matching(session, asked.words, within)


def _list_ids(
    session: Session, asked: Asked | None, within: list[ColumnElement[bool]], limit: int, *, upwards: bool
) -> list[int]:
    """List the first numbers, from the newest or upwards from the oldest."""

    def first(ids: Select[int], most: int) -> Select[int]:
        (key,) = ids.selected_columns
        return ids.order_by(key.asc() if upwards else key.desc()).limit(most)

    if asked is None or asked.reference:
        return list(session.scalars(first(_all(session, asked, within), limit)))
    if not asked.words:
        return []
    near = first(select(Enquiry.id).where(*within), _NEAR * limit)
    found = list(session.scalars(first(lookup.among(session, near, asked.words), limit)))
    if len(found) == limit:
        return found
    # Apart, so that no database orders what it has not sought yet.
    hits = _all(session, asked, within).cte("hits").prefix_with("MATERIALIZED")
    return list(session.scalars(first(select(hits.c.id), limit)))

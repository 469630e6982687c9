"""How each database finds the enquiries that have words.

What is asked here is kept by the databases themselves, each in its own way: migration 0008.
"""

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    cast,
    column,
    exists,
    literal_column,
    or_,
    select,
    table,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import Session

from flexsmt_site.contact.models import Enquiry
from flexsmt_site.contact.words import Word

_WORD = table("enquiry_word", column("enquiry_id"), column("word"))
_WORDS = literal_column("enquiry.words", TSVECTOR).label("words")
#: No word holds the last of all signs: what begins with a word stands before that word with this.
_LAST = "\U0010ffff"


def matching(session: Session, words: Sequence[Word], within: list[ColumnElement[bool]]) -> Select[int]:
    """Select the numbers of all enquiries that have all words and fit, each once, in no order."""
    if _is_postgres(session):
        return select(Enquiry.id).where(_contains(_WORDS.element, words), *within)
    # The longest word is likely to be the rarest, and its enquiries alone are looked at.
    longest = max(words, key=lambda word: len(word.beginning))
    hits = union_all(*(select(_WORD.c.enquiry_id).where(one) for one in _ways(longest))).subquery()
    rest = [word for word in words if word is not longest]
    found = select(hits.c.enquiry_id.label("id")).where(_has(hits.c.enquiry_id, rest)).distinct()
    # Not joined: SQLite would begin with a whole shelf, and seek the words of all that is on it.
    return found.where(exists().where(Enquiry.id == hits.c.enquiry_id, *within)) if within else found


def among(session: Session, enquiries: Select[int], words: Sequence[Word]) -> Select[int]:
    """Select the numbers of those of a few enquiries that have all words, one enquiry at a time."""
    if _is_postgres(session):
        few = enquiries.add_columns(_WORDS).subquery()
        return select(few.c.id).where(_contains(few.c.words, words))
    few = enquiries.subquery()
    return select(few.c.id).where(_has(few.c.id, words))


def _is_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _contains(kept: ColumnElement[str], words: Sequence[Word]) -> ColumnElement[bool]:
    # Words have neither quotes nor backslashes: nothing in them is an operator.
    parts = (" | ".join([f"'{word.beginning}':*", *map("'{}'".format, word.countries)]) for word in words)
    query = " & ".join(f"({part})" for part in parts)
    return kept.bool_op("@@")(cast(query, TSQUERY))


def _has(number: ColumnElement[int], words: Sequence[Word]) -> ColumnElement[bool]:
    each = (exists().where(_WORD.c.enquiry_id == number, or_(*_ways(word))) for word in words)
    return and_(true(), *each)


def _ways(word: Word) -> list[ColumnElement[bool]]:
    begins = and_(_WORD.c.word >= word.beginning, _WORD.c.word < word.beginning + _LAST)
    return [begins, _WORD.c.word.in_(word.countries)] if word.countries else [begins]

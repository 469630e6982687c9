"""Who changed words is forgotten when its time has come; the words stay as they are."""

from datetime import datetime

from sqlalchemy import select, update

from flexsmt_site import database
from flexsmt_site.language.models import Edit, Release, Step

#: What is changed of each table in one transaction: other writers wait for its end.
_AT_ONCE = 500
_SIGNED = (
    (Edit, Edit.id, Edit.made),
    (Step, Step.id, Step.taken),
    (Release, Release.number, Release.published),
)


def forget_authors(before: datetime) -> None:
    """Take the numbers of members off what was done before a moment, 500 rows of each kind at a time.

    Raises ``DatabaseUnavailable``.
    """
    due = [
        (table, key, select(key).where(moment < before, table.author.is_not(None)).limit(_AT_ONCE))
        for table, key, moment in _SIGNED
    ]
    with database.read() as session:
        is_clean = all(session.scalar(query.limit(1)) is None for _table, _key, query in due)
    if not is_clean:
        with database.write() as session:
            for table, key, query in due:
                session.execute(update(table).where(key.in_(query)).values(author=None))

"""Tables filled to measure: rows written straight to them, all from one frozen mail and one enquiry."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Insert, String, cast, delete, func, insert, literal, select, update

from flexsmt_site import clock, database
from flexsmt_site.contact.models import Arrival, Enquiry
from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State
from tests.bench.places import POSTGRESQL
from tests.contact.form import FILLED_IN, token

_CHUNK = 1000
#: Less than what is kept of a network.
_COUNTED = timedelta(hours=40)


@dataclass(frozen=True)
class Pile:
    """That many mails in one state, due since or from a moment relative to the filling."""

    count: int
    state: State = State.QUEUED
    due: timedelta = timedelta(minutes=-10)


@contextmanager
def opened(site: Flask) -> Iterator[None]:
    """Work inside the site, and leave no session of the database behind."""
    with site.app_context():
        yield
        db.session.remove()


def first_notice(site: Flask) -> dict[str, Any]:
    """Send the contact form once and take the row of its notice out: a mail as the house really writes it."""
    host = site.extensions["flexsmt_settings"].base_url
    with opened(site):
        form = {**FILLED_IN, "form_token": token()}
        # What the site says of it would stand between the figures.
        with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
            answer = site.test_client().post("/en/contact", data=form, base_url=host)
        if answer.status_code != 303:
            raise RuntimeError(f"the contact form answered {answer.status_code}")
        table = Mail.__table__
        with db.engine.connect() as connection:
            row = dict(connection.execute(select(table).order_by(table.c.id)).mappings().all()[0])
        with database.write() as session:
            session.execute(delete(Mail))
    del row["id"]
    return row


def fill(site: Flask, row: dict[str, Any], piles: list[Pile], name: str = "") -> None:
    """Add copies of a mail; accepted ones have lost their bytes, as in life."""
    with opened(site):
        now = clock.now()
        for number, pile in enumerate(piles):
            rows = [_copy(row, pile, f"{name}{number}.{key}", now, key) for key in range(pile.count)[:_CHUNK]]
            rest = pile.count - len(rows)
            with database.write() as session:
                session.execute(insert(Mail), rows)
                if rest:
                    session.execute(_more(f"bench:{name}{number}.%", rest))
        vacuum()


def _more(pattern: str, wanted: int) -> Insert:
    """Let the database itself multiply the rows that are there: a hundred thousand would take minutes."""
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n <= wanted // _CHUNK))
    same = [column for column in Mail.__table__.c if column.name not in {"id", "dedupe_key", "message_id"}]
    tail = literal(".").concat(cast(numbers.c.n, String))
    copies = select(Mail.dedupe_key + tail, Mail.message_id + tail, *same)
    copies = copies.join_from(Mail, numbers, literal(value=True)).where(Mail.dedupe_key.like(pattern))
    return insert(Mail).from_select(["dedupe_key", "message_id", *same], copies.limit(wanted))


def fill_enquiries(site: Flask, rows: int) -> None:
    """Add copies of the newest enquiry, a minute apart; what is told apart by its number or text stays so.

    As many networks have been counted within two days.
    """
    table, now = Enquiry.__table__, clock.now()
    with opened(site):
        with db.engine.connect() as connection:
            newest = connection.execute(select(table).order_by(table.c.id.desc()).limit(1)).mappings().one()
        with database.write() as session:
            for first in range(0, rows, _CHUNK):
                numbers = range(first, min(first + _CHUNK, rows))
                session.execute(insert(Enquiry), [_older(dict(newest), number) for number in numbers])
                arrivals = [
                    {"network": _digest(number), "at": now - _COUNTED * (number + 1) / rows}
                    for number in numbers
                ]
                session.execute(insert(Arrival), arrivals)


def _older(row: dict[str, Any], number: int) -> dict[str, Any]:
    del row["id"]
    moment = row["received"] - timedelta(minutes=number + 1)
    changed = dict.fromkeys(("received", "last_activity", "agreed"), moment)
    digest = _digest(number)
    return {**row, **changed, "reference": f"B{number}", "token_nonce": digest[:32], "text_digest": digest}


def _digest(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def settle(site: Flask) -> None:
    """Give each mail a subject of its own, and let PostgreSQL do now what it does in its own time."""
    with opened(site):
        with database.write() as session:
            session.execute(update(Mail).values(subject_key=Mail.id))
        vacuum()


def vacuum() -> None:
    """Tidy PostgreSQL up: in the middle of a measurement it would not be fair."""
    if db.engine.dialect.name == POSTGRESQL.lower():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def count(site: Flask, state: State) -> int:
    """Count the mails in one state."""
    with opened(site), db.engine.connect() as connection:
        return connection.scalar(select(func.count()).where(Mail.state == state)) or 0


def _copy(row: dict[str, Any], pile: Pile, name: str, now: datetime, key: int) -> dict[str, Any]:
    moment = now + pile.due + timedelta(milliseconds=key)
    changed = {
        "dedupe_key": f"bench:{name}",
        "message_id": f"<{name}@bench.example.com>",
        "state": pile.state,
        "not_before": moment,
        "created": min(moment, now),
    }
    if pile.state is State.ACCEPTED:
        changed |= {"raw": None, "accepted": moment, "last_code": 250, "last_text": "2.0.0 Ok"}
    return {**row, **changed}

"""Enquiries and mails put straight into the database, as many as a test needs."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from flexsmt_site import clock, database
from flexsmt_site.contact import notice, rules
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State

#: Nothing that a search of a test asks for.
_PLAIN = {
    **dict.fromkeys(("first_name", "last_name", "company", "email", "city", "description"), "-"),
    "country": "DE",
    "source": "test",
    "language": "en",
    "subject": "",
    "signals": "",
    "digest": "",
    "policy_version": 1,
    "stage": rules.Stage.NEW,
    "version": 1,
}
_LONG_AGO = timedelta(days=1)


def row(**changes: Any) -> dict[str, Any]:
    """A row of the table of enquiries."""
    now = clock.now()
    return {
        **_PLAIN,
        **dict.fromkeys(("received", "last_activity", "agreed"), now),
        "reference": rules.reference(secrets.randbits(40)),
        "token_nonce": secrets.token_hex(16),
        **changes,
    }


def store(*rows: dict[str, Any]) -> list[int]:
    """Store enquiries with these values in one transaction; returns their numbers. Needs an app context."""
    with database.write() as session:
        # One by one: the number of each is known.
        return [session.scalars(insert(Enquiry).returning(Enquiry.id), row(**one)).one() for one in rows]


def notify(number: int, state: State, *, waited: timedelta = _LONG_AGO, kind: str = notice.KIND) -> None:
    """Put a mail about an enquiry that is in this state, and was put so long ago."""
    created: datetime = clock.now() - waited
    name = secrets.token_hex(8)
    with database.write() as session:
        session.add(
            Mail(
                kind=kind,
                dedupe_key=name,
                message_id=name,
                subject_key=number,
                sender="a@example.com",
                recipient="b@example.com",
                raw=None,
                raw_sha256="",
                state=state,
                priority=1,
                not_before=created,
                created=created,
                expires=created + timedelta(days=5),
            )
        )

"""A mail server that outlives every relay, and what makes a queue whole after relays have died."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from hashlib import sha256

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session as DatabaseSession

from flexsmt_site import clock, database
from flexsmt_site.config import settings
from flexsmt_site.extensions import db
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import WAITING, State
from flexsmt_site.outbox.transport import Connection, Limits

#: A lease and the doubt after it may end one after the other; more rounds than these would be a loop.
ROUNDS = 5


class Mailroom:
    """Takes every mail, over real SMTP, and keeps each copy under its Message-ID."""

    def __init__(self) -> None:
        self.copies: dict[str, list[bytes]] = defaultdict(list)
        self.taken = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.original_content or b""
        self.copies[str(message_from_bytes(raw)["Message-ID"])].append(raw)
        self.taken += 1
        return "250 Taken"

    def has_taken(self, count: int) -> bool:
        return self.taken >= count

    @property
    def doubles(self) -> int:
        """How many copies there are beyond the first of each mail."""
        return self.taken - len(self.copies)

    @contextmanager
    def open(self) -> Iterator[Catcher]:
        with Catcher(self) as running:
            yield running

    def is_whole(self) -> bool:
        """Tell whether every mail of the outbox came, as it was written, and none that it does not hold."""
        written = {mail.message_id: mail.raw_sha256 for mail in rows()}
        came = {name: {sha256(raw).hexdigest() for raw in raws} for name, raws in self.copies.items()}
        return came == {name: {digest} for name, digest in written.items()}


def rows() -> list[Mail]:
    """The outbox as it is."""
    with DatabaseSession(db.engine) as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


def age(*whose: ColumnElement[bool]) -> None:
    """Let the time pass that leases, doubts and waits take, for all mails or for some."""
    past = clock.now() - timedelta(seconds=1)
    with database.write() as session:
        leased = update(Mail).where(Mail.lease_until.is_not(None), *whose)
        session.execute(leased.values(lease_until=past))
        session.execute(update(Mail).where(Mail.state == State.QUEUED, *whose).values(not_before=past))


def recover(server: Catcher) -> None:
    """Carry what dead relays have left, as a relay does that finds their leases ended."""
    relay = fresh_relay(server)
    for _ in range(ROUNDS):
        age()
        assert relay.drain()
        if not any(mail.state in WAITING for mail in rows()):
            return
    raise AssertionError(f"mails still wait after {ROUNDS} rounds: {[mail.state for mail in rows()]}")


def fresh_relay(server: Catcher) -> Relay:
    return Relay(lambda: Connection(server.target, "localhost", Limits()), settings().data_dir)

"""A process of its own, as web workers and relays are: ``worker.py increments|claims|relay``."""

import sys
from datetime import timedelta

from sqlalchemy import select

from flexsmt_site import clock, create_app, database
from flexsmt_site.config import Settings, settings
from flexsmt_site.outbox import kinds, lease
from flexsmt_site.outbox.catcher import Catcher, Keeper
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.transport import Connection, Limits
from tests.patience import be_patient


def increments() -> None:
    """Read and then write one number, a hundred times."""
    for _ in range(100):
        with database.write() as session:
            mail = session.scalars(select(Mail).where(Mail.id == 1).with_for_update()).one()
            mail.attempts += 1


def claims() -> None:
    """Claim all there is, a few at a time, and name it."""
    owner = f"worker-{sys.argv[2]}"
    while mails := lease.claim(owner, clock.now(), limit=7):
        print(*(mail.id for mail in mails))  # noqa: T201


def relay() -> None:
    """Carry all there is to a catcher."""
    folder = settings().data_dir
    with Catcher(Keeper(folder / "mail")) as catcher:
        sending = Relay(lambda: Connection(catcher.target, "localhost", Limits()), folder)
        if not sending.drain():
            sys.exit(sending.trouble)


if __name__ == "__main__":
    be_patient()
    kinds.declare(kinds.Kind("letter", 1, timedelta(days=5), "resend", lambda _session, keys: keys))
    with create_app(Settings.from_env()).app_context():
        {"increments": increments, "claims": claims, "relay": relay}[sys.argv[1]]()

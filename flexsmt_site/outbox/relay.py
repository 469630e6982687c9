"""Carries mails from the outbox to the mail server, one round after the other.

Any number of relays may run beside each other. No database transaction is open while a server is
spoken to. Log lines are JSON and name mails by their id: no address, no text.
"""

import json
import logging
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from flexsmt_site import clock
from flexsmt_site.outbox import heartbeat, lease, rules
from flexsmt_site.outbox.lease import Claimed, LeaseLost
from flexsmt_site.outbox.rules import Answer, State
from flexsmt_site.outbox.transport import Connection, Unreachable

log = logging.getLogger("flexsmt.relay")
chance = secrets.SystemRandom()


@dataclass(frozen=True)
class Pace:
    """How fast a relay works and how long it rests; tests pass shorter times."""

    poll: timedelta = timedelta(seconds=1)
    first_pause: timedelta = timedelta(seconds=30)
    longest_pause: timedelta = timedelta(minutes=15)
    connection_life: timedelta = timedelta(seconds=30)
    connection_mails: int = 100
    batch: int = 20


class Relay:
    """One relay: it owns a connection, its claims, and a breaker for faults of our own."""

    def __init__(self, connect: Callable[[], Connection], data_dir: Path, pace: Pace | None = None) -> None:
        """Send over what ``connect`` makes; beat in ``data_dir``."""
        self.connect = connect
        self.data_dir = data_dir
        self.pace = pace or Pace()
        self.owner = _new_owner()
        self.stopping = Event()
        self.trouble = ""
        self.beats = True
        self.faults = 0
        self.open_until: datetime | None = None
        self.connection: Connection | None = None
        self.connected = clock.now()

    def run(self) -> None:
        """Work until ``stopping`` is set: the mail at hand is finished, the rest given back."""
        _say("relay.started", owner=self.owner)
        while not self.stopping.is_set():
            try:
                while self.round():
                    pass
            except Exception as error:  # noqa: BLE001 (the outermost loop: the next round may do better)
                self._start_over(error)
            self.stopping.wait(self.pace.poll.total_seconds())
        self.close()
        _say("relay.stopped", owner=self.owner)

    def drain(self) -> bool:
        """Send all that is due and return; False when a fault of our own is in the way."""
        while self.round():
            pass
        self.close()
        return not self.trouble

    def round(self) -> bool:
        """Claim and send one batch; True when there may be more to do at once."""
        now = clock.now()
        self._beat(now)
        if self.stopping.is_set() or (self.open_until and now < self.open_until):
            return False
        if not lease.is_due(now):
            # A server closes an idle link in its own time: better at a moment of ours.
            self.close()
            return False
        for mail in lease.claim(self.owner, now, self.pace.batch):
            if self.stopping.is_set() or not self._carry(mail):
                lease.release(self.owner)
                return False
        return True

    def close(self) -> None:
        """Say goodbye to the server."""
        if self.connection:
            self.connection.__exit__(None, None, None)
            self.connection = None

    def _beat(self, now: datetime) -> None:
        """Give a sign of life; a full disk, which takes none, must not stop mail."""
        try:
            heartbeat.beat(self.data_dir, now, self.trouble)
        except OSError as error:
            if self.beats:
                # Once, not each second: the disk is full already.
                _say("relay.no_heartbeat", error=error.strerror)
            self.beats = False
        else:
            self.beats = True

    def _start_over(self, error: Exception) -> None:
        """Leave what this owner holds to the end of its leases, and go on under another name."""
        _say("relay.error", error=type(error).__name__)
        self.close()
        self.owner = _new_owner()

    def _carry(self, mail: Claimed) -> bool:
        """Send one mail and settle it; False when the fault is ours and the rest must wait."""
        self._beat(clock.now())
        try:
            connection = self._connected()
        except Unreachable as fault:
            return self._rest(mail, fault.reason, fault.code)
        try:
            answer = connection.deliver(
                mail.sender,
                mail.recipient,
                mail.raw,
                lambda: lease.mark_in_data(mail.id, self.owner, clock.now()),
            )
        except LeaseLost:
            _say("mail.lease_lost", mail=mail.id)
            self._tidy()
            return True
        return self._settle(mail, answer)

    def _settle(self, mail: Claimed, answer: Answer) -> bool:
        now = clock.now()
        fate = rules.fate(answer, mail.course, now, chance.random())
        if not fate.attempted:
            self.close()
            return self._rest(mail, "refused", answer.code)
        self.faults, self.trouble = 0, ""
        lease.settle(mail.id, self.owner, fate, now)
        _say("mail.settled", mail=mail.id, kind=mail.kind, state=fate.state, code=answer.code)
        if fate.state is not State.ACCEPTED:
            self._tidy(silent=answer.code is None)
        return True

    def _rest(self, mail: Claimed, reason: str, code: int | None) -> bool:
        """Open the breaker: this mail goes behind the others and loses no attempt."""
        self.faults += 1
        self.trouble = reason
        now = clock.now()
        self.open_until = now + rules.pause_after(self.faults, self.pace.first_pause, self.pace.longest_pause)
        answer = Answer(rules.Step.SENDER, code, reason)
        fate = rules.Fate(State.QUEUED, self.open_until, attempted=False, answer=answer)
        lease.settle(mail.id, self.owner, fate, now)
        self._beat(now)
        _say("relay.breaker_open", reason=reason, code=code, until=self.open_until.isoformat())
        return False

    def _connected(self) -> Connection:
        """Give the connection at hand, or a fresh one when that has served long enough."""
        now = clock.now()
        if self.connection and (
            now - self.connected > self.pace.connection_life
            or self.connection.num_emails >= self.pace.connection_mails
        ):
            self.close()
        if self.connection is None:
            self.connection, self.connected = self.connect().__enter__(), now
        self.connection.num_emails += 1
        return self.connection

    def _tidy(self, *, silent: bool = False) -> None:
        if silent or (self.connection and not self.connection.reset()):
            self.close()


def _new_owner() -> str:
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"


def _say(event: str, **facts: object) -> None:
    log.info(json.dumps({"at": clock.now().isoformat(timespec="milliseconds"), "event": event, **facts}))

"""Carries mails from the outbox to the mail server, one round after the other.

Any number of relays may run beside each other. No database transaction is open while a server is
spoken to.
"""

import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from flexsmt_site import clock, database, events
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.outbox import chores, lease, rules
from flexsmt_site.outbox.heartbeat import Heart
from flexsmt_site.outbox.lease import Claimed, LeaseLost
from flexsmt_site.outbox.rules import Answer, State
from flexsmt_site.outbox.transport import Connection, Unreachable

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
    chores: timedelta = timedelta(minutes=1)
    #: How long the outcome of a mail is held while the database is gone: less than its lease.
    insistence: timedelta = timedelta(minutes=4)
    last_words: timedelta = timedelta(seconds=5)


class Relay:
    """One relay: it owns a connection, its claims, and a breaker for faults of our own."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        data_dir: Path,
        pace: Pace | None = None,
        wait: Callable[[Event, float], object] = Event.wait,
    ) -> None:
        """Send over what ``connect`` makes; beat in ``data_dir``; between rounds, ``wait``."""
        self.connect = connect
        self.heart = Heart(data_dir)
        self.pace = pace or Pace()
        self.wait = wait
        self.owner = _new_owner()
        self.stopping = Event()
        self.trouble = ""
        self.faults = 0
        # Moments of the steady clock: a clock that is set must neither hurry nor hold the relay.
        self.open_until = 0.0
        self.connected = 0.0
        self.leased = 0.0
        self.next_chores = 0.0
        self.connection: Connection | None = None
        self.begin: lease.Begin = database.writing

    def run(self) -> None:
        """Work until ``stopping`` is set: the mail at hand is finished, the rest given back."""
        events.say("relay.started", owner=self.owner)
        while not self.stopping.is_set():
            try:
                while self.round():
                    self.do_chores()
                self.do_chores()
            except Exception as error:  # noqa: BLE001 (the outermost loop: the next round may do better)
                self._start_over(error)
            self.wait(self.stopping, self.pace.poll.total_seconds())
        self.close()
        events.say("relay.stopped", owner=self.owner)

    def drain(self) -> bool:
        """Send all that is due and return; False when a fault of our own is in the way."""
        try:
            while self.round():
                pass
        except Exception as error:
            self._start_over(error)
            raise
        self.close()
        return not self.trouble

    def round(self) -> bool:
        """Claim and send one batch; True when there may be more to do at once."""
        now = clock.now()
        self.heart.beat(self.trouble)
        if self.stopping.is_set() or clock.elapsed() < self.open_until:
            return False
        if not lease.is_due(now):
            self._idle()
            return False
        self.leased = began = clock.elapsed()
        mails = lease.claim(self.owner, now, self.pace.batch)
        with database.single_writes() as self.begin:
            for mail in mails:
                if self.stopping.is_set() or not self._carry(mail):
                    lease.release(self.owner)
                    return False
                if clock.elapsed() - began > self.pace.chores.total_seconds():
                    # A slow server: whoever has to be told of it must not wait for the whole batch.
                    lease.release(self.owner)
                    return True
        return True

    def close(self) -> None:
        """Say goodbye to the server."""
        if self.connection:
            self.connection.__exit__(None, None, None)
            self.connection = None

    def do_chores(self) -> None:
        """Run what features have left to the relay, when it is time and nobody has told it to stop."""
        if not self.stopping.is_set() and clock.elapsed() >= self.next_chores:
            self.next_chores = clock.elapsed() + self.pace.chores.total_seconds()
            chores.run(chores.Round(clock.now(), self.trouble, self.connect))

    def _idle(self) -> None:
        """Look whether the server is back, if it was in trouble and nothing is left to find out by."""
        if self.trouble:
            try:
                self._connected()
            except Unreachable as fault:
                self._pause(fault.reason, fault.code)
                return
            self.trouble = ""
        # A server closes an idle link in its own time: better at a moment of ours.
        self.close()

    def _start_over(self, error: Exception) -> None:
        """Give back what has not begun to leave, and go on under another name.

        What was leaving is left to the end of its lease.
        """
        events.say("relay.error", error=type(error).__name__)
        self.close()
        with suppress(DatabaseUnavailable):
            lease.release(self.owner)
        self.owner = _new_owner()

    def _carry(self, mail: Claimed) -> bool:
        """Send one mail and settle it; False when the fault is ours and the rest must wait."""
        self.heart.beat(self.trouble)
        try:
            connection = self._connected()
        except Unreachable as fault:
            return self._rest(mail, fault.reason, fault.code)
        try:
            answer = connection.deliver(
                mail.sender,
                mail.recipient,
                mail.raw,
                lambda: self._mark(mail),
            )
        except LeaseLost:
            events.say("mail.lease_lost", mail=mail.id)
            self._tidy()
            return True
        return self._settle(mail, answer)

    def _mark(self, mail: Claimed) -> None:
        if clock.elapsed() - self.leased > lease.FRESH.total_seconds():
            self.leased = clock.elapsed()
            lease.renew(self.owner, clock.now())
        lease.mark_in_data(mail.id, self.owner, clock.now(), self.begin)

    def _settle(self, mail: Claimed, answer: Answer) -> bool:
        now = clock.now()
        fate = rules.fate(answer, mail.course, now, chance.random())
        if not fate.attempted:
            self.close()
            reason = answer.text if answer.step is rules.Step.LINK else "refused"
            return self._rest(mail, reason, answer.code)
        self.faults, self.trouble = 0, ""
        is_mine = self._write_down(mail, fate, now)
        event = "mail.settled" if is_mine else "mail.lease_lost"
        events.say(event, mail=mail.id, kind=mail.kind, state=fate.state, code=answer.code)
        if fate.state is not State.ACCEPTED:
            self._tidy(silent=answer.code is None)
        return True

    def _write_down(self, mail: Claimed, fate: rules.Fate, now: datetime) -> bool:
        """Settle a mail, also over a while without a database; False when it was no longer ours."""
        began = clock.elapsed()
        while True:
            try:
                return lease.settle(mail.id, self.owner, fate, now, self.begin)
            except DatabaseUnavailable:
                patience = self.pace.last_words if self.stopping.is_set() else self.pace.insistence
                if clock.elapsed() - began > patience.total_seconds():
                    raise
                self.heart.beat(self.trouble)
                # Not the event's own wait, which would return at once after SIGTERM.
                Event().wait(self.pace.poll.total_seconds())

    def _rest(self, mail: Claimed, reason: str, code: int | None) -> bool:
        """Open the breaker: this mail goes behind the others and loses no attempt."""
        now = clock.now()
        # A little later than the pause ends: else an urgent mail that is the cause would go first for ever.
        until = now + self._pause(reason, code) + 5 * self.pace.poll
        answer = Answer(rules.Step.LINK, code, reason)
        self._write_down(mail, rules.Fate(State.QUEUED, until, attempted=False, answer=answer), now)
        return False

    def _pause(self, reason: str, code: int | None) -> timedelta:
        """Leave the server alone for a while, longer with each fault in a row."""
        self.faults += 1
        self.trouble = reason
        pause = rules.pause_after(self.faults, self.pace.first_pause, self.pace.longest_pause)
        self.open_until = clock.elapsed() + pause.total_seconds()
        # Whoever has to be told is told at once.
        self.next_chores = 0.0
        self.heart.beat(self.trouble)
        events.say("relay.breaker_open", reason=reason, code=code, seconds=round(pause.total_seconds()))
        return pause

    def _connected(self) -> Connection:
        """Give the connection at hand, or a fresh one when that has served long enough."""
        now = clock.elapsed()
        if self.connection and (
            now - self.connected > self.pace.connection_life.total_seconds()
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

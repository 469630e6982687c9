"""How fast the relay empties an outbox, beside smtplib that only sends the same bytes."""

import os
import smtplib
import time
from collections.abc import Iterator
from contextlib import closing, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import select

from flexsmt_site.config import Settings
from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.transport import Connection, Limits
from flexsmt_site.smtp_url import Security, SmtpTarget
from tests.bench import places, programs, stock
from tests.bench.figures import Benchmark, Limit, Row
from tests.bench.stock import Pile

_LIMIT = Limit(0.60, is_floor=True)
_COMMITS = (
    "UPDATE outbox SET state = 'sending', phase = 'in_data' WHERE id = %s",
    "UPDATE outbox SET state = 'accepted', phase = NULL, raw = NULL WHERE id = %s",
)


@dataclass(frozen=True)
class Counts:
    """How many mails in each round; the first round of each is not measured."""

    mails: int = 200
    rounds: int = 9


def measure(counts: Counts | None = None) -> Iterator[Row]:
    """Measure on each database against one sink."""
    counts = counts or Counts()
    for kind in places.DATABASES:
        try:
            with places.folder() as folder, programs.sink(folder) as port, places.site(kind) as app:
                yield from _beside(kind, app, port, counts)
        except places.Missing as missing:
            yield Row(f"{kind}", None, conditions=str(missing))


def _beside(kind: str, app: Flask, port: int, counts: Counts) -> Iterator[Row]:
    row = stock.first_notice(app)
    rates: dict[str, list[float]] = {"relay": [], "bare": [], "plain": []}
    for number in range(counts.rounds + 1):
        for name, send in (("relay", _carry), ("bare", _send_with_commits)):
            stock.fill(app, row, [Pile(counts.mails)], name=f"{name}{number}.")
            rates[name].append(counts.mails / send(app, port))
        rates["plain"].append(counts.mails / _send(row, port, counts.mails))
        if stock.count(app, State.ACCEPTED) != 2 * counts.mails * (number + 1):
            raise RuntimeError("mails were left behind")
    ours, bare, plain = (rate[1:] for rate in rates.values())
    setting = f"{counts.rounds} rounds of {counts.mails} mails of {len(row['raw']):,} bytes"
    yield _row(f"{kind}: relay against smtplib", ours, plain, setting, _LIMIT)
    yield _row(f"{kind}: relay against smtplib with two bare commits for each mail", ours, bare, setting)


def _row(name: str, ours: list[float], theirs: list[float], setting: str, limit: Limit | None = None) -> Row:
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    conditions = (
        f"{median(ours):,.0f} mails a second against {median(theirs):,.0f}; {setting}, "
        f"from {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return Row(name, median(ratios), "×", limit, conditions)


def _carry(app: Flask, port: int) -> float:
    """Let a relay empty the outbox; returns the seconds."""
    target = SmtpTarget(Security.PLAIN, "127.0.0.1", port)
    here: Settings = app.extensions["flexsmt_settings"]
    # Its log lines are part of the work, and go where a service's go.
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere), stock.opened(app):
        relay = Relay(lambda: Connection(target, "localhost", Limits()), here.data_dir)
        began = time.perf_counter()
        is_done = relay.drain()
        seconds = time.perf_counter() - began
    if not is_done:
        raise RuntimeError(f"the relay could not send: {relay.trouble}")
    return seconds


def _send_with_commits(app: Flask, port: int) -> float:
    """Send what is queued with the least that a promise costs: a mark before, a mark after; the seconds."""
    with stock.opened(app):
        with db.engine.connect() as connection:
            queued = connection.execute(
                select(Mail.id, Mail.sender, Mail.recipient, Mail.raw).where(Mail.state == State.QUEUED)
            ).all()
        fairy = db.engine.raw_connection()
        link: Any = fairy.driver_connection
        fairy.detach()
        if db.engine.dialect.name == "postgresql":
            link.autocommit = True
        sign = "?" if db.engine.dialect.paramstyle == "qmark" else "%s"
        before, after = (update.replace("%s", sign) for update in _COMMITS)
        began = time.perf_counter()
        with closing(link), smtplib.SMTP("127.0.0.1", port, "localhost") as server:
            for mail in queued:
                link.execute(before, (mail.id,))
                server.sendmail(mail.sender, [mail.recipient], mail.raw)
                link.execute(after, (mail.id,))
        return time.perf_counter() - began


def _send(row: dict[str, Any], port: int, mails: int) -> float:
    """Send the same bytes over one connection; returns the seconds."""
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port, "localhost") as server:
        for _ in range(mails):
            server.sendmail(row["sender"], [row["recipient"]], row["raw"])
    return time.perf_counter() - began


BENCHMARK = Benchmark(
    "relay",
    "Mails a second",
    """An outbox of frozen notices is emptied by the relay (`Relay.drain()`: claim, mark, send, settle, log)
over one connection at a time to Postfix's `smtp-sink`, and smtplib sends the same bytes over one
connection to the same sink, in turn. The figure is the median of the rounds' ratios. Each second row
compares with a loop that does nothing else but mark each mail before and after it with one committed
UPDATE through the bare driver: what a mail that is neither lost nor doubled costs at least, on this
disk. The sink answers at once from the same machine: a real mail server, which takes milliseconds for
each mail, hides most of what the relay does beside.""",
    measure,
    goal=11,
)

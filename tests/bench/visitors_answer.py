"""What a visitor waits for while the mail server is well, refuses, is slow or is silent."""

import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from flexsmt_site.contact.models import Enquiry
from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail
from tests.bench import places, programs, stock
from tests.bench.figures import Benchmark, Limit, Row, ratio, spread
from tests.contact.form import FILLED_IN, token
from tests.ports import free_port

#: How late the mail server of a site answers, in seconds; None where nothing listens on its port.
SERVERS: dict[str, str | None] = {"well": "0", "refused": None, "slow": "5", "silent": "never"}
SICK = {
    "refused": "nothing listens",
    "slow": "5 s for each reply",
    "silent": "connects and says nothing",
}
POST = "POST /en/contact"
ASKED = (POST, "GET /en/contact", "GET /en/", "GET /en/privacy")
_LIMIT = Limit(1.2)
_NONE = Limit(0)
_PATIENCE_SECONDS = 200.0


@dataclass(frozen=True)
class Counts:
    """How often each site is written to, and between that read; some rounds before are not measured."""

    rounds: int = 100
    warming: int = 8
    reads: int = 3
    recovery: bool = True


@dataclass
class Served:
    """One running site, with what its visitor measured and was told."""

    kind: str
    state: str
    app: Flask
    port: int
    smtp_port: int
    process: subprocess.Popen[bytes]
    seconds: dict[str, list[float]] = field(default_factory=lambda: {what: [] for what in ASKED})
    references: list[str] = field(default_factory=list)

    def ask(self, what: str) -> None:
        """Ask for one page, as a visitor with a connection of his own."""
        method, path = what.split()
        form = self.form() if method == "POST" else None
        began = time.perf_counter()
        self.send(method, path, form)
        self.seconds[what].append(time.perf_counter() - began)

    def form(self) -> str:
        """Fill in a form of its own; its page was shown a while ago."""
        text = f"Enquiry {len(self.references)} of the site whose mail server is {self.state}"
        with stock.opened(self.app):
            return urlencode({**FILLED_IN, "description": text, "form_token": token()})

    def send(self, method: str, path: str, form: str | None = None) -> str:
        """Send one request; returns the reference of an enquiry that was taken."""
        headers = {"Host": programs.HOST, "Origin": f"https://{programs.HOST}"}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, form, headers)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        if answer.status != (303 if form else 200):
            raise RuntimeError(f"{method} {path} was answered {answer.status}")
        if form:
            self.references.append(answer.headers["Location"].rpartition("/")[2])
        return self.references[-1] if form else ""


def measure(counts: Counts | None = None) -> Iterator[Row]:
    """Start all sites, ask them in turn, then let the servers that refused come up."""
    counts = counts or Counts()
    with ExitStack() as stack:
        sites: list[Served] = []
        for kind in places.DATABASES:
            try:
                sites += [_served(stack, kind, state) for state in SERVERS]
            except places.Missing as missing:
                yield Row(f"{kind}", None, conditions=str(missing))
        for site in sites:
            # All at once, then each is waited for: to end takes a site seconds.
            stack.callback(site.process.terminate)
        _ask_all(sites, counts)
        for kind in dict.fromkeys(site.kind for site in sites):
            yield from _ratios({site.state: site for site in sites if site.kind == kind})
        if counts.recovery:
            yield from _afterwards(stack, [site for site in sites if site.state == "refused"])


def _served(stack: ExitStack, kind: str, state: str) -> Served:
    app = stack.enter_context(places.site(kind))
    smtp_port, delay = free_port(), SERVERS[state]
    if delay is not None:
        stack.enter_context(programs.mail_server(_folder(app), smtp_port, delay))
    port, process = stack.enter_context(programs.served(app, smtp_port))
    return Served(kind, state, app, port, smtp_port, process)


def _ask_all(sites: list[Served], counts: Counts) -> None:
    """Ask every page of every site in each round; who comes first is drawn, so that nobody always follows."""
    order = random.Random(1)
    for number in range(counts.warming + counts.rounds):
        if number == counts.warming:
            for site in sites:
                site.seconds = {what: [] for what in ASKED}
        for what in (POST, *ASKED[1:] * counts.reads):
            for site in order.sample(sites, len(sites)):
                site.ask(what)


def _ratios(sites: dict[str, Served]) -> Iterator[Row]:
    well = sites["well"]
    for what in ASKED:
        usual = well.seconds[what]
        for state, how in SICK.items():
            times = sites[state].seconds[what]
            conditions = f"{spread(times)} against {spread(usual)}; {len(usual)} each"
            name = f"{well.kind}, {what}: mail server {state} ({how}) against well"
            yield Row(name, ratio(times, usual), "×", _LIMIT, conditions)


def _afterwards(stack: ExitStack, sites: list[Served]) -> Iterator[Row]:
    """Send a form twice, let the mail server come up where there was none, and count what arrives."""
    taken: dict[str, Path] = {}
    for site in sites:
        form = site.form()
        for _ in range(2):
            site.send("POST", "/en/contact", form)
        taken[site.kind] = stack.enter_context(programs.mail_server(_folder(site.app), site.smtp_port, "0"))
    began = time.monotonic()
    for site in sites:
        stored, owed = _stored(site.app)
        # Whoever waits in vain for the last one finds in the rows how many are missing.
        with suppress(TimeoutError):
            programs.until(
                partial(_has, taken[site.kind], len(owed)), "notices are missing", _PATIENCE_SECONDS
            )
        waited = time.monotonic() - began
        conditions = f"{len(stored)} enquiries, {len(owed)} notices, {waited:.0f} s after the server came up"
        for what, figure in differences(site.references, stored, owed, _lines(taken[site.kind])).items():
            yield Row(f"{site.kind}, mail server refused, then up: {what}", figure, "", _NONE, conditions)


def differences(answered: list[str], stored: set[str], owed: set[str], came: list[str]) -> dict[str, int]:
    """Count what should not be: references as they were answered, the last form sent twice, and notices."""
    arrived = Counter(came)
    return {
        "enquiries answered but not stored, or stored but not answered": len(set(answered) ^ stored),
        "further enquiries of a form sent twice": len(set(answered)) - len(answered) + 1,
        "notices that did not come by themselves": len(owed - arrived.keys()),
        "notices that came twice, or of nothing": arrived.total() - len(owed & arrived.keys()),
    }


def _stored(app: Flask) -> tuple[set[str], set[str]]:
    """Return all references, and what the mail server has to get: recipient and Message-ID of each."""
    with stock.opened(app), db.engine.connect() as connection:
        references = set(connection.scalars(select(Enquiry.reference)))
        mails = connection.execute(select(Mail.recipient, Mail.message_id).where(Mail.kind == "sales-notice"))
        return references, {f"{recipient} {message_id}" for recipient, message_id in mails}


def _has(kept: Path, count: int) -> bool:
    return len(_lines(kept)) >= count


def _lines(kept: Path) -> list[str]:
    return kept.read_text("utf-8").splitlines()


def _folder(app: Flask) -> Path:
    folder: Path = app.extensions["flexsmt_settings"].data_dir
    return folder


BENCHMARK = Benchmark(
    "answer",
    "A visitor's answer while mail is in trouble",
    """Four sites run side by side for each database (`flexsmt serve`: 2 web workers and the relay), alike but
for their mail server. One visitor asks all of them in turn, each time over a connection of his own; the
figure is the ratio of the medians of a sick site and the well one. Afterwards a mail server comes up
where none was, and what arrives is counted.""",
    measure,
)

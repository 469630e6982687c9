"""Hosts that serve one site, each on a loopback address of its own, and visitors who turn to any of them."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count, cycle
from threading import Event
from typing import Self
from urllib.parse import urlencode

from flask import Flask

from flexsmt_site.config import LANGUAGES, Settings
from tests.browser.live import until
from tests.contact.form import FILLED_IN, token
from tests.faults.crowd import HEADERS
from tests.faults.victims import Site, log_of, python

PATIENCE_SECONDS = 180
#: Between two requests of a visitor: the hosts are at work, and their machine has cores to start them again.
_REST_SECONDS = 0.03
_PAGES = ("", "contact", "privacy", "promises")


@dataclass(frozen=True)
class Answer:
    """What a visitor got, and of which host."""

    host: str
    status: int
    location: str
    language: str
    text: str


class Host(Site):
    """A web host: ``kill`` is as if its power went, and entering the context again starts it anew."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.address = settings.host

    def __enter__(self) -> Self:
        self.process = python(self.settings, "flexsmt_site.cli", "serve", "--no-relay", HOST=self.address)
        until(self._is_up, f"{self.address} does not start", seconds=60)
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            super().__exit__()

    def die(self) -> None:
        """End every process at the same moment, as far as one can be killed after another."""
        for pid in (self.process.pid, *self.servers(), *self.workers()):
            # Some end with the one that has started them.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, path: str, form: dict[str, str] | None = None, cookie: str = "") -> Answer:
        """Ask on a connection of its own; raises what a broken one raises."""
        link = HTTPConnection(self.address, self.settings.port, timeout=60)
        headers = HEADERS | ({"Cookie": cookie} if cookie else {})
        try:
            link.request("POST" if form else "GET", path, urlencode(form) if form else None, headers)
            got = link.getresponse()
            said = (got.headers.get("Location", ""), got.headers.get("Content-Language", ""))
            return Answer(self.address, got.status, *said, got.read().decode())
        finally:
            link.close()

    def _is_up(self) -> bool:
        assert self.process.poll() is None, log_of(self.settings).read_text()
        with suppress(OSError, HTTPException):
            return self.ask("/readyz").status == 200
        return False


@dataclass
class Guests:
    """Visitors of both languages, who read and write until ``leaving``; what they saw is counted.

    ``answered`` holds the reference of every form by its text, ``amiss`` whatever no visitor may see.
    """

    app: Flask
    hosts: list[Host]
    answered: dict[str, str] = field(default_factory=dict)
    served: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    amiss: list[str] = field(default_factory=list)
    leaving: Event = field(default_factory=Event)
    numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def visiting(self) -> Iterator[None]:
        """Let two of each language come; the context ends when the last one has left."""
        with ThreadPoolExecutor(2 * len(LANGUAGES)) as pool:
            coming = [pool.submit(self._visit, language) for language in (*LANGUAGES, *LANGUAGES)]
            try:
                yield
            finally:
                self.leaving.set()
            for visitor in coming:
                visitor.result()

    def has_come_to(self, written: int) -> bool:
        """Tell whether so many forms are answered."""
        return len(self.answered) >= written

    def _visit(self, language: str) -> None:
        turns = cycle(self.hosts)
        while not self.leaving.is_set():
            for page in _PAGES:
                self._expect(self._ask(turns, f"/{language}/{page}"), 200, language)
            sent_on = self._ask(turns, "/contact", cookie=f"lang={language}")
            if (sent_on.status, sent_on.location) != (302, f"/{language}/contact"):
                self.amiss.append(f"{sent_on.host} sent {language} on to {sent_on.location}")
            self._write(turns, language)

    def _write(self, turns: Iterator[Host], language: str) -> None:
        number = next(self.numbers)
        with self.app.app_context():
            text = f"Boards of type {number}: {number * 7 + 5} pieces"
            form = {**FILLED_IN, "description": text, "form_token": token(language)}
        answer = self._ask(turns, f"/{language}/contact", form)
        if answer.status == 303:
            self.answered[text] = answer.location.rpartition("/")[2]
            self._expect(self._ask(turns, answer.location), 200, language)
        else:
            self.amiss.append(f"{answer.host} answered a form with {answer.status}")

    def _ask(
        self, turns: Iterator[Host], path: str, form: dict[str, str] | None = None, cookie: str = ""
    ) -> Answer:
        """Ask the next host, and the one after it when the connection is lost."""
        time.sleep(_REST_SECONDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        for host in turns:
            try:
                answer = host.ask(path, form, cookie)
            except (OSError, HTTPException):
                self.lost[host.address] += 1
                assert time.monotonic() < deadline, f"no host answers {path}"
                continue
            self.served[host.address] += 1
            return answer
        raise AssertionError("there are no hosts")

    def _expect(self, answer: Answer, status: int, language: str) -> None:
        is_right = answer.language == language and f'<html lang="{language}"' in answer.text
        if answer.status != status or not is_right:
            self.amiss.append(f"{answer.host} answered {answer.status} in {answer.language}, not {language}")

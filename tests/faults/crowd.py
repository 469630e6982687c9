"""Visitors who write at once, and press the button again whenever no answer comes."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

from flexsmt_site import clock
from flexsmt_site.contact import service
from flexsmt_site.contact.models import Enquiry
from tests.contact.form import Form, token
from tests.ground.visitors import OWN

AT_ONCE = 4
PATIENCE_SECONDS = 60
RESPITE_SECONDS = 0.05
HEADERS = {
    "Host": OWN.partition("//")[2],
    "Origin": OWN,
    "Sec-Fetch-Site": "same-origin",
    "Content-Type": "application/x-www-form-urlencoded",
}


def filled_in(form: Form, count: int) -> dict[str, dict[str, str]]:
    """Forms as so many people fill them in, by their tokens; needs an app context."""
    forms = [
        form.filled_in(form_token=token(), description=f"Boards of type {number}: {number * 7 + 5} pieces")
        for number in range(count)
    ]
    return {one["form_token"]: one for one in forms}


def send(link: HTTPConnection, form: dict[str, str]) -> tuple[int, str]:
    """Send a form; return the status and the reference of an enquiry that was received."""
    link.request("POST", "/en/contact", urlencode(form), HEADERS)
    answer = link.getresponse()
    answer.read()
    return answer.status, answer.headers.get("Location", "").rpartition("/")[2]


@dataclass
class Crowd:
    """What is sent to a port, by form token, and what came of it.

    ``answered`` holds the references of what was answered "received", ``unanswered`` the moment at
    which a form was first left without an answer.
    """

    port: int
    sent: dict[str, dict[str, str]]
    answered: dict[str, str] = field(default_factory=dict)
    unanswered: dict[str, datetime] = field(default_factory=dict)
    at_work: list[Future[None]] = field(default_factory=list)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let all of them write; the context ends when the last one has an answer."""
        forms = list(self.sent.values())
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self.at_work = [pool.submit(self._write, forms[number::AT_ONCE]) for number in range(AT_ONCE)]
            yield
        self._complain()

    def has_come_to(self, count: int) -> bool:
        """Tell whether so many have their answers; raises what one of them can not get over."""
        self._complain()
        return len(self.answered) >= count

    def count_kept(self, stored: list[Enquiry]) -> int:
        """Count the enquiries that were stored by a process that died before it answered."""
        received = {one.token_nonce: one.received for one in stored}
        nonces = {service.read(token).nonce: moment for token, moment in self.unanswered.items()}
        return sum(received[nonce] < moment for nonce, moment in nonces.items() if nonce in received)

    def _complain(self) -> None:
        for visitor in self.at_work:
            if visitor.done():
                visitor.result()

    def _write(self, forms: list[dict[str, str]]) -> None:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as link:
            for form in forms:
                deadline = time.monotonic() + PATIENCE_SECONDS
                while not self._is_answered(link, form):
                    assert time.monotonic() < deadline, f"no answer within {PATIENCE_SECONDS} s"

    def _is_answered(self, link: HTTPConnection, form: dict[str, str]) -> bool:
        try:
            if link.sock is None:
                link.connect()
        except OSError:
            # Nobody was there: nothing was sent.
            time.sleep(RESPITE_SECONDS)
            return False
        try:
            status, reference = send(link, form)
        except (OSError, HTTPException):
            link.close()
            self.unanswered.setdefault(form["form_token"], clock.now())
            return False
        if status == 503:
            time.sleep(RESPITE_SECONDS)
            return False
        assert status == 303, f"an honest enquiry was answered {status}"
        self.answered[form["form_token"]] = reference
        return True

"""The contact form as a visitor fills it in, and what the database holds afterwards."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from ipaddress import ip_address

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flexsmt_site import clock
from flexsmt_site.contact import rules, service
from flexsmt_site.contact.models import Arrival, Enquiry
from flexsmt_site.contact.rules import Submission
from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail

FILLED_IN = {
    "first_name": "Анна",
    "last_name": "Müller",
    "email": "anna@example.com",
    "company": "Platine GmbH",
    "country": "DE",
    "city": "Köln",
    "description": "Two lines\nof text",
    "agree": "y",
    "contact_time": "",
}
LEISURELY = timedelta(minutes=2)
#: A visitor's address; where a test names none, its visitors come from this machine.
PUBLIC = "203.0.113.7"


def token(language: str = "en", age: timedelta = LEISURELY) -> str:
    """The token of a form that was shown a while ago; needs an app context."""
    return service.issue(language, clock.now() - age).text()


def take(now: datetime, address: str = PUBLIC, *, trap: str = "", nonce: str = "", **changes: str) -> str:
    """Receive an enquiry as at that moment from that address; needs an app context."""
    typed = {name: FILLED_IN[name] for name in (*rules.LIMITS, "country")}
    ticket = service.issue("en", now - LEISURELY)
    return service.receive(
        Submission(**{**typed, **changes}),
        replace(ticket, nonce=nonce) if nonce else ticket,
        service.Sending(now, ip_address(address), trap),
    )


@dataclass
class Form:
    """One visitor's form; ``send`` fills it in validly but for the changes, None leaves a field out."""

    app: Flask
    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"

    def filled_in(self, **changes: str | None) -> dict[str, str]:
        values = {**FILLED_IN, "form_token": changes.get("form_token") or token(), **changes}
        return {name: value for name, value in values.items() if value is not None}

    def send(self, language: str = "en", **changes: str | None) -> TestResponse:
        return self.client.post(
            f"/{language}/contact",
            data=self.filled_in(**changes),
            headers=self.headers,
            environ_base={"REMOTE_ADDR": self.address},
        )

    def enquiries(self) -> list[Enquiry]:
        # A session of its own: what a request leaves open changes nothing here.
        with Session(db.engine) as session:
            return list(session.scalars(select(Enquiry).order_by(Enquiry.id)))

    def mails(self) -> list[Mail]:
        with Session(db.engine) as session:
            return list(session.scalars(select(Mail).order_by(Mail.id)))

    def arrivals(self) -> list[Arrival]:
        with Session(db.engine) as session:
            return list(session.scalars(select(Arrival).order_by(Arrival.id)))

    def is_empty(self) -> bool:
        return not self.enquiries() and not self.mails()


def reference_of(answer: TestResponse) -> str:
    """The reference of the received page that an answer leads to."""
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rpartition("/")[2]


def value_of(answer: TestResponse, name: str) -> str:
    """What stands in a field of the page."""
    area = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n(.*?)</textarea>', answer.text, re.DOTALL)
    if area:
        return unescape(area[1])
    chosen = re.search(rf'<select[^>]* name="{name}".*?</select>', answer.text, re.DOTALL)
    if chosen:
        option = re.search(r'<option value="(\w*)" selected>', chosen[0])
        return option[1] if option else ""
    found = re.search(rf'name="{name}"\s+value="([^"]*)"', answer.text)
    return unescape(found[1]) if found else ""


def errors_of(answer: TestResponse) -> dict[str, str]:
    """The errors of the page's summary, by field."""
    summary = re.search(r'id="error-summary".*?</ul>', answer.text, re.DOTALL)
    return dict(re.findall(r'<a href="#(\w+)">(.*?)</a>', summary[0])) if summary else {}


def parsed(mail: Mail) -> EmailMessage:
    """A queued mail as a mail program reads it."""
    assert mail.raw is not None
    message = message_from_bytes(mail.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body_of(mail: Mail, kind: str = "plain") -> str:
    """The text of one part, with plain line ends."""
    part = parsed(mail).get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")

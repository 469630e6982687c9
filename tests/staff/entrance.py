"""Signing in as people do it in a browser, and the mails that they get for it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from html import unescape
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flexsmt_site import clock
from flexsmt_site.extensions import db
from flexsmt_site.outbox.caught import Caught
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.staff.models import Challenge, Record, Visit
from tests.ground.visitors import Visitor
from tests.outbox.servers import Script
from tests.staff.members import token_on

SIGN_IN = "/staff/en/sign-in"
#: A network of visitors, where nothing is said of another one.
HOME = "203.0.113.7"
_HIDDEN = re.compile(r'<input type="hidden"\s+name="(\w+)"\s+value="([^"]*)"')
_CODE = re.compile(r"^(\d{4}) (\d{4})\r?$", re.MULTILINE)
_LINK = re.compile(r"http://\S+/sign-in/link/(\S+)")


class Clock:
    """The site's clock, which stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = clock.now()

    def __call__(self) -> datetime:
        return self.time

    def passes(self, **span: float) -> None:
        """Let time go by."""
        self.time += timedelta(**span)


@dataclass
class Post:
    """The mail server that a relay hands its mails to."""

    relay: Relay
    script: Script

    def come(self) -> list[EmailMessage]:
        """The mails that have come altogether, once the relay has sent what is due."""
        assert self.relay.drain()
        return [Caught("", raw).message for raw in self.script.got]

    def last(self) -> EmailMessage:
        """The newest mail."""
        return self.come()[-1]

    def code(self) -> str:
        """The code in the newest mail."""
        found = _CODE.search(text_of(self.last()))
        assert found
        return found[1] + found[2]

    def link(self) -> str:
        """The path of the link in the newest mail."""
        found = _LINK.search(text_of(self.last()))
        assert found
        return found[0].partition(":8000")[2]


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of the last form on a page that has one of each name."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(html)}


def ask(
    browser: Visitor, address: str, *, language: str = "en", origin: str = HOME, **more: str
) -> TestResponse:
    """Ask for a code for an address."""
    path = f"/staff/{language}/sign-in"
    data = {"csrf_token": token_on(browser.get(path).text), "address": address, **more}
    return browser.post(path, data=data, environ_overrides={"REMOTE_ADDR": origin})


def enter(browser: Visitor, asked: TestResponse, code: str) -> TestResponse:
    """Type a code into the page that asking led to."""
    page = browser.get(asked.location)
    assert page.status_code == 200, page.text
    return browser.post(asked.location.partition("?")[0], data={**hidden(page.text), "code": code})


def press(browser: Visitor, link: str) -> TestResponse:
    """Press the button of the page behind a link, also where it is shown no longer."""
    shown = (browser.get(path).text for path in (link, SIGN_IN))
    return browser.post(link, data={"csrf_token": token_on("".join(shown))})


def other_than(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 100_000_000:08d}"


def is_in(browser: Visitor) -> bool:
    """Tell whether somebody is signed in."""
    return browser.get("/staff/en/account").status_code == 200


def rows(app: Flask, kind: type[Any]) -> list[Any]:
    """All rows of a table, in order."""
    with app.app_context(), Session(db.engine) as session:
        return list(session.scalars(select(kind).order_by(kind.id)))


def trail(app: Flask) -> list[str]:
    """The actions of the trail, oldest first."""
    return [line.action for line in rows(app, Record)]


def kept(app: Flask) -> tuple[list[dict[str, Any]], ...]:
    """What is stored of sessions, requests to sign in and the trail."""
    return tuple(
        [{name: value for name, value in vars(row).items() if name[0] != "_"} for row in rows(app, kind)]
        for kind in (Visit, Challenge, Record)
    )


def stored(app: Flask, *besides: str) -> dict[str, list[tuple[Any, ...]]]:
    """All that is in the database, but for some tables."""
    with app.app_context(), Session(db.engine) as session:
        return {
            name: [tuple(row) for row in session.execute(select(table))]
            for name, table in db.metadata.tables.items()
            if name not in besides
        }

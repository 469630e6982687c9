"""Staff in a browser: accounts made by command, and a session that a context is given."""

import re
import time
from functools import cache
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from flask import Flask

from flexsmt_site import create_app
from flexsmt_site.config import Settings
from flexsmt_site.extensions import db
from tests.browser.live import LiveSite
from tests.browser.visitor import TYPED, Visitor
from tests.staff.members import token_on

#: Well before a sign-in is too old for what wants a fresh one.
_RENEWED_SECONDS = 300
_CODE = re.compile(r"^(\d{4}) (\d{4})$", re.MULTILINE)


@cache
def _app(site: LiveSite) -> Flask:
    """The site once more, in this process: a command of its own would load all of it each time."""
    return create_app(Settings.from_env(site.environment()))


def command(site: LiveSite, *words: str) -> str:
    """Do what ``flexsmt`` does, on the data of a running site."""
    app = _app(site)
    done = app.test_cli_runner().invoke(args=words)
    with app.app_context():
        db.engine.dispose()
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def add(site: LiveSite, address: str, role: str) -> None:
    command(site, "staff", "add", address, "--role", role)


def session_of(site: LiveSite, role: str) -> str:
    """The cookie of a member of this role, who signs in every few minutes for all tests."""
    return _signed_in(site, _member(site, role), int(time.monotonic() // _RENEWED_SECONDS))


@cache
def _member(site: LiveSite, role: str) -> str:
    """The address of one member of this role for all tests."""
    address = f"{role}-of-all@example.com"
    add(site, address, role)
    return address


@cache
def _signed_in(site: LiveSite, address: str, _period: int) -> str:
    path = urlsplit(command(site, "staff", "link", address)).path
    form = urlencode({"csrf_token": token_on(site.ask(path).body)})
    connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"})
    found = connection.getresponse().headers["Set-Cookie"]
    connection.close()
    return str(found).partition(";")[0].partition("=")[2]


def enters(visitor: Visitor, role: str = "admin") -> None:
    """Let a visitor go on as a member who is signed in."""
    cookie = {"name": "staff_session", "value": session_of(visitor.site, role), "path": "/staff"}
    visitor.context.add_cookies([{**cookie, "domain": "127.0.0.1", "httpOnly": True, "sameSite": "Lax"}])  # type: ignore[typeddict-item]


def code_in(text: str) -> str:
    """The code in the text of a mail, as it is written there."""
    found = _CODE.search(text)
    assert found, text
    return found[0]


@cache
def reference_of(site: LiveSite) -> str:
    """The reference of an enquiry that was sent by the form."""
    page = site.ask("/en/contact").body
    found = re.search(r'name="form_token"\s+value="([^"]+)"', page)
    assert found
    typed = {**TYPED, "description": "Добрый день.\n\nWe need 500 boards.", "country": "RU", "agree": "y"}
    answer = site.ask("/en/contact", body=urlencode({**typed, "form_token": found[1]}))
    assert answer.status == 303, answer.body
    return answer.location.rpartition("/")[2]

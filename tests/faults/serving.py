"""The site in trouble: how it is served, what its visitors get, and what is in its books afterwards."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from threading import Thread
from typing import cast
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import NullPool, create_engine, text
from werkzeug.test import TestResponse

from flexsmt_site import create_app
from flexsmt_site.extensions import db
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Relay
from tests.browser.live import SALES, LiveSite
from tests.conftest import make_settings
from tests.contact.form import FILLED_IN, token, value_of
from tests.faults.victims import HAS_PROC
from tests.outbox.servers import Script

SECRET = "a secret that the test and the site share"
#: Pages that need no database.
PAGES = ("/en/", "/ru/", "/en/contact", "/ru/contact", "/ru/privacy", "/healthz")
#: What a refused form still has to hold.
KEPT = ("form_token", *(name for name in FILLED_IN if name not in ("agree", "contact_time")))
SORRY = {"en": "Nothing you typed is lost", "ru": "Ничего из введённого не потеряно"}
#: Longer than the site itself is patient.
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Reply:
    """What a visitor got."""

    status_code: int
    text: str
    headers: Message


class Serving(LiveSite):
    """`flexsmt serve` with further variables; what it says is in ``serve.log`` of its folder."""

    def __init__(self, folder: Path, **variables: str) -> None:
        super().__init__(folder)
        self.variables = {"SECRET_KEY": SECRET, **variables}

    def visit(self, path: str, form: dict[str, str] | None = None) -> Reply:
        """Ask for a page; with a ``form`` send it there."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_SECONDS)
        try:
            if form is None:
                connection.request("GET", path)
            else:
                kind = {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST", path, urlencode(form), kind)
            answer = connection.getresponse()
            return Reply(answer.status, answer.read().decode(), answer.headers)
        finally:
            connection.close()

    def send(self, form: dict[str, str], language: str = "en") -> Reply:
        return self.visit(f"/{language}/contact", form)

    def statuses(self) -> set[int]:
        """Tell how the pages are answered that need no database."""
        return {self.visit(path).status_code for path in PAGES}

    def parts(self) -> list[str]:
        """The process ids of the web server and of the relay, where the machine tells them."""
        if not HAS_PROC:
            return []
        return Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()

    def said(self) -> str:
        return (self.folder / "serve.log").read_text("utf-8", "replace")

    def environment(self) -> dict[str, str]:
        further = {f"FLEXSMT_{name}": value for name, value in self.variables.items()}
        return super().environment() | further


class Visitors:
    """They fill in forms that were shown a while ago; no two forms are the same."""

    def __init__(self, folder: Path) -> None:
        """Take a new folder for the files of the app that signs their forms."""
        folder.mkdir()
        self.app = create_app(make_settings(folder, SECRET_KEY=SECRET))
        self.number = count(1)

    def form(self, language: str = "en") -> dict[str, str]:
        description = f"Boards of type {next(self.number)}\nin two lines"
        with self.app.app_context():
            return {**FILLED_IN, "description": description, "form_token": token(language)}


@dataclass(frozen=True)
class Books:
    """What a database holds, and what the mail server behind it has taken."""

    url: str
    script: Script

    def counts(self) -> tuple[int, int]:
        """Count enquiries and mails, and make sure that none of them is half of what it should be."""
        mails = "SELECT count(*) FROM outbox WHERE subject_key = enquiry.id"
        assert not self._ask(f"SELECT id FROM enquiry WHERE ({mails}) <> {len(SALES)}")  # noqa: S608
        if self.url.startswith("sqlite"):
            assert self._ask("PRAGMA integrity_check") == ["ok"]
        return len(self._ask("SELECT id FROM enquiry")), len(self._ask("SELECT id FROM outbox"))

    def are_carried(self) -> bool:
        """Tell whether the mail server has taken every mail, as far as the books know."""
        return not self._ask("SELECT id FROM outbox WHERE state <> 'accepted'")

    def are_carried_in_time(self) -> bool:
        """Tell the same, and if not, let the time pass that mails wait and that vanished leases last.

        Ask again and again: what is found in doubt when its lease ends is left alone once more.
        """
        if self.are_carried():
            return True
        self._ask("UPDATE outbox SET not_before = created, lease_until = created WHERE state <> 'accepted'")
        return False

    def copies(self) -> Counter[str]:
        """Count what came of each mail, by its Message-ID, and make sure that all copies are the same."""
        names = Counter(str(message_from_bytes(raw)["Message-ID"]) for raw in self.script.got)
        assert len(names) == len(set(self.script.got))
        return names

    def _ask(self, statement: str) -> list[object]:
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            found = connection.execute(text(statement))
            return list(found.scalars()) if found.returns_rows else []


@contextmanager
def site_on(folder: Path, **variables: str) -> Iterator[Flask]:
    """The site within this process."""
    app = create_app(make_settings(folder, SECRET_KEY=SECRET, **variables))
    yield app
    dispose(app)


def dispose(app: Flask) -> None:
    """Close every connection of an app to its database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@contextmanager
def served(folder: Path, **variables: str) -> Iterator[tuple[Serving, Books]]:
    """The site as it is served, with a mail server behind it."""
    script = Script()
    with Catcher(script) as running:
        variables["SMTP_URL"] = f"smtp+plain://127.0.0.1:{running.target.port}"
        own = f"sqlite:///{Path(variables.get('DATA_DIR', folder)) / 'site.db'}"
        with Serving(folder, **variables) as site:
            yield site, Books(variables.get("DATABASE_URL", own), script)


@contextmanager
def carrying(app: Flask, relay: Relay) -> Iterator[None]:
    """Let a relay work beside the test."""

    def work() -> None:
        with app.app_context():
            relay.run()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        relay.stopping.set()
        thread.join()


def received(reply: Reply | TestResponse) -> str:
    """The address of the page that says so."""
    assert reply.status_code == 303, reply.text
    return reply.headers["Location"]


def refusal(reply: Reply | TestResponse, form: dict[str, str], language: str = "en") -> list[str]:
    """List what is amiss with an answer that should be an honest 503; nothing when it is one."""
    wrong = [f"the status is {reply.status_code}"] if reply.status_code != 503 else []
    # Of either only the text is looked at.
    page = cast("TestResponse", reply)
    wrong += [f"{name} is lost" for name in KEPT if value_of(page, name) != form[name]]
    if SORRY[language] not in reply.text or f'<html lang="{language}"' not in reply.text:
        wrong.append("not said in the visitor's language")
    if not int(reply.headers.get("Retry-After", 0)) or reply.headers["Cache-Control"] != "private, no-store":
        wrong.append("not said when to come again, or that this page is not to be kept")
    return wrong

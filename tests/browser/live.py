"""A real site for browsers: `flexsmt serve` in a process of its own, on a free port and an empty folder."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.client import HTTPConnection
from pathlib import Path
from typing import Self

from flexsmt_site.config import ROOT
from tests.ports import free_port

SALES = {"ru": "sales-ru@example.com", "en": "sales-en@example.com"}
_COMPANY = 'phone = "+7 (495) 000-00-00"\nemail = "office@example.com"\n'
_NOTES = ("--note-en", "A recipient is named.", "--note-ru", "Назван получатель данных.")
_PROCESSOR = """[[processor]]
name = "Mail provider"
country = "RU"
purpose = { en = "Delivering e-mail", ru = "Доставка электронной почты" }
standard = "adequate"
contract = 2026-11-22
review = 2036-11-22
"""


@dataclass(frozen=True)
class Answer:
    """What the site answered to a plain request."""

    status: int
    body: str
    location: str = ""


class LiveSite:
    """The site while it runs; use it as a context."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        (folder / "company.toml").write_text(_COMPANY, "utf-8")

    def __enter__(self) -> Self:
        with (self.folder / "serve.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flexsmt_site.cli", "serve"],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )
        until(self._is_up, "the site does not start", seconds=60)
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, path: str, *, body: str | None = None, **headers: str) -> Answer:
        """Ask without a browser; with ``body`` the request is a POST of a plain form."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request("GET" if body is None else "POST", path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode(), response.headers.get("Location", ""))
        finally:
            connection.close()

    def enquiries(self) -> int:
        """Count what is stored."""
        database = sqlite3.connect(f"file:{self.folder / 'site.db'}?mode=ro", uri=True)
        try:
            return int(database.execute("SELECT count(*) FROM enquiry").fetchone()[0])
        finally:
            database.close()

    def publishes(self) -> None:
        """Let there be a second version of the policy, which names a recipient."""
        if self.ask("/en/privacy/versions/2").status == 200:
            return
        (self.folder / "processors.toml").write_text(_PROCESSOR, "utf-8")
        command = [*(sys.executable, "-m", "flexsmt_site.cli", "policy", "publish", "--material"), *_NOTES]
        subprocess.run(command, cwd=ROOT, env=self.environment(), check=True, capture_output=True)

    def has_mail(self) -> bool:
        return any((self.folder / "mail").glob("*.eml"))

    def notices(self, reference: str) -> dict[str, EmailMessage]:
        """Wait for the notices of an enquiry; return each by its recipient."""
        found: dict[str, EmailMessage] = {}

        def are_there() -> bool:
            found.clear()
            for file in sorted((self.folder / "mail").glob("*.eml")):
                message = message_from_bytes(file.read_bytes(), policy=default)
                if reference in str(message["Subject"]):
                    assert message["To"] not in found, "the same notice came twice"
                    found[str(message["To"])] = message
            return len(found) == len(SALES)

        until(are_there, f"the notices of {reference} do not arrive", seconds=30)
        return found

    def mail_to(self, address: str) -> EmailMessage:
        """Wait for the newest mail to somebody."""
        found: list[EmailMessage] = []

        def is_there() -> bool:
            mails = [path.read_bytes() for path in sorted((self.folder / "mail").glob("*.eml"))]
            read = (message_from_bytes(raw, policy=default) for raw in mails)
            found.extend(message for message in read if message["To"] == address)
            return bool(found)

        until(is_there, f"no mail to {address} arrives", seconds=30)
        return found[-1]

    def _is_up(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "serve.log").read_text("utf-8"))
        try:
            return self.ask("/readyz").status == 200
        except OSError:
            return False

    def environment(self) -> dict[str, str]:
        """What a command of the same site needs."""
        own = {
            "ENV": "demo",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "BASE_URL": self.base,
            "DATA_DIR": str(self.folder),
            "SALES_TO": ",".join(f"{language}:{address}" for language, address in SALES.items()),
            "RATE_LIMIT": "10000",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")}
        return kept | {f"FLEXSMT_{name}": value for name, value in own.items()}


def text_of(message: EmailMessage, subtype: str = "plain") -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return re.sub(r"\r\n?", "\n", str(body.get_content()))


def until(is_so: Callable[[], bool], complaint: str, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"{complaint} within {seconds:.0f} s")
        time.sleep(0.1)

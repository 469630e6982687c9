import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from flexsmt_site import clock, database
from flexsmt_site.extensions import db
from flexsmt_site.outbox import kinds, service
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.message import Draft
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.relay import Pace, Relay
from flexsmt_site.outbox.transport import Connection, Limits
from flexsmt_site.smtp_url import SmtpTarget
from tests.outbox.servers import Script
from tests.patience import patient

#: For tests in which many write at once.
__all__ = ["patient"]

#: For servers that answer, on a machine that is busy with something else.
LIMITS = Limits(connect_seconds=60, data_seconds=60)
PACE = Pace(poll=timedelta(milliseconds=20), first_pause=timedelta(minutes=5))


@dataclass
class Box:
    """The outbox of a test: mails of the kinds ``letter`` (resend) and ``circular`` (stop)."""

    folder: Path
    unwanted: set[int]

    def put(
        self, recipient: str = "sales@example.com", kind: str = "letter", subject_key: int = 1, key: str = ""
    ) -> int:
        with database.write() as session:
            return self.put_in(session, recipient, kind, subject_key, key)

    def put_in(
        self, session: Session, recipient: str, kind: str = "letter", subject_key: int = 1, key: str = ""
    ) -> int:
        mail = service.freeze(
            kind=kind,
            dedupe_key=key or f"{kind}:{subject_key}:{recipient}",
            message=Draft("Hello", "Text", "<p>Text</p>"),
            recipient=recipient,
            now=clock.now(),
        )
        service.put(session, mail, subject_key=subject_key)
        return session.scalars(select(Mail.id).where(Mail.dedupe_key == mail["dedupe_key"])).one()

    def row(self, mail_id: int) -> Mail:
        with database.write() as session:
            return session.scalars(select(Mail).where(Mail.id == mail_id)).one()

    def change(self, mail_id: int, **values: object) -> None:
        with database.write() as session:
            session.execute(update(Mail).where(Mail.id == mail_id).values(**values))


@pytest.fixture
def box(app: Flask, tmp_path: Path) -> Iterator[Box]:
    unwanted: set[int] = set()
    letter = kinds.Kind("letter", 1, timedelta(days=5), "resend", lambda _session, keys: keys - unwanted)
    kinds.declare(letter)
    kinds.declare(replace(letter, name="circular", priority=5, on_unknown="stop"))
    with app.app_context():
        yield Box(tmp_path, unwanted)
        db.session.remove()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def server(script: Script) -> Iterator[Catcher]:
    with Catcher(script) as running:
        yield running


@pytest.fixture
def relay_to(box: Box) -> Iterator[Callable[..., Relay]]:
    made: list[Relay] = []

    def make(target: SmtpTarget, pace: Pace = PACE, limits: Limits = LIMITS) -> Relay:
        made.append(Relay(lambda: Connection(target, "localhost", limits), box.folder, pace))
        return made[-1]

    yield make
    for relay in made:
        relay.close()


@pytest.fixture
def relay(relay_to: Callable[..., Relay], server: Catcher) -> Relay:
    return relay_to(server.target)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that signs itself, with its key in the same file."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed: no certificate can be made for TLS tests")
    folder = tmp_path_factory.mktemp("tls")
    key, cert, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*make.split(), *names, "-keyout", key, "-out", cert], check=True, capture_output=True)
    both.write_text(key.read_text() + cert.read_text())
    return both


@pytest.fixture(scope="session")
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context

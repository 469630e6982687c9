import shutil
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

import pytest

from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.transport import Limits
from flexsmt_site.smtp_url import Security, SmtpTarget
from tests.faults.faulty import Act, Faulty, Talk
from tests.faults.misdeeds import drops, falls_silent, says
from tests.outbox.conftest import LIMITS, Box

PASSWORD = "open sesame"
BRIEF = Limits(connect_seconds=3, data_seconds=3)
STARTTLS, TLS = Security.STARTTLS, Security.TLS


@pytest.fixture(scope="session")
def expired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost whose last day was yesterday, with its key in the same file."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed: no certificate can be made for TLS tests")
    folder = tmp_path_factory.mktemp("expired")
    key, request, cert, both = (folder / name for name in ("key.pem", "request.pem", "cert.pem", "both.pem"))
    names = folder / "names.cnf"
    names.write_text("subjectAltName=DNS:localhost\n")
    make = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost"
    sign = "openssl x509 -req -days -1 -extfile"
    subprocess.run([*make.split(), "-keyout", key, "-out", request], check=True, capture_output=True)
    files: list[str | Path] = [names, "-in", request, "-key", key, "-out", cert]
    subprocess.run([*sign.split(), *files], check=True, capture_output=True)
    both.write_text(key.read_text() + cert.read_text())
    return both


def signed_in(server: Faulty, security: Security, ca: Path | None) -> SmtpTarget:
    return replace(server.target(security), user="site", password=PASSWORD, ca=ca)


def assert_nothing_in_clear(server: Faulty) -> None:
    """What went over the wire before TLS tells neither the password nor a mail."""
    clear = server.clear.upper()
    for word in (b"AUTH", b"MAIL FROM", b"RCPT TO", b"SUBJECT"):
        assert word not in clear
    for hidden in (PASSWORD.encode(), f"\0site\0{PASSWORD}".encode()):
        assert hidden not in server.clear
        assert b64encode(hidden) not in server.clear


def assert_waits(box: Box, relay: Relay, mail_id: int, reason: str, code: int | None = None) -> None:
    """The fault is ours: the breaker is open, and the mail has lost no attempt."""
    assert [relay.drain(), relay.drain()] == [False, False]
    row = box.row(mail_id)
    assert (row.state, row.attempts, row.phase, row.lease_owner) == (State.QUEUED, 0, None, None)
    assert (relay.trouble, row.last_code) == (reason, code)
    assert PASSWORD not in str(row.last_text)


@pytest.mark.parametrize("security", [STARTTLS, TLS])
def test_behind_a_good_certificate_a_mail_and_the_password_arrive_encrypted(
    box: Box,
    relay_to: Callable[..., Relay],
    server_tls: ssl.SSLContext,
    certificate: Path,
    security: Security,
) -> None:
    mail_id = box.put()
    with Faulty(tls=server_tls, implicit=security is TLS) as server:
        assert relay_to(signed_in(server, security, certificate)).drain()
    assert box.row(mail_id).state is State.ACCEPTED
    assert server.count("AUTH") == 1
    assert_nothing_in_clear(server)


@pytest.mark.parametrize("security", [STARTTLS, TLS])
@pytest.mark.parametrize("wrong", ["name", "expired", "self-signed"])
def test_a_wrong_certificate_ends_before_the_password(  # noqa: PLR0917 (fixtures are arguments)
    box: Box,
    relay_to: Callable[..., Relay],
    certificate: Path,
    expired: Path,
    security: Security,
    wrong: str,
) -> None:
    shown = expired if wrong == "expired" else certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(shown)
    mail_id = box.put()
    with Faulty(tls=context, implicit=security is TLS) as server:
        target = signed_in(server, security, None if wrong == "self-signed" else shown)
        relay = relay_to(replace(target, host="127.0.0.1") if wrong == "name" else target)
        assert_waits(box, relay, mail_id, "tls")
    assert (server.connections, server.count("AUTH"), server.texts) == (1, 0, [])
    assert_nothing_in_clear(server)


@dataclass(frozen=True)
class Fault:
    """How a server that ought to encrypt fails to; ``has_tls``: it could."""

    security: Security
    reason: str
    step: str = ""
    act: Act | None = None
    has_tls: bool = True
    implicit: bool = False
    code: int | None = None


FAULTS = {
    "STARTTLS stripped": Fault(STARTTLS, "tls", has_tls=False),
    "STARTTLS refused": Fault(STARTTLS, "tls", "STARTTLS", says(b"454 4.7.0 Not now\r\n"), code=454),
    "words in clear instead of TLS": Fault(
        STARTTLS, "tls", "STARTTLS", says(b"220 go on\r\n250-hello\r\n250 AUTH PLAIN\r\n")
    ),
    "a drop instead of TLS": Fault(STARTTLS, "tls", "STARTTLS", drops(b"220 go on\r\n")),
    "silence instead of TLS": Fault(STARTTLS, "tls", "STARTTLS", falls_silent),
    "plain where TLS is expected": Fault(TLS, "tls", has_tls=False),
    "TLS where plain is expected": Fault(STARTTLS, "connect", implicit=True),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_server_that_does_not_encrypt_gets_neither_password_nor_mail(
    box: Box, relay_to: Callable[..., Relay], server_tls: ssl.SSLContext, certificate: Path, fault: Fault
) -> None:
    mail_id = box.put()
    with Faulty(tls=server_tls if fault.has_tls else None, implicit=fault.implicit) as server:
        if fault.act:
            server.at(fault.step, [fault.act])
        target = signed_in(server, fault.security, certificate)
        waits = fault.implicit or fault.act is falls_silent
        relay = relay_to(target, limits=BRIEF if waits else LIMITS)
        assert_waits(box, relay, mail_id, fault.reason, fault.code)
    assert (server.connections, server.outlasted, server.texts) == (1, False, [])
    assert_nothing_in_clear(server)


def challenges(talk: Talk) -> None:
    """Ask for one more word, whatever the client says."""
    while True:
        talk.send(b"334 \r\n")
        talk.read_to(b"\n")


LONG = pytest.mark.proof
REFUSALS = [
    pytest.param(says(b"535 5.7.8 Wrong password\r\n"), 535, id="wrong password"),
    pytest.param(says(b"454 4.7.0 Temporary authentication failure\r\n"), 454, id="not now"),
    pytest.param(says(b"334 abc\r\n"), None, id="a challenge that is none"),
    pytest.param(challenges, None, id="challenges without end", marks=LONG),
    pytest.param(drops(b"421 4.7.0 Too many errors\r\n"), None, id="too many tries", marks=LONG),
    pytest.param(drops(), None, id="a drop", marks=LONG),
    pytest.param(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), None, id="HTTP", marks=LONG),
]


@pytest.mark.parametrize(("act", "code"), REFUSALS)
def test_a_password_that_is_not_taken_is_our_fault_and_is_shown_nowhere(  # noqa: PLR0917 (fixtures are arguments)
    box: Box,
    relay_to: Callable[..., Relay],
    server_tls: ssl.SSLContext,
    certificate: Path,
    capfd: pytest.CaptureFixture[str],
    act: Act,
    code: int | None,
) -> None:
    mail_id = box.put()
    with Faulty(tls=server_tls).at("AUTH", repeat(act)) as server:
        assert_waits(box, relay_to(signed_in(server, STARTTLS, certificate)), mail_id, "auth", code)
    assert server.connections == 1
    assert_nothing_in_clear(server)
    said = "".join(capfd.readouterr())
    assert PASSWORD not in said
    assert b64encode(PASSWORD.encode()).decode() not in said

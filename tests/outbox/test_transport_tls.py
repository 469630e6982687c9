import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.rules import Answer
from flexsmt_site.outbox.transport import Connection, Limits, Unreachable
from flexsmt_site.smtp_url import Security, SmtpTarget
from tests.outbox.conftest import LIMITS
from tests.outbox.servers import Script

RAW = b"Subject: hello\r\nMessage-ID: <1@example.com>\r\n\r\nText\r\n.dot\r\n"


def connect(target: SmtpTarget, limits: Limits = LIMITS) -> Connection:
    return Connection(target, "localhost", limits)


def deliver(connection: Connection, recipient: str = "sales@example.com") -> Answer:
    return connection.deliver("site@example.com", recipient, RAW, lambda: None)


def with_tls(server: Catcher, security: Security, ca: Path | None, *, wrong: str = "") -> SmtpTarget:
    return replace(
        server.target, security=security, host="localhost", ca=ca, user="site", password=wrong or "right"
    )


@contextmanager
def starttls_server(script: Script, context: ssl.SSLContext | None) -> Iterator[Catcher]:
    options = {
        "tls_context": context,
        "authenticator": script.authenticate,
        "auth_require_tls": context is not None,
    }
    with Catcher(script, **options) as running:
        yield running


def test_starttls_with_a_trusted_certificate_signs_in_and_delivers(
    script: Script, server_tls: ssl.SSLContext, certificate: Path
) -> None:
    with (
        starttls_server(script, server_tls) as server,
        connect(with_tls(server, Security.STARTTLS, certificate)) as connection,
    ):
        assert deliver(connection).is_accepted
    assert len(script.passwords) == 1


def test_tls_from_the_first_byte_delivers(
    script: Script, server_tls: ssl.SSLContext, certificate: Path
) -> None:
    with (
        Catcher(
            script, ssl_context=server_tls, authenticator=script.authenticate, auth_require_tls=False
        ) as server,
        connect(with_tls(server, Security.TLS, certificate)) as connection,
    ):
        assert deliver(connection).is_accepted


def test_an_unknown_certificate_is_refused_before_the_password(
    script: Script, server_tls: ssl.SSLContext
) -> None:
    with (
        starttls_server(script, server_tls) as server,
        pytest.raises(Unreachable, match="tls"),
        connect(with_tls(server, Security.STARTTLS, None)),
    ):
        pass
    assert script.passwords == []


def test_an_unknown_certificate_is_refused_from_the_first_byte(
    script: Script, server_tls: ssl.SSLContext
) -> None:
    with (
        Catcher(script, ssl_context=server_tls) as server,
        pytest.raises(Unreachable, match="tls"),
        connect(with_tls(server, Security.TLS, None)),
    ):
        pass


def test_a_certificate_for_another_name_is_refused(
    script: Script, server_tls: ssl.SSLContext, certificate: Path
) -> None:
    with starttls_server(script, server_tls) as server:
        target = replace(with_tls(server, Security.STARTTLS, certificate), host="127.0.0.1")
        with pytest.raises(Unreachable, match="tls"), connect(target):
            pass
    assert script.passwords == []


@pytest.mark.promise("P13.1")
def test_a_stripped_starttls_is_refused_and_no_password_goes_in_clear(
    script: Script, certificate: Path
) -> None:
    with (
        starttls_server(script, None) as server,
        pytest.raises(Unreachable, match="tls"),
        connect(with_tls(server, Security.STARTTLS, certificate)),
    ):
        pass
    assert (script.passwords, script.commands) == ([], [])


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\x00\xff"])
def test_a_file_of_authorities_that_is_of_no_use_is_a_fault_of_tls(
    script: Script, server: Catcher, tmp_path: Path, security: Security, content: bytes | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Unreachable) as unreachable, connect(with_tls(server, security, file)):
        pass
    assert (unreachable.value.reason, unreachable.value.__suppress_context__) == ("tls", True)
    assert script.commands == []


def test_a_wrong_password_is_our_fault_and_is_not_shown(
    script: Script, server_tls: ssl.SSLContext, certificate: Path
) -> None:
    with starttls_server(script, server_tls) as server:
        target = with_tls(server, Security.STARTTLS, certificate, wrong="hunter2")
        with pytest.raises(Unreachable, match=r"auth \(535\)") as refused, connect(target):
            pass
    assert "hunter2" not in repr(refused.value)
    assert refused.value.__suppress_context__


def test_a_password_that_smtp_cannot_carry_is_our_fault(
    script: Script, server_tls: ssl.SSLContext, certificate: Path
) -> None:
    with starttls_server(script, server_tls) as server:
        target = with_tls(server, Security.STARTTLS, certificate, wrong="пароль")
        with pytest.raises(Unreachable, match="auth"), connect(target):
            pass

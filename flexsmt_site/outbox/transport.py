"""How mails reach a mail server: Flask-Mail's connection, made strict.

Flask-Mail 0.10 checks no certificate, knows no time-out and hides the server's codes; drop
this subclass when it does all three. Passwords are neither logged nor part of an error.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import cast
from urllib.parse import urlsplit

import flask_mail

from flexsmt_site.extensions import mail
from flexsmt_site.outbox.rules import Answer, Step
from flexsmt_site.smtp_url import SmtpTarget

#: What smtplib raises for a broken link, a refusal, or a password that SMTP can not carry.
TROUBLE = (OSError, smtplib.SMTPException, UnicodeError)


@dataclass(frozen=True)
class Limits:
    """Seconds to wait: for the link and its greeting, and for each later step as a whole."""

    connect_seconds: float = 10
    data_seconds: float = 60


class Unreachable(Exception):
    """There is no usable connection: ``reason`` is ``connect``, ``tls``, ``refused`` or ``auth``."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        """Keep what may be logged, and nothing of what was said."""
        super().__init__(f"{reason} ({code})" if code else reason)
        self.reason = reason
        self.code = code


class Connection(flask_mail.Connection):
    """One conversation with a mail server, over verified TLS unless the target says plain."""

    def __init__(self, target: SmtpTarget, helo: str, limits: Limits) -> None:
        """Take the server, the name by which we greet it, and the time limits."""
        state = mail.init_mail(target.as_flask_mail())
        # The class only reads settings, which Flask-Mail keeps in the state and annotates as its parent.
        super().__init__(cast("flask_mail.Mail", state))
        self.target = target
        self.helo = helo
        self.limits = limits

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye; a server that is gone already is no error."""
        if self.host is not None:
            with contextlib.suppress(*TROUBLE):
                self.host.quit()
            self.host.close()
            self.host = None

    def configure_host(self) -> smtplib.SMTP:
        """Connect, encrypt and sign in; raises ``Unreachable``."""
        host = self._connect()
        reason = "tls"
        try:
            with self._deadline(host):
                if self.mail.use_tls:
                    # smtplib refuses to go on when the server does not offer STARTTLS.
                    host.starttls(context=self._context())
                reason = "refused"
                host.ehlo_or_helo_if_needed()
                reason = "auth"
                if self.mail.username:
                    host.login(self.mail.username, self.mail.password)
        except TROUBLE as error:
            host.close()
            # "from None": what smtplib quotes may be the password.
            raise Unreachable(reason, getattr(error, "smtp_code", None)) from None
        return host

    def deliver(self, sender: str, recipient: str, raw: bytes, before_data: Callable[[], None]) -> Answer:
        """Hand over one mail and return the server's last answer.

        ``before_data`` runs when the server has agreed to the recipient and nothing has left
        yet; what it raises ends the attempt with nothing sent.
        """
        agreed = self._say(Step.SENDER, lambda host: host.mail(sender))
        if agreed.code is not None and agreed.code // 100 == 2:  # noqa: PLR2004
            agreed = self._say(Step.RECIPIENT, lambda host: host.rcpt(recipient))
        if agreed.code is None or agreed.code // 100 != 2:  # noqa: PLR2004
            return agreed
        before_data()
        return self._say(Step.DATA, lambda host: host.data(raw))

    def reset(self) -> bool:
        """Clear the conversation after a refusal; False when the link is of no use any more."""
        return self._say(Step.SENDER, lambda host: host.rset()).code is not None

    def _connect(self) -> smtplib.SMTP:
        where = {"host": self.mail.server, "port": self.mail.port, "local_hostname": self.helo}
        seconds = self.limits.connect_seconds
        try:
            if self.mail.use_ssl:
                return smtplib.SMTP_SSL(**where, timeout=seconds, context=self._context())
            return smtplib.SMTP(**where, timeout=seconds)
        except ssl.SSLError:
            raise Unreachable("tls") from None
        except TROUBLE as error:
            raise Unreachable("connect", getattr(error, "smtp_code", None)) from None

    def _context(self) -> ssl.SSLContext:
        """Check the certificate and the host name, by the given file or the system's authorities."""
        return ssl.create_default_context(cafile=self.target.ca)

    def _say(self, step: Step, command: Callable[[smtplib.SMTP], tuple[int, bytes]]) -> Answer:
        if self.host is None:
            raise RuntimeError("open the connection with `with` first")
        try:
            with self._deadline(self.host):
                code, text = command(self.host)
        except smtplib.SMTPResponseException as refusal:
            code, text = refusal.smtp_code, _as_bytes(refusal.smtp_error)
        except TROUBLE as error:
            return Answer(step, None, type(error).__name__)
        return Answer(step, code if code > 0 else None, text.decode("ascii", "replace"))

    @contextlib.contextmanager
    def _deadline(self, host: smtplib.SMTP) -> Iterator[None]:
        """End a step that takes too long as a whole: a server may drip a byte at a time."""
        late = threading.Event()
        if host.sock is not None:
            host.sock.settimeout(self.limits.data_seconds)
        watchdog = threading.Timer(self.limits.data_seconds, _cut, (host, late))
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()
        if late.is_set():
            # smtplib takes a line that was cut off for a whole answer.
            raise TimeoutError


def helo_name(base_url: str) -> str:
    """Return the name by which the site greets mail servers."""
    return urlsplit(base_url).hostname or "localhost"


def _cut(host: smtplib.SMTP, late: threading.Event) -> None:
    late.set()
    if host.sock is not None:
        # The plain socket's shutdown, because the TLS object is in use by the sender.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(host.sock, socket.SHUT_RDWR)


def _as_bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()

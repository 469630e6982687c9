"""How mails reach a mail server: Flask-Mail's connection, made strict.

Flask-Mail 0.10 checks no certificate, knows no time-out and hides the server's codes; drop
this subclass when it does all three. Passwords are neither logged nor part of an error.
"""

import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import cast
from urllib.parse import urlsplit

import flask_mail

from flexsmt_site.extensions import mail
from flexsmt_site.outbox.conversation import TROUBLE, Conversation, Unintelligible
from flexsmt_site.outbox.rules import Answer, Step
from flexsmt_site.smtp_url import SmtpTarget

#: The first digit of a reply: done, go on, not now, never.
_DONE, _GO_ON, _REFUSALS = 2, 3, (4, 5)
#: The server ends the conversation, whatever it was asked.
_CLOSING = 421


@dataclass(frozen=True)
class Limits:
    """Seconds to wait: for the link and its greeting, for the goodbye, and for each other step as a whole."""

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
        self.host: Conversation | None = None
        self.target = target
        self.helo = helo
        self.limits = limits
        self.is_used = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye; a server that is gone already is no error."""
        if self.host is not None:
            with contextlib.suppress(*TROUBLE), self.host.within(self.limits.connect_seconds):
                self.host.quit()
            self.host.close()
            self.host = None

    def configure_host(self) -> Conversation:
        """Connect, encrypt and sign in; raises ``Unreachable``."""
        tls = self._context() if self.mail.use_tls or self.mail.use_ssl else None
        host = self._connect(tls)
        reason = "refused"
        try:
            with host.within(self.limits.data_seconds):
                host.ehlo_or_helo_if_needed()
                if self.mail.use_tls:
                    reason = "tls"
                    # smtplib refuses to go on when the server does not offer STARTTLS.
                    host.starttls(context=tls)
                    reason = "refused"
                    host.ehlo_or_helo_if_needed()
                if self.mail.username:
                    reason = "auth"
                    host.login(self.mail.username, self.mail.password)
        except TROUBLE as error:
            host.close()
            # "from None": what smtplib quotes may be the password.
            raise Unreachable(reason, getattr(error, "smtp_code", None)) from None
        self.is_used = False
        return host

    def deliver(self, sender: str, recipient: str, raw: bytes, before_data: Callable[[], None]) -> Answer:
        """Hand over one mail and return the server's last answer.

        ``before_data`` runs when the server has agreed to the recipient and nothing has left
        yet; what it raises ends the attempt with nothing sent.
        """
        agreed = self._begin(sender)
        if agreed.is_go_on:
            agreed = self._say(Step.RECIPIENT, lambda host: host.rcpt(recipient))
        if not agreed.is_go_on:
            return agreed
        before_data()
        # Until the server asks for the text nothing has left: its step is not yet that of the text.
        ready = self._say(Step.RECIPIENT, lambda host: host.docmd("DATA"), _GO_ON)
        if not ready.is_go_on:
            return ready
        return self._say(Step.DATA, lambda host: host.text(raw))

    def reset(self) -> bool:
        """Clear the conversation after a refusal; False when the link is of no use any more."""
        return self._say(Step.SENDER, lambda host: host.rset()).is_go_on

    def _begin(self, sender: str) -> Answer:
        """Name the sender, over a fresh link when the server ended the one that has served before.

        Servers end a link after some mails or some time, which is no fault of the mail at hand.
        """
        answer = self._say(Step.SENDER, lambda host: host.mail(sender, _options(host)))
        if self.is_used and answer.code in (None, _CLOSING):
            self.__exit__(None, None, None)
            try:
                self.host = self.configure_host()
            except Unreachable as fault:
                return Answer(Step.LINK, fault.code, fault.reason)
            answer = self._say(Step.SENDER, lambda host: host.mail(sender, _options(host)))
        self.is_used = True
        return answer

    def _connect(self, tls: ssl.SSLContext | None) -> Conversation:
        where = self.mail.server, self.mail.port, self.helo, self.limits.connect_seconds
        try:
            return Conversation(*where, tls if self.mail.use_ssl else None)
        except ssl.SSLError:
            raise Unreachable("tls") from None
        except TROUBLE as error:
            raise Unreachable("connect", getattr(error, "smtp_code", None)) from None

    def _context(self) -> ssl.SSLContext:
        """Check the certificate and the host name, by the given file or the system's authorities."""
        try:
            return ssl.create_default_context(cafile=self.target.ca)
        except (OSError, ValueError):
            raise Unreachable("tls") from None

    def _say(
        self, step: Step, command: Callable[[Conversation], tuple[int, bytes]], good: int = _DONE
    ) -> Answer:
        if self.host is None:
            raise RuntimeError("open the connection with `with` first")
        try:
            with self.host.within(self.limits.data_seconds):
                code, text = command(self.host)
            if code // 100 not in (good, *_REFUSALS):
                raise Unintelligible
        except TROUBLE as error:
            # Whatever the server says later would be taken for the answer to something else.
            self.host.close()
            return Answer(step, None, type(error).__name__)
        return Answer(step, code, _printable(text))


def _options(host: Conversation) -> list[str]:
    # What comes back names the mail by its headers: the visitor's text need not travel once more (RFC 3461).
    return ["RET=HDRS"] if host.has_extn("dsn") else []


def helo_name(base_url: str) -> str:
    """Return the name by which the site greets mail servers."""
    return urlsplit(base_url).hostname or "localhost"


def _printable(text: bytes) -> str:
    # PostgreSQL holds no NUL, and a terminal obeys what stands in `mail status`.
    said = text.decode("ascii", "replace")
    return said if said.isprintable() else "".join(sign if sign.isprintable() else " " for sign in said)

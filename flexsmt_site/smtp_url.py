"""The address of a mail server, as one URL says it.

Pure. ``smtp://`` demands STARTTLS, ``smtps://`` speaks TLS from the first byte, and
``smtp+plain://`` has no TLS at all: loopback only, unless ``?force=1``. ``?ca=FILE``
trusts the certificates in that file instead of the system's.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit


class Security(StrEnum):
    """When the conversation is encrypted."""

    STARTTLS = "smtp"
    TLS = "smtps"
    PLAIN = "smtp+plain"


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.PLAIN: 25}
OPTIONS = {"ca", "force"}


@dataclass(frozen=True)
class SmtpTarget:
    """A mail server and how to speak with it; its ``repr`` shows no password."""

    security: Security
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None

    def as_flask_mail(self) -> dict[str, object]:
        """Give the settings by which Flask-Mail knows this server."""
        return {
            "MAIL_SERVER": self.host,
            "MAIL_PORT": self.port,
            "MAIL_USE_TLS": self.security is Security.STARTTLS,
            "MAIL_USE_SSL": self.security is Security.TLS,
            "MAIL_USERNAME": self.user or None,
            "MAIL_PASSWORD": self.password or None,
        }


def parse_smtp_url(url: str) -> SmtpTarget:
    """Read a mail server's URL.

    Raises ``ValueError`` with a text for the operator. The text never repeats the URL,
    which may hold a password.
    """
    try:
        parts = urlsplit(url.strip())
        security, port = Security(parts.scheme), parts.port
    except ValueError as error:
        raise ValueError("write smtp://, smtps:// or smtp+plain://, then user:password@host:port") from error
    if not parts.hostname or parts.path.strip("/") or parts.fragment:
        raise ValueError(
            "write scheme://user:password@host:port, with %2F, %23, %3F for /, #, ? in a password"
        )
    options = _options(parts)
    target = SmtpTarget(
        security=security,
        host=parts.hostname,
        port=port or PORTS[security],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ca=Path(options["ca"]) if options.get("ca") else None,
    )
    _refuse_unsafe(target, forced=options.get("force") == "1")
    return target


def _options(parts: SplitResult) -> dict[str, str]:
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if unknown := sorted(options.keys() - OPTIONS):
        raise ValueError(f"unknown option {', '.join(unknown)}; known are ca and force")
    return options


def _refuse_unsafe(target: SmtpTarget, *, forced: bool) -> None:
    if bool(target.user) != bool(target.password):
        raise ValueError("give both a user and a password, or neither")
    if target.ca and not target.ca.is_file():
        raise ValueError(f"the certificate file {target.ca} does not exist")
    if target.security is not Security.PLAIN or is_loopback(target.host):
        return
    if not forced:
        raise ValueError("smtp+plain:// is for this machine only; use smtp:// or smtps://, or add ?force=1")
    if target.password:
        raise ValueError("a password is never sent over a network in clear; use smtp:// or smtps://")


def is_loopback(host: str) -> bool:
    """Say whether ``host`` is this machine, by name or address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""What doctor says about alarms: who is told when mail fails, and by which way."""

from collections.abc import Iterator
from dataclasses import replace

from flexsmt_site import health
from flexsmt_site.config import Settings
from flexsmt_site.health import Finding
from flexsmt_site.outbox.transport import Connection, Limits, Unreachable, helo_name
from flexsmt_site.smtp_url import parse_smtp_url

_BRIEF = Limits(connect_seconds=5, data_seconds=5)


def told(settings: Settings) -> Iterator[Finding]:
    """Say whether somebody is told when mail fails."""
    if not settings.alert_to:
        yield Finding("warning", "nobody is told when mail fails", "set FLEXSMT_ALERT_TO")


def way(settings: Settings) -> Iterator[Finding]:
    """Say whether an alarm gets out when notices do not; nothing is sent, and nobody signs in."""
    if not settings.alert_to:
        return
    if not _has_own_way(settings):
        yield Finding(
            "warning",
            "an alarm takes the same way as the mail that it warns of",
            "set FLEXSMT_ALERT_SMTP_URL to another mail server",
        )
        return
    target = parse_smtp_url(settings.alert_smtp_url)
    try:
        with Connection(replace(target, user="", password=""), helo_name(settings.base_url), _BRIEF):
            yield Finding(
                "ok", f"alarms go to {target.host}:{target.port} ({target.security}), which answers"
            )
    except Unreachable as fault:
        yield Finding(
            "error",
            f"the mail server for alarms cannot be used: {fault}",
            "check FLEXSMT_ALERT_SMTP_URL and that server",
        )


def declare() -> None:
    """Let doctor ask both."""
    for check in (told, way):
        health.declare(check)


def _has_own_way(settings: Settings) -> bool:
    if not settings.alert_smtp_url:
        return False
    usual = parse_smtp_url(settings.smtp_url).host if settings.smtp_url else ""
    return parse_smtp_url(settings.alert_smtp_url).host != usual

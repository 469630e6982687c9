"""What an operator should know about mail: where it goes, who carries it, how long it waits."""

from collections.abc import Iterator
from datetime import timedelta

from flexsmt_site import clock, health
from flexsmt_site.config import Settings
from flexsmt_site.outbox import service
from flexsmt_site.outbox.heartbeat import find_beat
from flexsmt_site.outbox.rules import RESENDABLE
from flexsmt_site.outbox.transport import Connection, Limits, Unreachable, helo_name
from flexsmt_site.smtp_url import parse_smtp_url

#: Clocks of several machines may differ by this much.
_SLACK = timedelta(minutes=1)
_BRIEF = Limits(connect_seconds=5, data_seconds=5)


def target(settings: Settings) -> Iterator[health.Finding]:
    """Say where mails go."""
    if settings.smtp_url:
        server = parse_smtp_url(settings.smtp_url)
        yield health.Finding("ok", f"mail goes to {server.host}:{server.port} ({server.security})")
    else:
        folder = settings.data_dir / "mail"
        yield health.Finding(
            "warning", f"mail is caught in {folder}, not sent", "set FLEXSMT_SMTP_URL to send it"
        )


def server(settings: Settings) -> Iterator[health.Finding]:
    """Say whether the mail server lets us in; nothing is sent."""
    if not settings.smtp_url:
        return
    target = parse_smtp_url(settings.smtp_url)
    try:
        with Connection(target, helo_name(settings.base_url), _BRIEF):
            found = "the mail server answers" + (" and takes our password" if target.user else "")
            yield health.Finding("ok", found)
    except Unreachable as fault:
        yield health.Finding(
            "error",
            f"the mail server cannot be used: {fault}",
            "check FLEXSMT_SMTP_URL and the mail server",
        )


def relay(settings: Settings) -> Iterator[health.Finding]:
    """Say whether a relay is alive and able to send."""
    found, now = find_beat(settings.data_dir), clock.now()
    if found is None:
        yield health.Finding(
            "warning", "no mail relay has run yet", "start `flexsmt serve` or `flexsmt mail relay`"
        )
    elif found.trouble and found.is_degraded(now):
        yield health.Finding(
            "error",
            f"the mail relay cannot send: {found.trouble}",
            "check FLEXSMT_SMTP_URL and the mail server",
        )
    elif found.is_degraded(now):
        yield health.Finding(
            "error",
            f"the mail relay was last seen {found.at:%Y-%m-%d %H:%M} UTC",
            "start `flexsmt mail relay`",
        )
    else:
        yield health.Finding("ok", "the mail relay is alive")


def queue(_settings: Settings) -> Iterator[health.Finding]:
    """Say how long the oldest mail waits, and whether any stopped."""
    found = service.status(clock.now())
    waits = found.oldest_waiting
    if waits and waits > service.LATE:
        minutes = waits // timedelta(minutes=1)
        yield health.Finding(
            "warning", f"the oldest mail waits {minutes} minutes", "see `flexsmt mail status`"
        )
    else:
        yield health.Finding(
            "ok", f"mails wait {waits.total_seconds():.0f} s at most" if waits else "no mail waits"
        )
    stopped = sum(found.counts[state] for state in RESENDABLE)
    if stopped:
        yield health.Finding(
            "warning", f"{stopped} mails stopped", "see `flexsmt mail status`, then `flexsmt mail resend`"
        )


def clock_runs_on(_settings: Settings) -> Iterator[health.Finding]:
    """Say whether the clock went back: mails would wait, and rows go too late or too soon."""
    newest = service.find_newest()
    if newest and newest - clock.now() > _SLACK:
        yield health.Finding(
            "warning",
            f"the clock went back: the newest mail is of {newest:%Y-%m-%d %H:%M} UTC, which is to come",
            "set this machine's clock, and keep it by NTP",
        )


def bounces(settings: Settings) -> Iterator[health.Finding]:
    """Say whether anybody would see what comes back."""
    if settings.smtp_url and not (settings.bounces / "new").is_dir():
        what = f"what comes back to {settings.bounce_address} is not seen: {settings.bounces} is no Maildir"
        yield health.Finding("warning", what, "see docs/operating.md, What comes back")


def declare() -> None:
    """Let doctor ask all of these."""
    for check in (target, server, relay, queue, clock_runs_on, bounces):
        health.declare(check)

"""Commands of the outbox: the relay, the state of the queue, and sending again."""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import click
from flask import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from flexsmt_site import clock
from flexsmt_site.config import settings
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.outbox import service
from flexsmt_site.outbox.catcher import Catcher, Keeper
from flexsmt_site.outbox.relay import Relay, log
from flexsmt_site.outbox.transport import Connection, Limits, helo_name
from flexsmt_site.smtp_url import parse_smtp_url

bp = Blueprint("mail_commands", __name__, cli_group="mail")


@bp.cli.command("relay")
@click.option(
    "--once", is_flag=True, help="Send what is due now, then stop; exit 1 if the server is unusable."
)
def relay(*, once: bool) -> None:
    """Carry mails to the mail server: at least once each, and never two at a time."""
    _log_to_stderr()
    with _database_asked(), ExitStack() as stack:
        relay = _relay(stack)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: relay.stopping.set())
        if not once:
            relay.run()
        elif not relay.drain():
            raise click.ClickException(f"the mail server is unusable ({relay.trouble}): the mails wait")


@bp.cli.command("status")
def status() -> None:
    """Count the mails by state, with the age of the oldest that waits."""
    now = clock.now()
    with _database_asked():
        found, all_stopped = service.status(now), service.list_stopped()
    for state, count in found.counts.items():
        click.echo(f"{state:<10} {count:>6}")
    waits = f"{found.oldest_waiting.total_seconds():.0f} s" if found.oldest_waiting else "nothing waits"
    click.echo(f"oldest     {waits:>6}")
    for stopped in all_stopped:
        click.echo(f"stopped    {stopped.id} {stopped.kind} {stopped.state} {stopped.code or 'no answer'}")


@bp.cli.command("resend")
@click.argument("mail")
def resend(mail: str) -> None:
    """Send a stopped mail again, named by its number, Message-ID or dedupe key."""
    try:
        with _database_asked():
            number = service.resend(mail, clock.now())
    except (service.UnknownMail, service.NotResendable) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"mail {number} is queued again")


def _relay(stack: ExitStack) -> Relay:
    """Make a relay for the server of the settings; without one it brings its own catcher."""
    config = settings()
    if config.smtp_url:
        target = parse_smtp_url(config.smtp_url)
    else:
        target = stack.enter_context(Catcher(Keeper(config.data_dir / "mail"))).target
    helo = helo_name(config.base_url)
    return Relay(lambda: Connection(target, helo, Limits()), config.data_dir)


@contextmanager
def _database_asked() -> Iterator[None]:
    """Turn what the database refuses into one line that names the mend."""
    try:
        # Before anything else: a relay that runs waits for a database that is gone, and says nothing.
        service.find_newest()
        yield
    except (SQLAlchemyError, DatabaseUnavailable) as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise click.ClickException(
            f"the database can not be used ({reason}): check FLEXSMT_DATABASE_URL, or run: flexsmt db upgrade"
        ) from error


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False

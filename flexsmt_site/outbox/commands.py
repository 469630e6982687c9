"""Commands of the outbox: the relay, the state of the queue, what came back, and sending again."""

import signal
from contextlib import ExitStack
from importlib import import_module

import click
from flask import Blueprint

from flexsmt_site import clock
from flexsmt_site.config import settings
from flexsmt_site.outbox import service, wake
from flexsmt_site.outbox.bounces import Outcome, look
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.transport import Connection, Limits, helo_name
from flexsmt_site.smtp_url import parse_smtp_url
from flexsmt_site.terminal import asking_database

bp = Blueprint("mail_commands", __name__, cli_group="mail")


@bp.cli.command("relay")
@click.option(
    "--once", is_flag=True, help="Send what is due now, then stop; exit 1 if the server is unusable."
)
def relay(*, once: bool) -> None:
    """Carry mails to the mail server: at least once each, and never two at a time."""
    with asking_database(), ExitStack() as stack:
        _ask()
        relay = _relay(stack)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: relay.stopping.set())
        if not once:
            relay.run()
            return
        is_usable = relay.drain()
        relay.do_chores()
        if not is_usable:
            raise click.ClickException(f"the mail server is unusable ({relay.trouble}): the mails wait")


@bp.cli.command("status")
def status() -> None:
    """Count the mails by state, with the age of the oldest that waits."""
    now = clock.now()
    with asking_database():
        found, all_stopped = service.status(now), service.list_stopped()
    for state, count in found.counts.items():
        click.echo(f"{state:<10} {count:>6}")
    waits = f"{found.oldest_waiting.total_seconds():.0f} s" if found.oldest_waiting else "nothing waits"
    click.echo(f"oldest     {waits:>6}")
    for stopped in all_stopped:
        click.echo(f"stopped    {stopped.id} {stopped.kind} {stopped.state} {stopped.code or 'no answer'}")


@bp.cli.command("bounces")
def bounces() -> None:
    """Mark the mails that came back, by the reports in the bounce Maildir; relays do so every minute."""
    try:
        with asking_database():
            _ask()
            found = look(settings().bounces)
    except OSError as error:
        raise click.ClickException(f"the Maildir of FLEXSMT_BOUNCES can not be used: {error}") from error
    for outcome in Outcome:
        click.echo(f"{outcome:<10} {found[outcome]:>6}")


@bp.cli.command("resend")
@click.argument("mail")
def resend(mail: str) -> None:
    """Send a stopped mail again, named by its number, Message-ID or dedupe key."""
    try:
        with asking_database():
            number = service.resend(mail, clock.now())
    except (service.UnknownMail, service.NotResendable) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"mail {number} is queued again")


def _ask() -> None:
    """Ask for anything: who waits, or has nothing to do, would not notice that the database is gone."""
    service.find_newest()


def _relay(stack: ExitStack) -> Relay:
    """Make a relay for the server of the settings; without one it brings its own catcher."""
    config = settings()
    if config.smtp_url:
        target = parse_smtp_url(config.smtp_url)
    else:
        # A demo's alone: it would else be in the memory of every other site.
        catcher = import_module("flexsmt_site.outbox.catcher")
        target = stack.enter_context(catcher.Catcher(catcher.Keeper(config.data_dir / "mail"))).target
    helo = helo_name(config.base_url)
    waiter = stack.enter_context(wake.waiter())
    return Relay(lambda: Connection(target, helo, Limits()), config.data_dir, wait=waiter.wait)

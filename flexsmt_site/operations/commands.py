"""``flexsmt serve`` and ``flexsmt doctor``."""

import contextlib
import sys
from importlib import import_module
from threading import Event

import click
from flask import Blueprint

from flexsmt_site import clock, health, itself
from flexsmt_site.config import Settings, settings
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.language import making, releases, sync
from flexsmt_site.operations import schema, supervisor, workers
from flexsmt_site.policy import service as policy
from flexsmt_site.policy.rules import NotPublishable
from flexsmt_site.terminal import asking_database

bp = Blueprint("operations_commands", __name__, cli_group=None)


@bp.cli.command("serve")
@click.option("--no-relay", is_flag=True, help="Serve the web only; relays run elsewhere.")
def serve(*, no_relay: bool) -> None:
    """Serve the site and carry its mail; refuse to start on another version's database."""
    here = settings()
    try:
        supervisor.check_port(here.host, here.port)
    except supervisor.PortTaken as error:
        raise click.ClickException(str(error)) from error
    _ready_database(here)
    # What was published while this host was down, or before a backup was restored.
    with asking_database():
        _fetch_words()
    _fetch_policy()
    workers.ready(itself.app())
    _greet(here)
    supervisor.run(supervisor.parts(itself.app(), relay=not no_relay), _say, Event())


@bp.cli.command("doctor")
def doctor() -> None:
    """List what an operator still has to do, worst first; exit 1 on an error."""
    found = health.findings(settings())
    for finding in found:
        click.echo(
            f"{finding.level:<8} {finding.what}" + (f"\n         → {finding.mend}" if finding.mend else "")
        )
    if any(finding.level == "error" for finding in found):
        sys.exit(1)


def _fetch_words() -> None:
    """Bring edits of words to this version and fetch what is published.

    A host that can not take it serves with the words that it has.
    """
    try:
        _sync_words()
        releases.fetch()
    except OSError as error:
        _say(f"warning: the published words can not be written ({error}); see 'flexsmt doctor'")


def _fetch_policy() -> None:
    """Fetch the versions of the policy, and publish the first; a host that can not serves what it has."""
    try:
        policy.publish_first(clock.now())
        policy.take_over()
    except (DatabaseUnavailable, NotPublishable, OSError) as error:
        _say(f"warning: the versions of the policy can not be kept ({error}); see 'flexsmt doctor'")


def _sync_words() -> None:
    try:
        sync.sync(clock.now())
    except making.NotPublishable as error:
        _say(f"warning: edits of words can not be shown on this version ({error}); see 'flexsmt doctor'")


def _ready_database(here: Settings) -> None:
    """Migrate a demo's own database; elsewhere an operator decides when."""
    fault = schema.find_fault()
    if fault is None:
        return
    if not (here.is_demo and fault.is_older):
        raise click.ClickException(f"{fault.what}; {fault.mend}")
    # Alembic would else be in the memory of a site whose database is as it should be.
    import_module("flexsmt_site.migrating").upgrade()


def _say(text: str) -> None:
    """Tell the operator; a full disk or a closed terminal, which take no words, must not end the site."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def _greet(here: Settings) -> None:
    click.echo(f"Flex SMT's site: {here.base_url}/")
    if here.is_demo:
        click.echo(f"Caught mail:     {here.base_url}/dev/mail")
    click.echo("Ctrl-C ends it.")

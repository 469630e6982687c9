"""The commands ``flexsmt catalogs`` for what visitors read: publish, take back, go back, follow, sync."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import click
from flask import Blueprint

from flexsmt_site import clock, proof
from flexsmt_site.language import edits, making, overlay, releases, standing, sync
from flexsmt_site.language.edit_rules import plain
from flexsmt_site.language.models import Release
from flexsmt_site.language.releases import NotShownHere
from flexsmt_site.terminal import asking_database

catalogs = Blueprint("catalogs_commands", __name__, cli_group="catalogs")

_REFUSALS = (standing.UnknownEdit, releases.UnknownRelease, edits.NotMovable, making.NotPublishable)
#: No row has a larger number.
_NUMBER = click.IntRange(1, 2**31 - 1)


@catalogs.cli.command("publish")
@click.option("--drafts", is_flag=True, help="Along with every draft, such as those of an import.")
def publish(*, drafts: bool) -> None:
    """Show the words of pages and mails in every process of every host, without a restart."""
    try:
        with asking_database():
            for left in edits.list_stranded() if drafts else ():
                click.echo(f"gone      {left.text.name} (edit {left.id}): not published", err=True)
            published = releases.publish(clock.now(), edits.list_drafts() if drafts else ())
    except NotShownHere as error:
        raise click.ClickException(f"{error}: mend that and run it again") from error
    except (making.NotPublishable, overlay.BrokenCatalogue, OSError) as error:
        raise click.ClickException(f"{error}\nnothing was published: mend what is said above") from error
    state = "is in force" if published.is_new else "is in force already: nothing has changed"
    click.echo(f"release {published.number} {state}")


@catalogs.cli.command("follow")
def follow() -> None:
    """Fetch what other hosts publish until it is told to stop; 'flexsmt serve' runs it where it is needed."""
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    releases.follow(stopping)


@catalogs.cli.command("sync")
def bring_edits() -> None:
    """Hold the edits made on the site against this version's texts, and show them; none is ever lost."""
    try:
        with asking_database():
            synced = sync.sync(clock.now())
    except making.NotPublishable as error:
        raise click.ClickException(
            f"{error}\nthe edits are kept, but this version can not show them"
        ) from error
    except OSError as error:
        raise click.ClickException(f"this host can not take the words ({error})") from error
    for outcome in synced.outcomes:
        state = "returns" if outcome.returns else outcome.fate.value
        click.echo(f"{state:<9} {outcome.edit.text.name} (edit {outcome.edit.id}, {outcome.edit.state})")
    if not synced.outcomes:
        click.echo("No edits wait for the repository.")
    if synced.release and synced.release.is_new:
        click.echo(f"release {synced.release.number} shows them on this version")


@catalogs.cli.command("withdraw")
@click.argument("numbers", metavar="EDIT...", type=_NUMBER, nargs=-1, required=True)
def withdraw(numbers: tuple[int, ...]) -> None:
    """Take back drafts and published edits, all or none: visitors read the files' words instead."""
    with _refusing("withdrawn"):
        published = releases.withdraw(numbers, making.Signature(clock.now()))
    for number in dict.fromkeys(numbers):
        click.echo(f"edit {number} is withdrawn")
    if published:
        click.echo(f"release {published.number} is in force")


@catalogs.cli.command("releases")
def list_releases() -> None:
    """List what has been published, newest first."""
    with asking_database():
        found = releases.history()
    shown = next((release.number for release in found if release.version == proof.version()), None)
    for release in found:
        click.echo("  ".join(_about(release, shown)))
    if not found:
        click.echo("Nothing has been published.")


@catalogs.cli.command("rollback")
@click.argument("number", type=_NUMBER)
def roll_back(number: int) -> None:
    """Show the words of an earlier release again; edits that came later are withdrawn."""
    with _refusing("changed"):
        published = releases.roll_back(number, making.Signature(clock.now()))
    state = f"the words of release {number}" if published.is_new else "already: nothing has changed"
    click.echo(f"release {published.number} is in force{',' if published.is_new else ''} {state}")


@contextmanager
def _refusing(done: str) -> Iterator[None]:
    try:
        with asking_database():
            yield
    except NotShownHere as error:
        raise click.ClickException(f"{error}: mend that and run 'flexsmt catalogs publish'") from error
    except (*_REFUSALS, OSError) as error:
        raise click.ClickException(f"{error}\nnothing was {done}") from error


def _about(release: Release, shown: int | None) -> Iterator[str]:
    yield f"{release.number:>4}  {release.published:%Y-%m-%d %H:%M} UTC"
    yield f"{len(making.ids_of(release))} edits"
    if release.number == shown:
        yield "in force"
    if release.version != proof.version():
        yield "of another version"
    if release.reverts:
        yield f"undoes release {release.reverts}"
    if release.author:
        yield f"by member {release.author}"
    if release.note:
        yield plain(release.note)

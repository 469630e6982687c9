"""``flexsmt backup`` and ``flexsmt restore``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Blueprint

from flexsmt_site import clock
from flexsmt_site.backup import service
from flexsmt_site.backup.rules import BackupFault
from flexsmt_site.config import settings
from flexsmt_site.terminal import asking_database

bp = Blueprint("backup_commands", __name__, cli_group=None)

_PATH = click.Path(path_type=Path)


@bp.cli.command("backup")
@click.option("--to", "folder", type=_PATH, metavar="FOLDER", help="Write it there, not to DATA_DIR/backups.")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="AGE1…",
    help="Encrypt it for this public key of age; may be given several times.",
)
def backup(folder: Path | None, recipients: tuple[str, ...]) -> None:
    """Copy database, secret and register files while the site serves; drop copies older than 30 days."""
    now = clock.now()
    with asking_database(), _told():
        made = service.make(settings(), folder, recipients, now)
        click.echo(made)
        if not recipients:
            click.echo(
                "It is not encrypted and holds personal data: keep it under lock, or use --recipient.",
                err=True,
            )
        for name in service.tidy(made.parent, now):
            click.echo(f"deleted, as its time is over: {name}", err=True)


@bp.cli.command("restore")
@click.argument("file", type=_PATH)
@click.option("--identity", type=_PATH, metavar="FILE", help="The file with the private key of age.")
@click.option("--replace", is_flag=True, help="Give up the rows that the database holds.")
def restore(file: Path, identity: Path | None, *, replace: bool) -> None:
    """Put a backup in the place of database, secret and register files; the site must be stopped."""
    with asking_database(), _told():
        done = service.restore(settings(), file, identity, clock.now(), replace=replace)
    made = done.manifest.made
    click.echo(f"restored the backup of {made:%Y-%m-%d %H:%M} UTC, at revision {done.manifest.revision}")
    for path in done.kept:
        click.echo(f"what differed is kept as {path}")
    if done.is_older:
        click.echo("The database is older than this version. Run: flexsmt db upgrade")


@contextmanager
def _told() -> Iterator[None]:
    """Turn a fault, and what the disk refuses, into one line."""
    try:
        yield
    except BackupFault as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        # A write that fails does not say to which file.
        place = error.filename or "on the disk of DATA_DIR or of the backup"
        raise click.ClickException(f"{error.strerror or error}: {place}") from error

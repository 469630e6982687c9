"""The commands ``flexsmt language`` and ``flexsmt catalogs``."""

import signal
from pathlib import Path
from threading import Event

import click
from flask import Blueprint

from flexsmt_site import clock
from flexsmt_site.config import ROOT, settings
from flexsmt_site.language import audit, catalog, extract, geo, geo_build, releases
from flexsmt_site.terminal import asking_database

language = Blueprint("language_commands", __name__, cli_group="language")
catalogs = Blueprint("catalogs_commands", __name__, cli_group="catalogs")

_PATH = click.Path(path_type=Path, dir_okay=False)
_SOURCES = (Path("/usr/share/tor/geoip"), Path("/usr/share/tor/geoip6"))


@language.cli.command("status")
def status() -> None:
    """Say which table of networks decides the language and how old it is."""
    try:
        with geo.Table(settings().geo_database or geo.SHIPPED) as table:
            about = table.about()
    except geo.BrokenTable as error:
        raise click.ClickException(f"{error}; the browser alone decides the language") from error
    click.echo(f"table:    {about.path} ({about.kind})")
    click.echo(f"says:     {about.description}")
    click.echo(f"data of:  {about.made:%Y-%m-%d}, {(clock.now() - about.made).days} days old")
    click.echo(f"order:    cookie, {', '.join(settings().language_order)}")
    if about.is_stale(clock.now()):
        click.echo("warning: older than 18 months: run 'flexsmt language build'", err=True)


@language.cli.command("build")
@click.option(
    "--source", "sources", type=_PATH, multiple=True, default=_SOURCES, help="A text file of tor-geoipdb."
)
@click.option("--target", type=_PATH, default=geo.SHIPPED, help="The table to write.")
def build(sources: tuple[Path, ...], target: Path) -> None:
    """Write the table of networks where Russian is official, from Debian's tor-geoipdb."""
    try:
        built = geo_build.build(sources, target)
    except (OSError, geo_build.BrokenSource) as error:
        raise click.ClickException(
            f"{error}: install the package tor-geoipdb, or name its files with --source"
        ) from error
    click.echo(
        f"{target}: {built.networks} networks from {built.ranges} ranges, {built.size} bytes, "
        f"data of {built.made:%Y-%m-%d}"
    )
    click.echo("Put the date of the data into NOTICE, and restart the site.")


@catalogs.cli.command("extract")
def extract_texts() -> None:
    """Write every text of code and templates into the catalogues; translations stay."""
    changed = list(extract.changes())
    for source, content in changed:
        extract.replace(source, content)
        click.echo(f"{source.relative_to(ROOT)}: updated")
    if not changed:
        click.echo("The catalogues are up to date.")


@catalogs.cli.command("check")
def check() -> None:
    """Stop texts that would break a page, change a promise or stay untranslated."""
    found = sorted(audit.judge_all(), key=lambda judged: judged.finding.level == "error")
    for judged in found:
        click.echo(str(judged))
    errors = sum(judged.finding.level == "error" for judged in found)
    click.echo(f"{errors} errors, {len(found) - errors} warnings")
    if errors:
        raise SystemExit(1)


@catalogs.cli.command("compile")
def compile_all() -> None:
    """Compile the catalogues whose source is newer."""
    count = sum(extract.compile_one(source) for source in catalog.sources() if source.is_file())
    click.echo(f"{count} catalogues compiled.")


@catalogs.cli.command("publish")
def publish() -> None:
    """Show the words of pages and mails in every process of every host, without a restart."""
    try:
        with asking_database():
            published = releases.publish(clock.now())
    except releases.NotPublishable as error:
        raise click.ClickException(f"{error}\nnothing was published: mend the texts above") from error
    except OSError as error:
        raise click.ClickException(
            f"the words are published, but this host can not take them ({error}): mend that and run it again"
        ) from error
    state = "is in force" if published.is_new else "is in force already: nothing has changed"
    click.echo(f"release {published.number} {state}")


@catalogs.cli.command("follow")
def follow() -> None:
    """Fetch what other hosts publish until it is told to stop; 'flexsmt serve' runs it where it is needed."""
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    releases.follow(stopping)

"""The commands ``flexsmt language``, and ``flexsmt catalogs`` for files."""

import os
from pathlib import Path

import click
from flask import Blueprint

from flexsmt_site import clock
from flexsmt_site.config import ROOT, settings
from flexsmt_site.language import (
    audit,
    bringing,
    catalog,
    exporting,
    extract,
    geo,
    geo_build,
    importing,
    overlay,
)
from flexsmt_site.language.edit_rules import LONGEST_REASON, plain
from flexsmt_site.language.gate_entry import PLURAL_FORMS
from flexsmt_site.language.import_rules import Row
from flexsmt_site.language.release_commands import catalogs
from flexsmt_site.terminal import asking_database

language = Blueprint("language_commands", __name__, cli_group="language")

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


@catalogs.cli.command("export")
@click.option("--patch", is_flag=True, help="Print a patch for 'git apply' instead of writing files.")
@click.option("--drafts", is_flag=True, help="Take what is not published yet along.")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help="The folder to write to.")
def export(*, patch: bool, drafts: bool, to: Path | None) -> None:
    """Write the .po files with the edits made on the site: only their msgstr lines differ."""
    with asking_database():
        words = exporting.wanted(drafts=drafts)
    try:
        files = list(exporting.changed(words))
        for text in exporting.gone(words):
            click.echo(f"gone      {text.name}", err=True)
        if patch:
            click.echo(exporting.patch(files), nl=False)
            return
        for path in exporting.write(files, to or settings().data_dir / "export"):
            click.echo(f"{path} written")
    except (OSError, overlay.BrokenCatalogue) as error:
        raise click.ClickException(f"the catalogues can not be exported ({error})") from error
    if not files:
        click.echo("The repository has every edit.")


@catalogs.cli.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--apply", "is_meant", is_flag=True, help="Write drafts; without it nothing is stored.")
@click.option("--locale", type=click.Choice(sorted(PLURAL_FORMS)), help="The language, where none is said.")
def import_words(file: Path, *, is_meant: bool, locale: str | None) -> None:
    """Say what a PO file or a zip of some would change; --apply makes drafts of it. Nothing is removed."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(bringing.MOST + 1)
        with asking_database():
            # A name may be bytes that are no text.
            path = os.fsencode("/".join(file.parts[-3:])).decode("utf-8", "replace")
            table = importing.preview(path, raw, locale)
            reason = f"import of {path.rpartition('/')[2]}"[:LONGEST_REASON]
            late = importing.apply(table, author=None, reason=reason, now=clock.now()) if is_meant else []
    except (OSError, bringing.BadImport) as error:
        raise click.ClickException(f"{plain(str(error))}\nnothing was stored") from error
    for line in (*table.lines, *late):
        if line.row is not Row.SAME:
            note = f": {plain(line.note)}" if line.note else ""
            click.echo(f"{line.row.value:<9} {line.text.name}{note}")
    click.echo(", ".join(f"{table.counts[row]} {row.value}" for row in Row))
    click.echo(f"{table.untranslated} without a translation are left as they are")
    stored = table.counts[Row.NEW] + table.counts[Row.CHANGED] - len(late)
    click.echo(f"{stored} drafts written" if is_meant else "nothing was stored: --apply writes drafts")

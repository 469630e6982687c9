"""The commands ``flexsmt policy``."""

from collections.abc import Iterator

import click
from flask import Blueprint

from flexsmt_site import clock, database
from flexsmt_site.language.releases import NotShownHere
from flexsmt_site.policy import rows, rules, service
from flexsmt_site.policy.rules import NotPublishable, Standing, Version
from flexsmt_site.policy.service import Draft
from flexsmt_site.terminal import asking_database

bp = Blueprint("policy_commands", __name__, cli_group="policy")

_MINUTE = "%Y-%m-%d %H:%M UTC"
_MOMENT = "The minute at which it takes effect, such as 2027-03-01T00:00, in UTC unless it names a zone."


@bp.cli.command("publish")
@click.option("--note-en", required=True, help="What changes for readers, in a sentence of English.")
@click.option("--note-ru", required=True, help="The same in Russian.")
@click.option("--material", is_flag=True, help="What is done with data changes, not the wording alone.")
@click.option("--effective", metavar="MOMENT", help=f"{_MOMENT} Left out: at once.")
@click.option("--dry-run", is_flag=True, help="Check everything, and publish nothing.")
def publish(*, note_en: str, note_ru: str, material: bool, effective: str | None, dry_run: bool) -> None:
    """Make the text of this release a version: kept for ever, and what visitors read from its minute on."""
    now = clock.now()
    try:
        with asking_database():
            draft = service.draft({"en": note_en, "ru": note_ru}, effective, now, is_material=material)
            version, skipped = service.preview(draft, now)
            differences = list(_differences(version, skipped, draft))
            version = version if dry_run else service.publish(draft, now)
    except NotShownHere as error:
        raise click.ClickException(f"{error}: mend that, then restart the site") from error
    except (NotPublishable, OSError) as error:
        raise click.ClickException(f"{error}\nnothing was published: mend what is said above") from error
    _tell(version, skipped, draft, is_tried=dry_run)
    for line in differences:
        click.echo(line)


@bp.cli.command("versions")
def versions() -> None:
    """List every version, newest first, and how each stands."""
    now = clock.now()
    with asking_database(), database.read() as session:
        found = rows.list_versions(session)
    for version in reversed(found):
        weight = "material" if version.is_material else "editorial"
        standing = rules.standing(version, found, now).value
        click.echo(f"{version.number:>4}  {version.effective:{_MINUTE}}  {standing:<8}  {weight}")
        for lang, note in sorted(version.note.items()):
            click.echo(f"      {lang}: {note}")
    if not found:
        click.echo("no version is published: 'flexsmt serve' publishes the first")


def _differences(version: Version, skipped: list[Version], draft: Draft) -> Iterator[str]:
    """Say what changes for readers, also where it was announced for another day."""
    old = service.before(version)
    if old:
        numbers = sorted(service.differing(old.number, draft.text))
        yield f"clauses that differ from version {old.number}: {', '.join(map(str, numbers)) or 'none'}"
    for other in skipped:
        yield (
            f"what was announced with version {other.number} takes effect with version {version.number} "
            "as far as words and registers say it today: these clauses hold it"
        )


def _tell(version: Version, skipped: list[Version], draft: Draft, *, is_tried: bool) -> None:
    holds = "is in force" if version.effective <= clock.now() else "takes effect"
    verb = "would be published: it" if is_tried else "is published: it"
    since = f"{version.effective:{_MINUTE}}"
    clauses = len(draft.text["en"].contents)
    click.echo(f"version {version.number} {verb} {holds} from {since}, {clauses} clauses, sum {version.sum}")
    for other in skipped:
        click.echo(
            f"version {other.number}, announced for {other.effective:{_MINUTE}}, "
            f"{'would be' if is_tried else 'is'} {Standing.SKIPPED.value}: "
            f"version {version.number} comes first"
        )

"""Commands for receipts of consent, and for a cache that stands in front of the site."""

import json
from textwrap import dedent

import click
from flask import Blueprint

from flexsmt_site import clock, cookies
from flexsmt_site.consent import privacy, rules, service
from flexsmt_site.terminal import asking_database

bp = Blueprint("consent_commands", __name__, cli_group="consent")


@bp.cli.command("prune")
def prune() -> None:
    """Delete receipts whose choice has run out (184 days) twelve months ago."""
    with asking_database():
        deleted = service.prune(clock.now())
    click.echo(f"{deleted} deleted")


@bp.cli.command("export")
@click.argument("receipt", required=False)
def export(receipt: str | None) -> None:
    """Print receipts as JSON, one choice a line: all, or those of one number, with what was on the screen."""
    with asking_database():
        found = service.every_receipt() if receipt is None else service.list_choices(receipt)
        lines = 0
        for entry in service.written_out(found):
            click.echo(json.dumps(entry, ensure_ascii=False))
            lines += 1
    if receipt is not None and not lines:
        raise click.ClickException(
            f"no receipt has the number {receipt!r}: 'flexsmt consent export' prints all there are"
        )


@bp.cli.command("show-banner")
@click.argument("version", required=False)
def show_banner(version: str | None) -> None:
    """Print what was shown in a version (the running one unless named), where a receipt tells of it."""
    wanted = version or cookies.register().version
    with asking_database():
        found = service.list_screens(wanted)
    for screen in found:
        click.echo(
            f"<!-- {screen.place}, {screen.language}, {screen.digest}, kept {screen.kept:%Y-%m-%d} -->"
        )
        click.echo(screen.html.strip())
    if not found:
        raise click.ClickException(
            f"nobody has agreed to anything in version {wanted!r}: "
            "'flexsmt consent export' names the version of every choice"
        )


@bp.cli.command("cache-map")
def cache_map() -> None:
    """Print nginx's map from a request to the variant of its page, for the version that runs."""
    register = cookies.register()
    found = rules.pattern(privacy.CHOICE.sent_name, register.version, len(register.keys))
    click.echo(
        dedent(f"""\
        # Printed by 'flexsmt consent cache-map'; print it anew with each release.
        map $http_cookie $consent_choice {{
            default "";
            "~{found.replace("?<choice>", "?<consent_found>")}" $consent_found;
        }}
        map "$consent_choice:$http_sec_gpc" $consent_variant {{
            default {rules.Standing.UNDECIDED};
            "~^0+:" {rules.Standing.REFUSED};
            "~^[01]" {rules.Standing.ACCEPTED};
            ":1" {rules.Standing.GPC};
        }}"""),
    )

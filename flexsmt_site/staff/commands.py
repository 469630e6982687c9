"""Commands for accounts: the only way to make, change and end them."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Blueprint

from flexsmt_site import clock, web
from flexsmt_site.config import LANGUAGES
from flexsmt_site.staff import rules, service, signin
from flexsmt_site.staff.rules import Role
from flexsmt_site.terminal import asking_database

bp = Blueprint("staff_commands", __name__, cli_group="staff")

_ROLE = click.Choice([str(role) for role in Role])
_MINUTE = "%Y-%m-%d %H:%M UTC"


@bp.cli.command("add")
@click.argument("address")
@click.option("--role", type=_ROLE, required=True, help="What the account is for.")
def add(address: str, role: str) -> None:
    """Give somebody an account; it signs in by a code to this address, there is no password."""
    with _asking():
        member = service.add(address, Role(role), clock.now())
    click.echo(f"{member.address} is on the staff as {member.role}, and signs in at {_page('en')}")


@bp.cli.command("list")
def list_staff() -> None:
    """List the accounts with role, passkeys and open session."""
    with _asking():
        found = service.list_members()
    widest = max((len(one.member.address) for one in found), default=0)
    for one in found:
        seen = f"signed in, used {one.seen:{_MINUTE}}" if one.seen else "not signed in"
        keys = f"passkeys: {one.passkeys}"
        click.echo(f"{one.member.address:<{widest}}  {one.member.role:<9}  {keys}  {seen}")
    if not found:
        click.echo("nobody is on the staff: `flexsmt staff add ADDRESS --role admin` makes the first account")


@bp.cli.command("role")
@click.argument("address")
@click.argument("role", type=_ROLE)
def role(address: str, role: str) -> None:
    """Change what an account is for; its sessions end at once."""
    with _asking():
        member = service.set_role(address, Role(role), clock.now())
    click.echo(f"{member.address} is {member.role} and has to sign in again")


@bp.cli.command("remove")
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(address: str, *, yes: bool) -> None:
    """End an account with its sessions and passkeys; what it did stays in the trail, by number."""
    with _asking():
        member = service.get_member(address)
        if not yes:
            click.confirm(f"End the account of {member.address}?", abort=True)
        service.remove(address, clock.now())
    click.echo(f"{member.address} is on the staff no longer")


@bp.cli.command("link")
@click.argument("address")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", help="Of the page that it opens.")
def link(address: str, language: str) -> None:
    """Print a link that signs a member in once: for the first account, and for when mail is down."""
    with _asking():
        token = signin.make_link(address, clock.now())
    minutes = rules.CODE_LIFE.seconds // 60
    click.echo(f"{_page(language)}/link/{token}")
    click.echo(f"good for {minutes} minutes, and once", err=True)


def _page(language: str) -> str:
    return web.absolute_url(f"/staff/{language}/sign-in")


@contextmanager
def _asking() -> Iterator[None]:
    """What is wrong is one line."""
    with asking_database():
        try:
            yield
        except (service.UnknownMember, service.BadMember) as error:
            raise click.ClickException(str(error)) from error

"""Commands for enquiries, without a browser: list, show, release, erase."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Blueprint

from flexsmt_site import clock
from flexsmt_site.contact import desk, notice, rules
from flexsmt_site.contact.desk import Entry
from flexsmt_site.contact.models import Enquiry, Note
from flexsmt_site.language import countries
from flexsmt_site.outbox.service import Standing
from flexsmt_site.terminal import asking_database

bp = Blueprint("enquiry_commands", __name__, cli_group="enquiries")

_MINUTE = "%Y-%m-%d %H:%M UTC"


@bp.cli.command("list")
@click.option("--held", is_flag=True, help="Only those that wait for somebody to look at them.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1), help="How many, newest first."
)
def list_enquiries(*, held: bool, limit: int) -> None:
    """List enquiries, newest first, and where each stands."""
    with asking_database():
        found = desk.list_entries(limit, held=held)
    widest = max((len(entry.standing) for entry in found), default=0)
    for entry in found:
        enquiry, standing = entry.enquiry, entry.standing.ljust(widest)
        when = f"{enquiry.received:{_MINUTE}}"
        click.echo(f"{enquiry.reference}  {when}  {standing}  {enquiry.company}  {enquiry.country}")
    if not found:
        click.echo("no enquiry is held" if held else "no enquiries")


@bp.cli.command("show")
@click.argument("reference")
def show(reference: str) -> None:
    """Print one enquiry with what its sender agreed to, how far its answer is, its notices and notes."""
    with _found(reference) as entry:
        facts = [
            *_facts(entry),
            *(("notice", _notice(mail)) for mail in entry.notices),
            *(("note", _note(note)) for note in entry.notes),
        ]
    for name, fact in facts:
        click.echo(f"{name:<12} {fact}".rstrip())
    click.echo(f"\n{entry.enquiry.description or '(no text)'}")


@bp.cli.command("release")
@click.argument("reference")
def release(reference: str) -> None:
    """Mail a held enquiry to the sales staff after all; a second time changes nothing."""
    with _found(reference) as entry:
        is_released = desk.release(entry, clock.now())
    name = entry.enquiry.reference
    click.echo(f"{name} is released: its notices are queued" if is_released else f"{name} is not held")


@bp.cli.command("erase")
@click.argument("reference")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(reference: str, *, yes: bool) -> None:
    """Delete an enquiry, its notes and its notices for good, also those that are on their way."""
    with _found(reference) as entry:
        name = entry.enquiry.reference
        if not yes:
            click.confirm(f"Delete {name} of {entry.enquiry.company} for good?", abort=True)
        notices = desk.erase(entry)
    click.echo(f"{name} is erased, with {notices} notices; what was mailed lies in the staff's mailboxes")


@contextmanager
def _found(reference: str) -> Iterator[Entry]:
    """Give the enquiry; what is wrong is one line."""
    with asking_database():
        try:
            entry = desk.get_entry(reference)
        except desk.UnknownEnquiry as error:
            raise click.ClickException(str(error)) from error
        yield entry


def _facts(entry: Entry) -> Iterator[tuple[str, str]]:
    """Name everything that is stored of an enquiry but its text, its notices and its notes."""
    enquiry = entry.enquiry
    yield "reference", enquiry.reference
    yield "received", f"{enquiry.received:{_MINUTE}}"
    yield "stands", entry.standing
    for reason in notice.reasons(enquiry):
        yield "suspicious", str(reason)
    if enquiry.quarantined:
        yield "held", f"{enquiry.quarantined:{_MINUTE}}"
    if enquiry.released:
        yield "released", f"{enquiry.released:{_MINUTE}}"
    yield from _handling(enquiry)
    yield "subject", enquiry.subject or "none"
    yield "name", f"{enquiry.first_name} {enquiry.last_name}"
    yield "e-mail", enquiry.email
    yield "company", enquiry.company
    yield "place", f"{enquiry.city}, {countries.country_name(enquiry.country, 'en')}"
    yield "language", enquiry.language
    yield "source", enquiry.source
    agreed = f"version {enquiry.policy_version} of the policy in {enquiry.language}"
    yield "agreed to", f"{agreed}, {enquiry.agreed:{_MINUTE}}"
    yield "last active", f"{enquiry.last_activity:{_MINUTE}}"


def _handling(enquiry: Enquiry) -> Iterator[tuple[str, str]]:
    """Say how far the answer has come, and who did that; nothing of an enquiry that is held."""
    if enquiry.is_held:
        return
    yield "stage", enquiry.stage
    for done, when, who in (
        ("taken", enquiry.taken, enquiry.taken_by),
        ("answered", enquiry.answered, enquiry.answered_by),
    ):
        if when:
            yield done, f"{when:{_MINUTE}} by staff {who}"


def _note(note: Note) -> str:
    # Further lines stand below the first one.
    text = note.text.replace("\n", "\n" + " " * 13)
    return f"{note.written:{_MINUTE}} by staff {note.member_id}: {text}"


def _notice(mail: Standing) -> str:
    said = " ".join(str(part) for part in (mail.code, mail.text) if part)
    # Words of a foreign server: nothing in them may steer the terminal.
    plain = rules.cleaned(said, lines=False)
    return f"{mail.recipient} {mail.state}" + (f": {plain}" if plain else "")

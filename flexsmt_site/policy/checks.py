"""What an operator should know about the policy: whether what visitors read is what the site does."""

from collections.abc import Iterator

from flask import current_app

from flexsmt_site import clock, database, health
from flexsmt_site.config import Settings
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.language.overlay import BrokenCatalogue
from flexsmt_site.policy import current, rows, rules, service

_PUBLISH = "flexsmt policy publish --note-en … --note-ru …"


def versions(_settings: Settings) -> Iterator[health.Finding]:
    """Say which version is in force here, and whether a further one is due."""
    shelf = current.shelf(current_app)
    here = shelf.newest()
    if shelf.fault:
        yield health.Finding("error", shelf.fault, f"delete {service.file()}, then restart the site")
    try:
        with database.read() as session:
            found = rows.list_versions(session)
    except DatabaseUnavailable:
        # What keeps it from being asked is said of the database.
        return
    if not found:
        yield health.Finding(
            "warning", "no version of the policy has been published", "run: flexsmt serve, or " + _PUBLISH
        )
        return
    newest, now = found[-1], clock.now()
    if here.versions[-1] != newest and not shelf.fault:
        yield health.Finding(
            "warning", f"visitors of this host do not know version {newest.number} yet", "restart the site"
        )
    yield from _due(newest.number)
    yield health.Finding("ok", f"version {rules.in_force(found, now).number} of the policy is in force")


def _due(newest: int) -> Iterator[health.Finding]:
    """Warn where the running code would write the policy in another way."""
    try:
        differing = service.due()
    except (DatabaseUnavailable, BrokenCatalogue):
        # Said of the database, and of the edits that lie over the file.
        return
    if differing:
        named = ", ".join(map(str, sorted(differing)))
        yield health.Finding(
            "warning",
            f"the policy's words or registers differ from version {newest}, in clauses: {named}",
            f"publish a version with: {_PUBLISH}",
        )


def declare() -> None:
    """Let doctor ask this."""
    health.declare(versions)

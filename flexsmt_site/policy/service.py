"""Publishing versions of the policy: rendered once, checked, and kept for ever.

What visitors read changes here and nowhere else. ``fetch`` brings what was published to a host's file.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from flexsmt_site import clock, database, events, ledger, pages
from flexsmt_site.config import LANGUAGES, settings
from flexsmt_site.language import audit, catalog, extract, releases, versioned, words
from flexsmt_site.language.versioned import Laid
from flexsmt_site.policy import book, clauses, current, fragment, rows, rules, shipped, wording
from flexsmt_site.policy.fragment import Fragment
from flexsmt_site.policy.models import PolicyVersion
from flexsmt_site.policy.rules import NotPublishable, Version

_NEWEST = (
    select(PolicyVersion.number, PolicyVersion.sum, PolicyVersion.effective)
    .order_by(PolicyVersion.number.desc())
    .limit(1)
)
#: Nobody else of this site takes a lock of this number: releases of words take 0, others 63 bits of a hash.
_LOCK = 1


class UnknownVersion(LookupError):
    """No version of this number was published."""


@dataclass(frozen=True)
class Draft:
    """What is to be published: checked, and without a number as long as others may publish too.

    ``laid`` are the edits of words that it was rendered with.
    """

    text: Mapping[str, Fragment]
    note: Mapping[str, str]
    is_material: bool
    effective: datetime
    laid: Laid


def draft(
    note: Mapping[str, str],
    effective: str | None,
    now: datetime,
    *,
    is_material: bool,
    edits: Sequence[int] = (),
) -> Draft:
    """Render and check the text of the running code under the live edits and these, which are in review.

    Raises ``NotPublishable`` with all that is wrong, and ``DatabaseUnavailable``.
    """
    checked = {lang: rules.checked_note(lang, note[lang]) for lang in LANGUAGES}
    moment = rules.effective_from(effective, now)
    errors = [str(found) for found in audit.judge_all() if found.finding.level == "error"]
    if errors:
        raise NotPublishable("\n".join(errors))
    laid = wording.lay(edits)
    return Draft(wording.checked(laid), checked, is_material, moment, laid)


def due() -> set[int]:
    """Return the clauses that would read otherwise, were a version published now; none without a first.

    Raises ``DatabaseUnavailable`` and ``overlay.BrokenCatalogue``.
    """
    with database.read() as session:
        newest = session.execute(_NEWEST).first()
        laid = versioned.lay(session)
    if newest is None or catalog.missing():
        return set()
    text = fragment.rendered(versioned.worded(laid))
    if fragment.sum_of(text) == newest.sum:
        return set()
    return differing(newest.number, text)


def differing(number: int, text: Mapping[str, Fragment]) -> set[int]:
    """Return the clauses in which a text is not that of a version; raises as ``get_fragment`` does."""
    return {
        clause
        for lang in LANGUAGES
        for clause in clauses.differing(get_fragment(number, lang).html, text[lang].html)
    }


def before(version: Version) -> Version | None:
    """Return the version in force when this one, published or tried, takes its place; None for the first.

    Raises ``DatabaseUnavailable``.
    """
    with database.read() as session:
        known = [other for other in rows.list_versions(session) if other.number < version.number]
    return rules.in_force(known, version.effective) if known else None


def preview(wanted: Draft, now: datetime) -> tuple[Version, list[Version]]:
    """Return what a draft would become, and the announced versions that it would come before.

    Raises ``NotPublishable``, and ``DatabaseUnavailable``.
    """
    with database.read() as session:
        version = _next(session, wanted, now)
        known = rows.list_versions(session)
    return version, rules.skipped_by(version.number, version.effective, known, now)


#: Writes something beside a version, in the same transaction.
Beside = Callable[[Session, Version], object]


@ledger.keeps("P14.1")
def publish(
    wanted: Draft,
    now: datetime,
    author: int | None = None,
    beside: Beside = lambda _session, _version: None,
) -> Version:
    """Publish a draft and its edits under the next number; it takes effect by itself.

    ``author`` is the number of a member, None for a command. Raises ``NotPublishable`` where nothing differs
    from the newest version or the edits have changed, ``DatabaseUnavailable``, and ``NotShownHere`` where it
    is published and this host cannot take it.
    """
    with database.write() as session:
        database.lock(session, _LOCK)
        version = _next(session, wanted, now)
        try:
            versioned.publish(session, wanted.laid, author, now)
        except versioned.NotLayable as error:
            raise NotPublishable(str(error)) from error
        rows.add(session, version, wanted.text)
        beside(session, version)
    events.say("policy.published", version=version.number, effective=version.effective.isoformat())
    with releases.showing(f"version {version.number}"):
        take_over()
    return version


def publish_first(now: datetime) -> Version | None:
    """Publish the shipped version where none was published yet; None where one was, by whomever.

    Raises ``NotPublishable`` and ``DatabaseUnavailable``; it is shown by ``take_over``.
    """
    with database.read() as session:
        if session.execute(_NEWEST).first():
            return None
    date = shipped.version().date
    since = min(datetime.combine(date, time(), UTC), now.replace(second=0, microsecond=0))
    laid = wording.lay()
    wanted = Draft(wording.checked(laid), _first_note(), is_material=False, effective=since, laid=laid)
    with database.write() as session:
        database.lock(session, _LOCK)
        if session.execute(_NEWEST).first():
            return None
        version = _next(session, wanted, now)
        rows.add(session, version, wanted.text)
    events.say("policy.published", version=version.number, effective=since.isoformat())
    return version


@ledger.keeps("P14.1")
def get_fragment(number: int, lang: str) -> Fragment:
    """Return the clauses of a version as they were published.

    Raises ``UnknownVersion``, and ``DatabaseUnavailable`` for one that only the database holds.
    """
    found = current.find_fragment(number, lang)
    if found is None:
        with database.read() as session:
            found = rows.find_fragment(session, number, lang)
    if found is None:
        raise UnknownVersion(f"no version {number} of the policy was published")
    return found


def file() -> Path:
    """Return where the book lies on this host."""
    return settings().data_dir / book.FILE


def fetch() -> bool:
    """Bring what was published to this host, or nothing where nothing was; tell whether that changed it.

    Raises ``DatabaseUnavailable``, also where what it holds is damaged, and ``OSError`` where it cannot be
    written.
    """
    shelf = current.shelf(current_app)
    here = shelf.newest().name
    with database.read() as session:
        versions = rows.list_versions(session)
        if book.name_of(versions) == here and not shelf.fault:
            return False
        made = rows.bound(session, versions, clock.now()) if versions else b""
    if made:
        _check(made)
        extract.replace(file(), made)
    else:
        file().unlink(missing_ok=True)
    events.say("policy.fetched", version=versions[-1].number if versions else None)
    return True


def _check(made: bytes) -> None:
    # No host could read it, and each would fetch it for ever.
    try:
        book.read(made)
    except book.BrokenBook as error:
        raise rows.DamagedVersion(f"{error}: restore a backup of the database") from error


def take_over() -> None:
    """Show what was published, in every process of this host: afterwards all have looked.

    Raises as ``fetch`` does.
    """
    # Until nothing newer is found: somebody else may publish at the same moment.
    while fetch():
        words.wait_for_all()


def _next(session: Session, wanted: Draft, now: datetime) -> Version:
    newest = session.execute(_NEWEST).first()
    digest = fragment.sum_of(wanted.text)
    if newest and newest.sum == digest:
        raise NotPublishable(rules.nothing_differs(newest.number, is_announced=newest.effective > now))
    number = rules.next_number(newest.number if newest else None, shipped.version().number)
    return Version(number, now, wanted.effective, wanted.is_material, dict(wanted.note), digest)


def _first_note() -> dict[str, str]:
    note = {}
    for lang in LANGUAGES:
        with pages.speaking(lang):
            note[lang] = str(_("The first version on this website."))
    return note

"""What a publisher of the policy looks at: its versions, what waits for another, and what that would be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from flask import current_app
from flask_babel import gettext as _

from flexsmt_site import database
from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import going_live, release_words, rules
from flexsmt_site.editor.rules import Hindrance
from flexsmt_site.language import overlay, standing, versioned
from flexsmt_site.language.edit_rules import Strings
from flexsmt_site.language.overlay import BrokenCatalogue
from flexsmt_site.language.standing import Standing
from flexsmt_site.policy import current, difference, fragment, rows, service
from flexsmt_site.policy import rules as policy_rules
from flexsmt_site.policy.difference import Change
from flexsmt_site.policy.rules import NotPublishable, Version
from flexsmt_site.policy.service import Draft


class Refused(NotPublishable):
    """Why nothing was published, in the language of the page."""


@dataclass(frozen=True)
class Waiting:
    """An edit in review, and what stands in its place; ``why`` keeps the member from publishing it."""

    edit: Standing
    shown: Strings
    why: Hindrance | None


@dataclass(frozen=True)
class Overview:
    """The versions with how each stands, newest first, and what is left to do about them.

    ``due`` are the clauses that the site would write in another way than the newest version does.
    ``is_here`` is False while this host does not know that version yet.
    """

    versions: Sequence[tuple[Version, policy_rules.Standing]]
    due: Sequence[int]
    is_here: bool

    @property
    def newest(self) -> Version | None:
        """The version that a further one comes after."""
        return self.versions[0][0] if self.versions else None

    def find(self, number: int | None) -> tuple[Version, policy_rules.Standing] | None:
        """Return a version with how it stands."""
        return next((row for row in self.versions if row[0].number == number), None)


@dataclass(frozen=True)
class Wish:
    """What a publisher asks for; ``edits`` are numbers, ``effective`` is empty for at once."""

    note: Mapping[str, str]
    is_material: bool
    effective: str
    edits: tuple[int, ...]


@dataclass(frozen=True)
class Tried:
    """What a version would be: ``changes``, by language, are those against the one that it would follow."""

    version: Version
    skipped: Sequence[Version]
    changes: Mapping[str, Sequence[Change]]


def find_newest() -> Version | None:
    """Return the version that a further one comes after; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        found = rows.list_versions(session)
    return found[-1] if found else None


def look(now: datetime) -> Overview:
    """Return the versions and what is due; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        found = rows.list_versions(session)
    try:
        due = sorted(service.due())
    except BrokenCatalogue:
        # Doctor tells of it; whoever publishes is refused with the reason.
        due = []
    known = current.shelf(current_app).newest().versions
    shown = [(version, policy_rules.standing(version, found, now)) for version in reversed(found)]
    return Overview(shown, due, is_here=not found or known[-1] == found[-1])


def list_waiting(publisher: int) -> list[Waiting]:
    """Return the edits of the policy that are in review, oldest first; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        found = versioned.list_waiting(session)
        live = {edit.text: edit.strings for edit in versioned.lay(session).live}
    wrote = going_live.authors(found)
    return [
        Waiting(
            edit,
            live.get(edit.text) or _repository(edit),
            rules.hindrance(edit.text.domain, edit.state, wrote.get(edit.id, ()), publisher),
        )
        for edit in found
    ]


def count_unready() -> int:
    """Return how many drafts of the policy nobody has handed in; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        every = standing.list_working(session)
    return sum((edit.text.domain, edit.state) == (versioned.DOMAIN, "draft") for edit in every)


def _repository(edit: Standing) -> Strings:
    try:
        value = overlay.find(edit.text)
    except BrokenCatalogue:
        value = None
    return value.strings if value else edit.base_strings


def draft(wish: Wish, publisher: int, now: datetime) -> Draft:
    """Write what a publisher wishes for; raises ``NotPublishable``, ``DatabaseUnavailable``."""
    waiting = list_waiting(publisher)
    refused = [
        f"{one.edit.text.msgid[:70]}: {release_words.WHY[one.why]}"
        for one in waiting
        if one.why and one.edit.id in wish.edits
    ]
    if refused:
        raise Refused("\n".join(refused))
    made = service.draft(
        wish.note, wish.effective or None, now, is_material=wish.is_material, edits=wish.edits
    )
    if not set(made.laid.chosen) <= {one.edit for one in waiting if not one.why}:
        raise Refused(_("Somebody has changed these texts meanwhile. Look at what waits now."))
    return made


def try_out(wanted: Draft, now: datetime) -> Tried:
    """Return what a draft would become; raises ``NotPublishable``, and ``DatabaseUnavailable``."""
    version, skipped = service.preview(wanted, now)
    # Not the newest: what was announced with a version that is skipped changes with this one.
    old = service.before(version)
    before = {lang: service.get_fragment(old.number, lang).html if old else "" for lang in LANGUAGES}
    return Tried(
        version,
        skipped,
        {lang: difference.of(before[lang], wanted.text[lang].html) for lang in LANGUAGES},
    )


def sum_of(wanted: Draft, wish: Wish) -> str:
    """Return the sum of what a publisher has seen: the text, and all that was filled in."""
    return _sum(fragment.sum_of(wanted.text), wish)


def is_what_came(wish: Wish, seen: str, newest: Version) -> bool:
    """Tell whether a version is what a publisher has seen and wished for; see ``sum_of``."""
    try:
        effective = policy_rules.effective_from(wish.effective or None, newest.published)
    except NotPublishable:
        return False
    said = (wish.note, wish.is_material, effective)
    return _sum(newest.sum, wish) == seen and said == (newest.note, newest.is_material, newest.effective)


def _sum(text: str, wish: Wish) -> str:
    seen = (text, sorted(wish.note.items()), wish.is_material, wish.effective)
    return sha256(repr(seen).encode()).hexdigest()

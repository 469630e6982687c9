"""After a deploy: hold every edit against what the repository says today, and show it on this version.

An edit is never lost and never stops a deploy: whatever the repository says, what visitors read stays the
edit until somebody decides otherwise, or the repository has taken it over.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from flexsmt_site import database, events, health
from flexsmt_site.config import Settings
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.language import edit_rules, making, overlay, packing, releases, standing
from flexsmt_site.language.edit_rules import Fate, State, Strings, Text
from flexsmt_site.language.making import Intent, NotPublishable, Published, Signature
from flexsmt_site.language.models import Step
from flexsmt_site.language.standing import Standing

#: At most one; see ``declare_versions``.
_last_version: list[Callable[[Session], datetime | None]] = []


@dataclass(frozen=True)
class Outcome:
    """What becomes of one edit; ``returns`` where a retired one is needed again."""

    edit: Standing
    fate: Fate
    returns: bool = False


@dataclass(frozen=True)
class Synced:
    """What becomes of each edit, and the release that shows it on this version, where one was needed."""

    outcomes: tuple[Outcome, ...]
    release: Published | None


def sync(now: datetime) -> Synced:
    """Bring every edit to this version of the site.

    Raises ``making.NotPublishable`` where pages can not be made of the words, ``DatabaseUnavailable``, and
    ``OSError`` where this host cannot take them.
    """
    try:
        outcomes, intent = look(), _read(_intent)
        if not (intent.steps or intent.wants_release):
            return Synced(outcomes, None)
        published = making.make(_intent, Signature(now, note="brought to this version of the site"))
    except overlay.BrokenCatalogue as error:
        raise NotPublishable(str(error)) from error
    events.say("words.synced", **Counter(outcome.fate.value for outcome in outcomes))
    # Even without a release: another host may have made it at the same moment.
    releases.settle()
    return Synced(outcomes, published)


def look() -> tuple[Outcome, ...]:
    """Return what becomes of each edit that is live or worked at, and of each that comes back.

    Changes nothing; raises ``DatabaseUnavailable``.
    """
    with database.read() as session:
        return (*_outcomes(session), *(outcome for outcome, _before in _returning(session)))


def declare_versions(published: Callable[[Session], datetime | None]) -> None:
    """Let ``published`` say when the newest version of the policy was published."""
    _last_version[:] = [published]


def list_returning(session: Session) -> list[Standing]:
    """Return the retired edits that this version of the site needs live again."""
    return [outcome.edit for outcome, before in _returning(session) if before == "published"]


def findings(_settings: Settings) -> Iterator[health.Finding]:
    """Say which published edits differ from a repository that has moved on, and which are not shown."""
    try:
        outcomes, intent = look(), _read(_intent)
    except DatabaseUnavailable:
        # Said of the database itself.
        return
    except overlay.BrokenCatalogue as error:
        yield health.Finding("error", str(error), "mend the file, then run: flexsmt catalogs sync")
        return
    fates = Counter(outcome.fate for outcome in outcomes if outcome.edit.state == "published")
    if fates[Fate.CONFLICT]:
        what = f"{fates[Fate.CONFLICT]} edited texts have been changed in the repository, too"
        yield health.Finding("warning", what, "see: flexsmt catalogs sync")
    if fates[Fate.GONE]:
        what = f"{fates[Fate.GONE]} published edits are of texts that this version has not"
        yield health.Finding("warning", what, "see: flexsmt catalogs sync")
    if intent.wants_release:
        what = "published edits are not shown on this version of the site"
        yield health.Finding("warning", what, "start the site, or run: flexsmt catalogs sync")


def _read(decide: Callable[[Session], Intent]) -> Intent:
    with database.read() as session:
        return decide(session)


def _intent(session: Session) -> Intent:
    outcomes, returning = _outcomes(session), _returning(session)
    landed = [outcome.edit for outcome in outcomes if outcome.fate is Fate.LANDED]
    steps: list[tuple[int, State]] = [(edit.id, "retired") for edit in landed]
    steps += [(outcome.edit.id, before) for outcome, before in returning]
    live = [found for found in standing.list_released(session) if found not in landed]
    back = (outcome.edit for outcome, before in returning if before == "published")
    live += [found for found in back if found.text.domain in packing.DOMAINS]
    return Intent(tuple(live), tuple(steps), wants_release=_wants_release(session, live))


def _wants_release(session: Session, live: Sequence[Standing]) -> bool:
    newest = session.scalar(making.newest_of_version())
    held, ids = making.ids_of(newest), making.ids(tuple(live))
    if not (held or ids):
        # Words that were published from files alone wait for somebody to publish them.
        return False
    return newest is None or (newest.base, held) != (overlay.base(), ids)


def _outcomes(session: Session) -> list[Outcome]:
    live = standing.list_live(session)
    shown = {found.text for found in live}
    made = [Outcome(found, _fate(found)) for found in live]
    for found in standing.list_working(session):
        fate = _fate(found)
        # Whoever wants the repository's words back over a published edit is not done yet.
        made.append(Outcome(found, Fate.STAYS if fate is Fate.LANDED and found.text in shown else fate))
    return made


def _fate(found: Standing) -> Fate:
    return edit_rules.fate(found.strings, found.base, _current(found.text))


def _returning(session: Session) -> list[tuple[Outcome, State]]:
    """Find retired edits that the repository has lost again, each with its state before it was retired."""
    last = {found.text: found for found in standing.found(session, standing.in_state("retired"))}
    lost = [
        found
        for found in last.values()
        if edit_rules.comes_back(found.strings, found.base, _current(found.text))
    ]
    live = {found.text for found in standing.list_live(session)} if lost else set()
    made = []
    for found in lost:
        before = _state_before(session, found)
        head = standing.find_head(session, found.text)
        is_free = (
            found.text not in live if before == "published" else head is not None and head.id == found.id
        )
        if is_free:
            made.append((Outcome(found, Fate.STAYS, returns=True), before))
    return made


def _state_before(session: Session, found: Standing) -> State:
    states = session.scalars(
        select(Step.state).where(Step.edit_id == found.id).order_by(Step.id.desc())
    ).all()
    before: State = "draft"
    if len(states) > 1:
        before = "published" if states[1] == "published" else "review" if states[1] == "review" else "draft"
    # A version that somebody has published without it stands: whoever publishes the next decides.
    return "review" if before == "published" and _is_overtaken(session, found) else before


def _is_overtaken(session: Session, found: Standing) -> bool:
    if found.text.domain in packing.DOMAINS or not found.moved:
        return False
    moments = (published(session) for published in _last_version)
    return any(moment and moment > found.moved for moment in moments)


def _current(text: Text) -> Strings | None:
    value = overlay.find(text)
    return value.strings if value else None

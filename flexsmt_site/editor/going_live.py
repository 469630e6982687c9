"""What waits to be published and what keeps it back; what a release is, and what undoing would bring."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from flexsmt_site import database, proof
from flexsmt_site.editor import lines, rules
from flexsmt_site.editor.rules import Hindrance
from flexsmt_site.language import making, overlay, packing, releases, standing, words
from flexsmt_site.language.edit_rules import Strings, Text
from flexsmt_site.language.gate_entry import Finding
from flexsmt_site.language.models import Edit, Release, Step
from flexsmt_site.language.standing import Standing


class Fault(StrEnum):
    """Why nobody may publish a draft as it is."""

    ERROR = "error"
    GONE = "gone"


@dataclass(frozen=True)
class Waiting:
    """A draft that visitors do not read yet; ``why`` is what keeps the member at hand from publishing it."""

    draft: Standing
    shown: Strings
    findings: tuple[Finding, ...]
    why: Fault | Hindrance | None


@dataclass(frozen=True)
class Released:
    """A release; ``texts`` counts the drafts that came with it, ``is_seen``: this host shows it."""

    release: Release
    texts: int
    is_seen: bool


@dataclass(frozen=True)
class Return:
    """A text that would change if an earlier release were shown again."""

    text: Text
    now: Strings
    then: Strings


def list_waiting(publisher: int) -> list[Waiting]:
    """Return every draft that may go live by itself, texts in the order of their files.

    Raises ``DatabaseUnavailable``.
    """
    sides = [
        side
        for line in lines.index().lines.values()
        if line.domain in packing.DOMAINS
        for side in line.sides.values()
    ]
    drafts = [side.listed.draft for side in sides if side.listed.draft]
    wrote = authors([draft for draft in drafts if draft.text.domain in rules.GUARDED])
    return [
        Waiting(draft, side.listed.shown, side.findings, _fault(side) or _hindrance(draft, wrote, publisher))
        for side in sides
        if (draft := side.listed.draft)
    ]


def count_of_policy() -> int:
    """Return how many drafts wait for a version of the policy."""
    every = (line for line in lines.index().lines.values() if line.domain not in packing.DOMAINS)
    return sum(side.listed.draft is not None for line in every for side in line.sides.values())


def _fault(side: lines.Side) -> Fault | None:
    if side.is_gone:
        return Fault.GONE
    return Fault.ERROR if any(finding.level == "error" for finding in side.findings) else None


def _hindrance(draft: Standing, wrote: Mapping[int, Collection[int]], publisher: int) -> Hindrance | None:
    return rules.hindrance(draft.text.domain, draft.state, wrote.get(draft.id, ()), publisher)


def authors(drafts: Sequence[Standing]) -> dict[int, frozenset[int]]:
    """Return by number of a draft the members whose words or wishes it holds.

    They wrote it, or a draft that it was made of since the text was published last, or handed one in.
    """
    if not drafts:
        return {}
    keys = {draft.text.key for draft in drafts}
    with database.read() as session:
        past = standing.found(session, Edit.key.in_(keys))
        telling = Step.state.in_(("published", "review"))
        steps = session.execute(
            select(Step.edit_id, Step.state, Step.author).join(Edit).where(Edit.key.in_(keys), telling)
        ).all()
    published = {step.edit_id for step in steps if step.state == "published"}
    handed_in = {(step.edit_id, step.author) for step in steps if step.state == "review"}
    made = {}
    for draft in drafts:
        chain = _chain(draft, [edit for edit in past if edit.text == draft.text], published)
        numbers = {edit.id for edit in chain}
        found = {edit.author for edit in chain} | {who for number, who in handed_in if number in numbers}
        made[draft.id] = frozenset(who for who in found if who)
    return made


def _chain(draft: Standing, past: Sequence[Standing], published: Collection[int]) -> list[Standing]:
    """Return a draft with what was written before it, back to what visitors have read."""
    earlier = [edit for edit in past if edit.id <= draft.id]
    began = max((edit.id for edit in earlier if edit.id in published), default=0)
    return [edit for edit in earlier if edit.id > began]


def released_with(numbers: Collection[int]) -> int | None:
    """Return the newest release that came with one of these drafts, where all of them have been published.

    None where one was not, or has been taken out of force since.
    """
    with database.read() as session:
        shown = standing.found(session, Edit.id.in_(numbers), standing.in_state("published", "replaced"))
        came = select(func.max(Step.release)).where(Step.edit_id.in_(numbers), Step.state == "published")
        newest = session.scalar(came)
    return newest if {edit.id for edit in shown} == set(numbers) else None


def find_release(number: int) -> Released | None:
    """Return a release, if there is one of this number; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        release = session.get(Release, number, options=[defer(Release.packed)])
        if release is None:
            return None
        came = select(func.count(Step.id)).where(Step.release == number, Step.state == "published")
        texts = session.scalars(came).one()
        newest = _in_force(session)
    return Released(release, texts, is_seen=number != newest or words.at_hand().name == release.sum)


def in_force() -> int | None:
    """Return the number of the release that this version of the site shows; None without any."""
    with database.read() as session:
        return _in_force(session)


def _in_force(session: Session) -> int | None:
    return session.scalar(select(func.max(Release.number)).where(Release.version == proof.version()))


def what_returns(number: int) -> list[Return]:
    """Return the texts that would change with an earlier release; raises ``releases.UnknownRelease``.

    They come in the order of their names. Raises also ``DatabaseUnavailable``.
    """
    with database.read() as session:
        target = session.get(Release, number, options=[defer(Release.packed)])
        if target is None:
            raise releases.UnknownRelease(f"there is no release {number}")
        now = _wordings(standing.list_live(session))
        then = _wordings(standing.found(session, Edit.id.in_(making.ids_of(target))))
    return _differing(now, then)


def what_ends() -> list[Return]:
    """Return the texts that would change if no edit were live any more; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        now = _wordings(standing.list_live(session))
    return _differing(now, {})


def is_first(number: int) -> bool:
    """Tell whether there is no release before this one; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        return session.scalar(select(func.min(Release.number))) == number


def _differing(now: Mapping[Text, Strings], then: Mapping[Text, Strings]) -> list[Return]:
    found = []
    for text in sorted(now.keys() | then.keys(), key=lambda text: (text.domain, text.msgid, text.locale)):
        value = overlay.find(text)
        if value is not None:
            one = Return(text, now.get(text, value.strings), then.get(text, value.strings))
            found += [one] if one.now != one.then else []
    return found


def _wordings(edits: Sequence[Standing]) -> dict[Text, Strings]:
    return {edit.text: edit.strings for edit in edits if edit.text.domain in packing.DOMAINS}

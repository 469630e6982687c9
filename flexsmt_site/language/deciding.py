"""What a release is to hold: with chosen drafts, without edits that end, or as an earlier one was."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy.orm import Session

from flexsmt_site import proof
from flexsmt_site.language import edits, gate, making, overlay, packing, standing
from flexsmt_site.language.edit_rules import State
from flexsmt_site.language.gate_entry import Term
from flexsmt_site.language.making import Intent, NotPublishable, SeenOtherwise
from flexsmt_site.language.models import Edit, Release
from flexsmt_site.language.standing import Standing


def errors(found: Standing, terms: Sequence[Term]) -> Iterator[str]:
    """Say what keeps a draft from being shown."""
    text = found.text
    name = f"edit {found.id}, {text.name}"
    value = overlay.find(text)
    if text.domain not in packing.DOMAINS:
        yield f"{name}: words of “{text.domain}” go live with a version of the site alone: export them"
    elif value is None:
        yield f"{name}: this version of the site has no such text"
    else:
        for finding in gate.check(value.entry(found.strings), terms):
            if finding.level == "error":
                yield f"{name}: {finding.what} ({finding.rule}): {finding.mend}"


def ordered(
    session: Session, drafts: Sequence[int], ended: Sequence[int], seen: Sequence[Standing] = ()
) -> Intent:
    """Decide to show drafts, and to show published edits no more; raises ``making.NotPublishable``.

    Of drafts that are ``seen``, nobody may have moved any since.
    """
    ends = _ending(session, ended)
    by_text = {found.text: found for found in standing.list_released(session) if found.id not in ends}
    steps: list[tuple[int, State]] = [(number, "withdrawn") for number in ends]
    for found in _chosen(session, drafts, seen):
        before = by_text.get(found.text)
        steps += [(before.id, "replaced")] if before else []
        steps.append((found.id, "published"))
        by_text[found.text] = found
    return Intent(tuple(by_text.values()), tuple(steps))


def without(session: Session, numbers: Sequence[int]) -> Intent:
    """Decide to withdraw drafts and published edits.

    Raises ``standing.UnknownEdit``, ``edits.NotMovable`` and ``making.NotPublishable``.
    """
    live = {found.id for found in standing.list_live(session)}
    working = {found.id for found in standing.list_working(session)}
    for number in numbers:
        if number not in live | working:
            found = standing.get(session, number)
            why = "has been written over" if found.is_working else f"is {found.state} already"
            raise edits.NotMovable(f"edit {number} {why}: it can not be withdrawn")
    ends = _ending(session, [number for number in numbers if number in live])
    return Intent(
        tuple(found for found in standing.list_released(session) if found.id not in ends),
        tuple((number, "withdrawn") for number in numbers),
        wants_release=bool(ends),
    )


def _ending(session: Session, ended: Sequence[int]) -> dict[int, Standing]:
    live = {found.id: found for found in standing.list_live(session)} if ended else {}
    lost = [number for number in ended if number not in live]
    if lost:
        raise NotPublishable(f"not shown to visitors any more: {', '.join(map(str, lost))}")
    bound = [number for number in ended if live[number].text.domain not in packing.DOMAINS]
    if bound:
        numbers = ", ".join(map(str, bound))
        raise NotPublishable(f"words of the policy change with a version of it alone: {numbers}")
    return {number: live[number] for number in ended}


def _chosen(session: Session, drafts: Sequence[int], seen: Sequence[Standing]) -> list[Standing]:
    working = {found.id: found for found in standing.list_working(session)}
    lost = [number for number in drafts if number not in working]
    if lost:
        raise NotPublishable(f"not the newest draft of a text any more: {', '.join(map(str, lost))}")
    moved = [found.id for found in seen if not _is_still(found, working[found.id])]
    if moved:
        raise SeenOtherwise(f"somebody has moved these drafts meanwhile: {', '.join(map(str, moved))}")
    return [working[number] for number in dict.fromkeys(drafts)]


def _is_still(seen: Standing, now: Standing) -> bool:
    # The number of a member may have gone meanwhile, which moves nothing.
    return (seen.state, seen.moved) == (now.state, now.moved) and now.mover in (seen.mover, None)


def _has_landed(found: Standing) -> bool:
    value = overlay.find(found.text)
    return found.state == "retired" and value is not None and value.strings == found.strings


def bare(session: Session) -> Intent:
    """Decide to show the repository's words alone; edits of the policy, which is in no release, stay."""
    return Intent(
        (),
        tuple((found.id, "withdrawn") for found in standing.list_released(session)),
        reverts=_newest(session),
    )


def as_in(session: Session, target: Release) -> Intent:
    """Decide to show an earlier release; edits of the policy, which is in none, stay as they are."""
    live = {found.id for found in standing.list_released(session)}
    # What the repository has taken over since is in force without being live.
    wanted = [
        found
        for found in standing.found(session, Edit.id.in_(making.ids_of(target)))
        if not _has_landed(found)
    ]
    kept = {found.id for found in wanted}
    ends: Iterable[tuple[int, State]] = ((number, "withdrawn") for number in sorted(live - kept))
    begins: Iterable[tuple[int, State]] = ((number, "published") for number in sorted(kept - live))
    return Intent(
        tuple(wanted),
        (*ends, *begins),
        raw=target.packed if target.version == proof.version() else None,
        reverts=_newest(session),
    )


def _newest(session: Session) -> int | None:
    return session.scalar(making.newest_of_version().with_only_columns(Release.number))

"""Edits of words that go live only with a version of what they stand in: those of the policy.

They are published without a release of words, by whoever publishes the version, in its transaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from babel.support import Translations
from flask import current_app
from sqlalchemy import insert
from sqlalchemy.orm import Session

from flexsmt_site.language import edits, overlay, packing, standing, sync, words
from flexsmt_site.language.edit_rules import State
from flexsmt_site.language.models import Edit, Step
from flexsmt_site.language.standing import Standing
from flexsmt_site.language.words import Words

DOMAIN = "policy"


class NotLayable(ValueError):
    """Why chosen edits can not be laid over the words, a line for each; nothing was done."""


@dataclass(frozen=True)
class Laid:
    """Edits to lie over the repository's words: those that are live, with ``chosen`` ones in their place.

    Retired ones that this version of the site needs again are live, too.
    """

    live: tuple[Standing, ...]
    chosen: tuple[Standing, ...] = ()
    steps: tuple[tuple[int, State], ...] = ()


def list_waiting(session: Session) -> list[Standing]:
    """Return the edits that somebody has handed in and nobody has decided on, oldest first."""
    return [
        found
        for found in standing.list_working(session)
        if (found.text.domain, found.state) == (DOMAIN, "review")
    ]


def lay(session: Session, numbers: Sequence[int] = ()) -> Laid:
    """Return what lies over the words once these edits are live; raises ``NotLayable``."""
    live = standing.found(session, standing.in_state("published"), Edit.domain == DOMAIN)
    # Whatever comes first after a deploy, a version or the sync: it is of the same words.
    back = [found for found in sync.list_returning(session) if found.text.domain == DOMAIN]
    by_text = {found.text: found for found in (*live, *back)}
    waiting = {found.id: found for found in list_waiting(session)} if numbers else {}
    lost = [number for number in numbers if number not in waiting]
    if lost:
        raise NotLayable(f"these edits are not in review any more: {', '.join(map(str, lost))}")
    chosen = tuple(waiting[number] for number in sorted(set(numbers)))
    replaced = [by_text[found.text].id for found in chosen if found.text in by_text]
    steps: list[tuple[int, State]] = [(number, "replaced") for number in replaced]
    steps += [(found.id, "published") for found in back if found.id not in replaced]
    steps += [(found.id, "published") for found in chosen]
    by_text |= {found.text: found for found in chosen}
    return Laid(tuple(by_text.values()), chosen, tuple(steps))


def faults(laid: Laid) -> Iterator[str]:
    """Say what the gate has against the chosen edits."""
    for found in laid.chosen:
        name = f"edit {found.id}, {found.text.locale}: “{found.text.msgid[:70]}”"
        try:
            judged = edits.judge(found.text, found.strings)
        except overlay.UnknownText as error:
            yield f"{name}: {error}"
        else:
            errors = (finding for finding in judged if finding.level == "error")
            yield from (f"{name}: {finding.what} ({finding.rule}): {finding.mend}" for finding in errors)


def worded(laid: Laid) -> Words:
    """Return this version's words under these edits; raises ``overlay.BrokenCatalogue``."""
    shipped = words.shelf(current_app).shipped
    over = {found.text: found.strings for found in laid.live}
    if not over:
        return shipped
    bodies = overlay.compiled(over, (DOMAIN,))
    made = {key: Translations(BytesIO(body)) for key, body in bodies.items()}
    return Words(
        f"{DOMAIN} {packing.name_of(b''.join(bodies.values()))}",
        lambda domain, lang: made.get((domain, lang)) or shipped.catalogue(domain, lang),
    )


def publish(session: Session, laid: Laid, author: int | None, now: datetime) -> None:
    """Make edits live within the caller's write transaction.

    Raises ``NotLayable`` where what they were to lie over has changed since ``lay``.
    """
    edits.lock(session)
    if lay(session, [found.id for found in laid.chosen]) != laid:
        raise NotLayable("somebody has changed the policy's words meanwhile: look at them again")
    if laid.steps:
        steps = [
            {"edit_id": number, "state": state, "author": author, "reason": "", "taken": now, "release": None}
            for number, state in laid.steps
        ]
        session.execute(insert(Step), steps)

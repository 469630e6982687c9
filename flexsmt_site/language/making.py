"""Make a release: decide what it holds, build its bytes, and store it with what becomes of each edit.

To build takes a while, for which nobody shall wait who writes. So it is done between two looks at the
database; where the second finds what the first did not, it begins again.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from flexsmt_site import database, proof
from flexsmt_site.language import edit_rules, edits, overlay, packing, trial
from flexsmt_site.language.edit_rules import State
from flexsmt_site.language.models import Release, Step
from flexsmt_site.language.standing import Standing


class NotPublishable(ValueError):
    """Something keeps the words from being published, and nothing was."""


class SeenOtherwise(NotPublishable):
    """A draft is not any more as whoever decided on it has seen it."""


@dataclass(frozen=True)
class Published:
    """A release in force; ``is_new`` is False where the same words were in force already."""

    number: int
    is_new: bool


@dataclass(frozen=True)
class Intent:
    """What a release is to hold: the edits that are live with it, and the steps that lead there.

    The policy's edits are in no release: steps may be theirs, ``live`` never holds one.
    ``raw`` are its bytes where they are known; ``wants_release`` is False where only steps are to be stored.
    """

    live: tuple[Standing, ...]
    steps: tuple[tuple[int, State], ...] = ()
    raw: bytes | None = None
    reverts: int | None = None
    wants_release: bool = True


@dataclass(frozen=True)
class Signature:
    """Who publishes, as the number of a member (None: a command), when, and what for."""

    now: datetime
    author: int | None = None
    note: str = ""


def newest_of_version() -> Select[Release]:
    """Return the query for the newest release that was made on this version of the site."""
    mine = Release.version == proof.version()
    return select(Release).where(mine).order_by(Release.number.desc()).limit(1)


def make(
    decide: Callable[[Session], Intent],
    by: Signature,
    judge: Callable[[Intent], Iterable[str]] = lambda _intent: (),
) -> Published | None:
    """Store what ``decide`` wants, if ``judge`` finds nothing wrong with it; None where that is no release.

    ``decide`` only reads, and may be asked several times. Raises ``NotPublishable``, ``DatabaseUnavailable``,
    ``edit_rules.BadStrings`` for a note that is too long, and what ``decide`` raises.
    """
    edit_rules.check_reason(by.note)
    while True:
        with database.read() as session:
            mark = edits.mark_in(session)
            intent = decide(session)
        faults = list(judge(intent))
        if faults:
            raise NotPublishable("\n".join(faults))
        # Before the bytes: a file that changes meanwhile is noticed by the next sync.
        base = overlay.base()
        raw = _bytes(intent) if intent.wants_release else b""
        with database.write() as session:
            edits.lock(session)
            if edits.mark_in(session) != mark and decide(session) != intent:
                continue
            published = _store(session, intent, raw, base, by) if intent.wants_release else None
            _take(session, intent, by, published)
            return published


def ids_of(release: Release | None) -> tuple[int, ...]:
    """Return the numbers of the edits in a release."""
    return tuple(json.loads(release.edits)) if release else ()


def ids(live: tuple[Standing, ...]) -> tuple[int, ...]:
    """Return the numbers of edits as a release keeps them."""
    return tuple(sorted(standing.id for standing in live))


def _bytes(intent: Intent) -> bytes:
    try:
        raw = intent.raw or packing.pack(
            overlay.compiled({standing.text: standing.strings for standing in intent.live}), proof.version()
        )
        faults = list(trial.faults(raw))
    except (packing.BrokenRelease, overlay.BrokenCatalogue) as error:
        raise NotPublishable(str(error)) from error
    if faults:
        raise NotPublishable("\n".join(faults))
    return raw


def _store(session: Session, intent: Intent, raw: bytes, base: str, by: Signature) -> Published:
    before = session.scalar(newest_of_version())
    name, held = packing.name_of(raw), ids(intent.live)
    if before and (before.sum, ids_of(before)) == (name, held):
        return Published(before.number, is_new=False)
    made = Release(
        published=by.now,
        sum=name,
        packed=raw,
        author=by.author,
        note=by.note,
        reverts=intent.reverts,
        version=proof.version(),
        base=base,
        edits=json.dumps(held),
    )
    session.add(made)
    session.flush()
    return Published(made.number, is_new=True)


def _take(session: Session, intent: Intent, by: Signature, published: Published | None) -> None:
    same = {
        "author": by.author,
        "reason": by.note,
        "taken": by.now,
        "release": published.number if published else None,
    }
    if intent.steps:
        steps = [{"edit_id": edit, "state": state, **same} for edit, state in intent.steps]
        session.execute(insert(Step), steps)

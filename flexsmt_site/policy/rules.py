"""Which version of the policy holds at a moment, and what the next one may be.

Pure: no Flask, no database; the versions and the time come in as arguments.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

#: How an address names a version: no number has two spellings.
NUMBER = re.compile(r"[1-9][0-9]{0,5}")
#: As much as a line of the list of versions and of a feed reader shows.
LONGEST_NOTE = 500
#: XML, and so the feed, has no place for the first four; the others end a line, or turn what follows round.
_UNSEEN = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp", "Cf"})


class NotPublishable(ValueError):
    """What keeps a version from being published; nothing was."""


class Standing(Enum):
    """How a version stands at a moment; ``SKIPPED`` ones never held: a later number came before them."""

    IN_FORCE = "in force"
    COMING = "coming"
    PAST = "past"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Version:
    """One version; ``effective`` is a whole minute, ``note`` says in each language what has changed.

    ``sum`` is the SHA-256 of its text.
    """

    number: int
    published: datetime
    effective: datetime
    is_material: bool
    note: Mapping[str, str]
    sum: str


def in_force(versions: Sequence[Version], now: datetime) -> Version:
    """Return the version with the highest number that has taken effect.

    The first one where none has, as after a clock was set back.
    """
    taken = [version for version in versions if version.effective <= now]
    return max(taken or versions[:1], key=lambda version: version.number)


def ends(version: Version, versions: Iterable[Version]) -> datetime | None:
    """Return when a later version takes the place of this one; None where none is known."""
    later = [other.effective for other in versions if other.number > version.number]
    return min(later, default=None)


def standing(version: Version, versions: Sequence[Version], now: datetime) -> Standing:
    """Tell how a version stands."""
    ended = ends(version, versions)
    if ended is not None and ended <= version.effective:
        return Standing.SKIPPED
    if version.effective > now and in_force(versions, now) != version:
        return Standing.COMING
    return Standing.PAST if ended is not None and ended <= now else Standing.IN_FORCE


def coming(versions: Sequence[Version], now: datetime) -> list[Version]:
    """Return the versions that are announced, in the order in which they take effect."""
    return [version for version in versions if standing(version, versions, now) is Standing.COMING]


def skipped_by(number: int, effective: datetime, versions: Sequence[Version], now: datetime) -> list[Version]:
    """Return the announced versions that a further one of this number would come before."""
    return [
        version
        for version in coming(versions, now)
        if version.number < number and version.effective >= effective
    ]


def next_number(newest: int | None, shipped: int) -> int:
    """Return the number of the next version: that of the shipped text, unless it has been given."""
    return shipped if newest is None else max(newest + 1, shipped)


def nothing_differs(number: int, *, is_announced: bool) -> str:
    """Say why the text of the newest version is not published again."""
    refusal = f"nothing differs from version {number}: there is nothing to publish"
    if not is_announced:
        return refusal
    return (
        f"{refusal}; to move its date, first publish the text that is in force once more, at once: it comes "
        f"before version {number} (put files and registers back, and for texts that were edited on the site "
        f"hand in the words in force); then publish the text of version {number} with the new date"
    )


def effective_from(given: str | None, now: datetime) -> datetime:
    """Return the minute at which a version takes effect, in UTC: at once where no moment is ``given``.

    Without a zone the moment is one of UTC. Raises ``NotPublishable`` for no moment, and for one in the past.
    """
    this_minute = now.replace(second=0, microsecond=0)
    if given is None:
        return this_minute
    try:
        read = datetime.fromisoformat(given)
        moment = (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotPublishable(f"{given!r} is no moment: write one such as 2027-03-01T00:00 (UTC)") from error
    moment = moment.replace(second=0, microsecond=0)
    if moment < this_minute:
        raise NotPublishable(
            f"{moment:%Y-%m-%d %H:%M} UTC has passed: nobody can have read a version before it is published"
        )
    return moment


def checked_note(lang: str, note: str) -> str:
    """Return a note as it is stored: one line. Raises ``NotPublishable``."""
    line = note.strip()
    if not line:
        raise NotPublishable(f"the note in {lang} is empty: say in a sentence what has changed for readers")
    if len(line) > LONGEST_NOTE:
        raise NotPublishable(f"the note in {lang} has {len(line)} characters: {LONGEST_NOTE} have room")
    if any(unicodedata.category(letter) in _UNSEEN for letter in line):
        raise NotPublishable(f"the note in {lang} holds characters that cannot be seen: write it on one line")
    return line

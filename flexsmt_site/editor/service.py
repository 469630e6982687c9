"""What editors do to one text in one language: keep a draft, hand it in, take it back, drop it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flexsmt_site.editor import lines, typing
from flexsmt_site.editor.lines import Line, Side
from flexsmt_site.editor.typing import Unsaved
from flexsmt_site.language import audit, edits
from flexsmt_site.language.edit_rules import Fate, Strings
from flexsmt_site.language.edits import Proposal
from flexsmt_site.language.gate_entry import Term
from flexsmt_site.language.overlay import UnknownText
from flexsmt_site.language.standing import Standing
from flexsmt_site.staff import service as staff

#: So many texts of the same English words are shown beside one.
_MOST_ALIKE = 3
#: So many of a text's wordings are listed.
_MOST_PAST = 50


@dataclass(frozen=True)
class Desk:
    """One text in one language, with what stands around it while somebody edits it."""

    line: Line
    of: str

    @property
    def side(self) -> Side:
        """The text in the language that is edited."""
        return self.line.sides[self.of]

    @property
    def others(self) -> Mapping[str, Side]:
        """The text in the other languages."""
        return {lang: side for lang, side in self.line.sides.items() if lang != self.of}

    @property
    def parent(self) -> int:
        """The newest edit that whoever looks at it now has seen; 0 for none."""
        return self.side.listed.head.id if self.side.listed.head else 0

    @property
    def base(self) -> str:
        """The sum of the repository's words that whoever looks at it now has seen; empty without any."""
        return self.side.listed.value.digest if self.side.listed.value else ""


@dataclass(frozen=True)
class Typed:
    """What a member has typed, and what it was typed over: see ``Proposal``."""

    strings: Strings
    parent: int
    base: str
    member_id: int
    reason: str = ""


def open_desk(domain: str, of: str, key: str) -> Desk:
    """Find a text; raises ``UnknownText`` and ``DatabaseUnavailable``."""
    line = lines.index().lines.get((domain, key))
    if line is None or of not in line.sides:
        raise UnknownText(f"{of}/{domain}: there is no text of key {key}")
    return Desk(line, of)


def note(desk: Desk, typed: Typed, now: datetime) -> bool:
    """Keep what is typed so far for its author alone; False where the text has been changed meanwhile.

    What comes late, after its author has saved, is not kept.
    """
    text, head = desk.side.listed.text, desk.side.listed.head
    is_fresh = typed.parent == desk.parent and typed.base in ("", desk.base)
    is_late = typed.parent != desk.parent and head is not None and head.author == typed.member_id
    if is_fresh and typed.strings == desk.side.strings:
        typing.forget(typed.member_id, text)
    elif not is_late:
        typing.keep(typed.member_id, text, Unsaved(typed.strings, typed.parent, typed.base, now))
    return is_fresh


def unsaved(desk: Desk, member_id: int) -> Unsaved | None:
    """Return what a member has typed for a text and not saved; None where the text says so already."""
    found = typing.find(member_id, desk.side.listed.text)
    is_kept = found and found.strings != desk.side.strings and len(found.strings) == len(desk.side.strings)
    return found if is_kept else None


def save(desk: Desk, typed: Typed, now: datetime) -> Standing | None:
    """Make a draft of what was typed; None where it is what visitors read, and nobody has drafted anything.

    Raises ``edits.Overtaken``, ``edit_rules.BadStrings`` and ``UnknownText``.
    """
    text, listed = desk.side.listed.text, desk.side.listed
    # Where the project has changed it too, to save the same is to decide for it.
    is_decided = listed.fate is not Fate.CONFLICT
    if not listed.draft and is_decided and typed.strings == listed.shown:
        typing.forget(typed.member_id, text)
        return None
    saved = edits.save(
        Proposal(
            text,
            typed.strings,
            typed.parent,
            typed.member_id,
            typed.reason,
            base=typed.base or None,
        ),
        now,
    )
    typing.forget(typed.member_id, text)
    return saved


def hand_in(desk: Desk, typed: Typed, now: datetime) -> Standing | None:
    """Save what was typed, and ask for another pair of eyes; None where there is nothing to look at.

    Raises what ``save`` does, and ``edits.NotMovable``.
    """
    draft = save(desk, typed, now)
    if draft is None or draft.state != "draft":
        return draft
    return edits.move(draft.id, "review", author=typed.member_id, now=now, reason=typed.reason)


def take_back(desk: Desk, typed: Typed, now: datetime) -> None:
    """Work on a draft again that was handed in, with what was typed into it meanwhile.

    Raises what ``save`` does, ``edits.NotMovable`` and ``standing.UnknownEdit``.
    """
    if typed.strings == desk.side.strings:
        edits.move(typed.parent, "draft", author=typed.member_id, now=now)
    else:
        save(desk, typed, now)


def drop(desk: Desk, typed: Typed, now: datetime) -> None:
    """Give a draft up; it stays in the history. Raises what ``take_back`` does."""
    edits.move(typed.parent, "withdrawn", author=typed.member_id, now=now)
    typing.forget(typed.member_id, desk.side.listed.text)


def forget(desk: Desk, typed: Typed, _now: datetime) -> None:
    """Give up what was typed and not saved."""
    typing.forget(typed.member_id, desk.side.listed.text)


def waiting(member_id: int) -> list[Desk]:
    """Return the texts for which a member has typed something and not saved it, the newest first."""
    known = lines.index().lines
    found = [(known.get((domain, key)), of) for domain, of, key in typing.places(member_id)]
    return [Desk(line, of) for line, of in found if line and of in line.sides]


def wording(desk: Desk, edit_id: int) -> Strings:
    """Return the words of one of a text's edits; those of the project for any other number."""
    found = next((edit for edit in edits.history(desk.side.listed.text) if edit.id == edit_id), None)
    value = desk.side.listed.value
    return found.strings if found else value.strings if value else desk.side.strings


def terms(desk: Desk) -> list[Term]:
    """Return the words of the glossary that a text holds."""
    source = " ".join(desk.line.source)
    return [term for term in audit.glossary() if term.stands_in(source)]


def past(desk: Desk) -> list[Standing]:
    """Return the wordings of a text, newest first."""
    return edits.history(desk.side.listed.text)[:_MOST_PAST]


def alike(desk: Desk) -> list[Strings]:
    """Return how other texts of the same English words are translated: never what another site knows."""
    mine = {source.casefold() for source in (*desk.line.source, *_english(desk.line))}
    made: dict[Strings, None] = {}
    for line in lines.index().lines.values():
        if line.place != desk.line.place and mine & {one.casefold() for one in _english(line)}:
            side = line.sides.get(desk.of)
            if side and len(side.strings) == len(desk.side.strings) and all(side.strings):
                made[side.strings] = None
    made.pop(desk.side.strings, None)
    return list(made)[:_MOST_ALIKE]


def _english(line: Line) -> Sequence[str]:
    side = line.sides.get("en")
    return [string for string in side.strings if string] if side else []


def names(edits_: Sequence[Standing]) -> dict[int, str]:
    """Name those who wrote or moved edits, by number; who has left has no name."""
    members = {member for edit in edits_ for member in (edit.author, edit.mover) if member}
    return staff.names(members) if members else {}

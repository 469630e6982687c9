"""Edits of words on the site: write, move, list. Rows are added; no word that was written is ever changed.

Two who edit the same text at once: the second is told what the first has written, and nothing is lost.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flexsmt_site import database
from flexsmt_site.config import LANGUAGES
from flexsmt_site.language import edit_rules, gate, happenings, overlay, standing
from flexsmt_site.language.audit import glossary
from flexsmt_site.language.edit_rules import WORKING, Fate, State, Strings, Text
from flexsmt_site.language.gate_entry import Finding
from flexsmt_site.language.happenings import Happening
from flexsmt_site.language.models import Edit, Release, Step
from flexsmt_site.language.packing import DOMAINS
from flexsmt_site.language.standing import Standing

#: Nobody else of this site takes a lock of this number: other locks are of 63 bits of a hash.
_LOCK = 0


class NotMovable(ValueError):
    """The edit is not in a state from which people may move it there."""


class Overtaken(ValueError):
    """Somebody else was quicker: ``base`` is what both began with, ``mine`` and ``theirs`` what came of it.

    ``head`` is the number of the newest edit, 0 where the repository's text has changed and there is none:
    whoever has seen it may save again with it as parent.
    """

    def __init__(self, base: Strings, mine: Strings, theirs: Strings, head: int) -> None:
        super().__init__("somebody else has changed this text meanwhile")
        self.base, self.mine, self.theirs, self.head = base, mine, theirs, head


@dataclass(frozen=True)
class Proposal:
    """Words that somebody wants for a text.

    ``parent`` is the number of the newest edit that the author saw, 0 for none; ``base`` the digest of the
    repository's text that the author saw, None to take it as it is. ``author`` is the number of a member.
    """

    text: Text
    strings: Strings
    parent: int
    author: int | None
    reason: str = ""
    base: str | None = None


@dataclass(frozen=True)
class Listed:
    """A text with what the repository says for it, the edit that visitors read, and its newest edit."""

    text: Text
    value: overlay.Value | None
    live: Standing | None
    head: Standing | None

    @property
    def draft(self) -> Standing | None:
        """What somebody is at work on."""
        return self.head if self.head and self.head.is_working else None

    @property
    def shown(self) -> Strings:
        """What visitors read once everything that is published is in force."""
        found = self.live or self.value
        return found.strings if found else ()

    @property
    def fate(self) -> Fate | None:
        """What the repository has made of the draft or else of the published edit; None without either."""
        found = self.draft or self.live
        now = self.value.strings if self.value else None
        return edit_rules.fate(found.strings, found.base, now) if found else None


def save(proposal: Proposal, now: datetime) -> Standing:
    """Write a draft; saving the same again changes nothing.

    Raises ``Overtaken``, ``edit_rules.BadStrings``, ``overlay.UnknownText`` and ``DatabaseUnavailable``.
    """
    edit_rules.check(proposal.text, proposal.strings, proposal.reason)
    with database.write() as session:
        lock(session)
        return save_in(session, proposal, now)


def save_in(session: Session, proposal: Proposal, now: datetime) -> Standing:
    """Write a draft within the caller's locked write transaction; see ``save``."""
    head = standing.find_head(session, proposal.text)
    row = drafted(session, proposal, head, now)
    if isinstance(row, Standing):
        return row
    session.add(row)
    session.flush()
    return standing.get(session, row.id)


def drafted(session: Session, proposal: Proposal, head: Standing | None, now: datetime) -> Edit | Standing:
    """Return the row of a draft over the newest edit of its text, or that edit where it says the same.

    Raises as ``save`` does.
    """
    text, mine = proposal.text, proposal.strings
    value = overlay.get(text)
    number = head.id if head else 0
    if head and head.strings == mine and head.base == value.digest and head.state in {*WORKING, "published"}:
        return head
    if number != proposal.parent:
        began = standing.find(session, proposal.parent)
        theirs = head.strings if head else value.strings
        raise Overtaken(began.strings if began else value.strings, mine, theirs, number)
    if proposal.base not in (None, value.digest):
        raise Overtaken(head.base_strings if head else (), mine, value.strings, number)
    return _row(proposal, value, now)


def _row(proposal: Proposal, value: overlay.Value, now: datetime) -> Edit:
    text = proposal.text
    return Edit(
        domain=text.domain,
        locale=text.locale,
        key=text.key,
        context=text.context,
        msgid=text.msgid,
        plural=text.plural,
        strings=json.dumps(proposal.strings),
        base=value.digest,
        base_strings=json.dumps(value.strings),
        author=proposal.author,
        reason=proposal.reason,
        made=now,
        parent=proposal.parent,
    )


def move(edit_id: int, to: State, *, author: int | None, now: datetime, reason: str = "") -> Standing:
    """Hand a draft in for review, take it back, or withdraw it.

    Raises ``standing.UnknownEdit``, ``NotMovable``, ``Overtaken`` where a newer edit has been written,
    ``edit_rules.BadStrings`` for a reason that is too long, and ``DatabaseUnavailable``.
    """
    edit_rules.check_reason(reason)
    with database.write() as session:
        lock(session)
        found = standing.get(session, edit_id)
        head = standing.find_head(session, found.text)
        if head and head.id != found.id:
            raise Overtaken(found.base_strings, found.strings, head.strings, head.id)
        if not edit_rules.may_move(found.state, to):
            raise NotMovable(f"edit {edit_id} is {found.state} and can not become {to}")
        session.add(Step(edit_id=edit_id, state=to, author=author, reason=reason, taken=now))
        session.flush()
        return standing.get(session, edit_id)


def judge(text: Text, strings: Strings) -> list[Finding]:
    """Say what the gate finds in words for a text, errors first; raises ``overlay.UnknownText``."""
    return gate.check(overlay.get(text).entry(strings), glossary())


def list_texts(domain: str, locale: str) -> list[Listed]:
    """Return every text of a catalogue in the order of its file, then those that are gone but have edits.

    Raises ``DatabaseUnavailable``.
    """
    here = (Edit.domain == domain, Edit.locale == locale)
    with database.read() as session:
        every = standing.found(session, *here)
    heads = {found.text: found for found in every}
    live = {found.text: found for found in every if found.state == "published"}
    values = {value.text: value for value in overlay.values(domain, locale).values()}
    gone = (text for text, head in heads.items() if text not in values and (text in live or head.is_working))
    return [Listed(text, values.get(text), live.get(text), heads.get(text)) for text in (*values, *gone)]


def history(text: Text) -> list[Standing]:
    """Return every edit of a text, newest first; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        return standing.found(session, *standing.of_text(text))[::-1]


def recent(before: int | None = None, limit: int = 50) -> list[Happening]:
    """Return the newest that has happened to words, or what came before a ``place`` that it has returned.

    Raises ``DatabaseUnavailable``.
    """
    with database.read() as session:
        return happenings.found(session, before, limit)


def mark() -> tuple[int | None, ...]:
    """Return what changes with everything that is written about words; raises ``DatabaseUnavailable``.

    It stays as it is when files change, or numbers of members go.
    """
    with database.read() as session:
        return mark_in(session)


def mark_in(session: Session) -> tuple[int | None, ...]:
    """Return the mark within the caller's transaction: rows are only ever added."""
    newest = (select(func.max(column)) for column in (Edit.id, Step.id, Release.number))
    return tuple(session.execute(select(*(query.scalar_subquery() for query in newest))).one())


def list_drafts() -> tuple[int, ...]:
    """Return the numbers of all drafts that may go live by themselves.

    Not those of the policy's words, and not those whose text is gone: see ``list_stranded``.
    """
    return tuple(listed.draft.id for listed in _drafted() if listed.draft and listed.value)


def list_stranded() -> list[Standing]:
    """Return the drafts whose text this version has not: they wait until it is back."""
    return [listed.draft for listed in _drafted() if listed.draft and not listed.value]


def _drafted() -> Iterator[Listed]:
    for domain in DOMAINS:
        for locale in LANGUAGES:
            yield from (listed for listed in list_texts(domain, locale) if listed.draft)


def lock(session: Session) -> None:
    """Wait until nobody else edits or publishes; it holds until the end of the write transaction."""
    database.lock(session, _LOCK)

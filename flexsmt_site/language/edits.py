"""Edits of words on the site: write, move, list. Rows are added; no word that was written is ever changed.

Two who edit the same text at once: the second is told what the first has written, and nothing is lost.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from flexsmt_site import database
from flexsmt_site.config import LANGUAGES
from flexsmt_site.language import edit_rules, gate, overlay, standing
from flexsmt_site.language.audit import glossary
from flexsmt_site.language.edit_rules import WORKING, Fate, State, Strings, Text
from flexsmt_site.language.gate_entry import Finding
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
    text, mine = proposal.text, proposal.strings
    value = overlay.get(text)
    head = standing.find_head(session, text)
    number = head.id if head else 0
    if head and head.strings == mine and head.base == value.digest and head.state in {*WORKING, "published"}:
        return head
    if number != proposal.parent:
        began = standing.find(session, proposal.parent)
        theirs = head.strings if head else value.strings
        raise Overtaken(began.strings if began else value.strings, mine, theirs, number)
    if proposal.base not in (None, value.digest):
        raise Overtaken(head.base_strings if head else (), mine, value.strings, number)
    row = _row(proposal, value, now)
    session.add(row)
    session.flush()
    return standing.get(session, row.id)


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


def steps(edit_id: int) -> list[Step]:
    """Return what became of an edit, oldest first; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        return list(session.scalars(select(Step).where(Step.edit_id == edit_id).order_by(Step.id)))


def list_drafts() -> tuple[int, ...]:
    """Return the numbers of all drafts that may go live by themselves: not those of the policy's words."""
    texts = (text for domain in DOMAINS for lang in LANGUAGES for text in list_texts(domain, lang))
    return tuple(text.draft.id for text in texts if text.draft)


def lock(session: Session) -> None:
    """Wait until nobody else edits or publishes; it holds until the end of the write transaction."""
    database.lock(session, _LOCK)


def forget_authors(before: datetime) -> None:
    """Take the numbers of members off what was done before a moment; the words stay as they are."""
    with database.write() as session:
        for table, moment in ((Edit, Edit.made), (Step, Step.taken), (Release, Release.published)):
            session.execute(update(table).where(moment < before).values(author=None))

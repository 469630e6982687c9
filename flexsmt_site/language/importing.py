"""Take translations from files that somebody brings: first a table of what they would do, then drafts.

What visitors read changes by neither: drafts are published like any others.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath

from flexsmt_site import database
from flexsmt_site.language import (
    bringing,
    catalog,
    edit_rules,
    edits,
    gate,
    import_rules,
    overlay,
    po,
    standing,
)
from flexsmt_site.language.audit import glossary
from flexsmt_site.language.bringing import Brought
from flexsmt_site.language.edit_rules import Strings, Text
from flexsmt_site.language.gate_entry import Term
from flexsmt_site.language.import_rules import Known, Row
from flexsmt_site.language.models import Edit
from flexsmt_site.language.standing import Standing

_LETTERS = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Line:
    """What one text of a file would do; ``note`` says what is wrong.

    ``head`` is the text's newest edit, and ``base`` the sum of what the repository says for it.
    """

    row: Row
    text: Text
    strings: Strings
    note: str = ""
    head: int = 0
    base: str | None = None


@dataclass(frozen=True)
class Table:
    """What an import would do, text by text; ``untranslated`` counts what the files have no words for."""

    lines: tuple[Line, ...]
    untranslated: int

    @property
    def counts(self) -> Counter[Row]:
        """How many texts there are of each kind."""
        return Counter(line.row for line in self.lines)

    @property
    def sum(self) -> str:
        """By this a page that makes the table anew can tell whether it is still the one that was shown."""
        return sha256(repr(self.lines).encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class _Edited:
    """What stands over the repository, by text: what is live, what is worked at, the newest edit of each.

    ``terms`` is the glossary.
    """

    live: Mapping[Text, Standing]
    working: Mapping[Text, Standing]
    heads: Mapping[Text, int]
    terms: tuple[Term, ...]


def preview(name: str, raw: bytes, locale: str | None = None) -> Table:
    """Say what a PO file or an archive of some would do; nothing is stored.

    Raises ``bringing.BadImport`` and ``DatabaseUnavailable``.
    """
    files = bringing.opened(name, raw, locale)
    with database.read() as session:
        everything = standing.found(session)
        edited = _Edited(
            {found.text: found for found in everything if found.state == "published"},
            {found.text: found for found in standing.list_working(session)},
            {found.text: found.id for found in everything},
            glossary(),
        )
    seen: set[Text] = set()
    lines = [line for file in files for line in _lines(file, edited, seen)]
    return Table(tuple(line for line in lines if line), lines.count(None))


def apply(table: Table, *, author: int | None, reason: str, now: datetime) -> list[Line]:
    """Write what is new or changed as drafts, all or none; return those that somebody has overtaken.

    A text that was edited, or whose file changed, after the table was made is left as it is.
    Raises ``edit_rules.BadStrings`` for a reason that can not be stored, and ``DatabaseUnavailable``.
    """
    edit_rules.check_reason(reason)
    overtaken, rows = [], []
    wanted = [line for line in table.lines if line.row in {Row.NEW, Row.CHANGED}]
    with database.write() as session:
        edits.lock(session)
        # One question for all of them: others who write wait for the end of this.
        heads = {found.text: found for found in standing.list_heads(session)} if wanted else {}
        for line in wanted:
            proposal = edits.Proposal(line.text, line.strings, line.head, author, reason, line.base)
            try:
                rows.append(edits.drafted(session, proposal, heads.get(line.text), now))
            except (edits.Overtaken, overlay.UnknownText):
                overtaken.append(replace(line, row=Row.CONFLICT, note="somebody was quicker"))
        session.add_all(row for row in rows if isinstance(row, Edit))
    return overtaken


def _lines(file: Brought, edited: _Edited, seen: set[Text]) -> Iterator[Line | None]:
    """Yield what each text would do, None where the file has no words; the first with words counts."""
    domain = _domain(file)
    known = overlay.values(domain, file.locale)
    for entry in file.entries:
        text = Text(domain, file.locale, entry.msgid, entry.plural, entry.context)
        if not any(string.strip() for string in entry.strings):
            yield None
        elif text not in seen:
            seen.add(text)
            yield _line(file, entry, text, known.get(entry.key), edited)


def _line(file: Brought, entry: po.Entry, text: Text, value: overlay.Value | None, edited: _Edited) -> Line:
    if value is None:
        return Line(Row.UNKNOWN, text, entry.strings)
    strings = import_rules.strings_for(text, entry.strings, file.plural_forms)
    if strings is None:
        note = f"its {len(entry.strings)} plural forms are not those of {text.locale}"
        return Line(Row.FAILING, text, entry.strings, note)
    live, working = edited.live.get(text), edited.working.get(text)
    row = import_rules.classify(
        strings,
        Known(value.strings, live.strings if live else None, working.strings if working else None),
    )
    if row in {Row.NEW, Row.CHANGED}:
        checked = replace(value.entry(strings), flags=entry.flags & {"fuzzy"})
        wrong = [
            f"{one.what}: {one.mend}" for one in gate.check(checked, edited.terms) if one.level == "error"
        ]
        if wrong:
            return Line(Row.FAILING, text, strings, "; ".join(wrong))
    return Line(row, text, strings, head=edited.heads.get(text, 0), base=value.digest)


def _domain(file: Brought) -> str:
    """Return the domain that a file's name says, or else the one that knows most of its texts."""
    # What lies above language, folder and file is named after anything.
    name = "/".join(PurePosixPath(file.name.replace("\\", "/").lower()).parts[-3:])
    named = [domain for domain in catalog.DOMAINS if domain in _LETTERS.findall(name)]
    if len(named) == 1:
        return named[0]
    keys = {entry.key for entry in file.entries}
    return max(catalog.DOMAINS, key=lambda domain: len(keys & overlay.values(domain, file.locale).keys()))

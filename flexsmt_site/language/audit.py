"""All catalogues before the gate: what ``flexsmt catalogs check`` prints."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Message

from flexsmt_site.config import ROOT
from flexsmt_site.language import catalog, extract, gate
from flexsmt_site.language.gate_entry import Entry, Finding, Term

GLOSSARY = catalog.FOLDER / "glossary.csv"


@dataclass(frozen=True)
class Judged:
    """A finding and the text that it is about; no ``msgid`` where the whole file is meant."""

    source: Path
    msgid: str
    finding: Finding

    def __str__(self) -> str:
        """Say file, text, fault and remedy in one line."""
        name = self.source.relative_to(ROOT) if self.source.is_relative_to(ROOT) else self.source
        text = f" “{self.msgid[:70]}”" if self.msgid else ""
        found = self.finding
        return f"{found.level}: {name}:{text} {found.what} ({found.rule}): {found.mend}"


def judge_all() -> Iterator[Judged]:
    """Judge every catalogue: up to date with the code, complete, and through the gate."""
    for source, _ in extract.changes():
        yield Judged(
            source,
            "",
            Finding("error", "extraction", "differs from the code", "run 'flexsmt catalogs extract'"),
        )
    terms = glossary()
    for source in catalog.sources():
        if source.is_file():
            yield from judge(source, terms)


def judge(source: Path, terms: tuple[Term, ...]) -> Iterator[Judged]:
    """Judge every text of one ``.po`` file."""
    for message in extract.read(source):
        if message.id:
            entry = entry_of(message, source.parent.parent.name, source.stem)
            for finding in gate.check(entry, terms):
                yield Judged(source, entry.msgid, finding)


def entry_of(message: Message, locale: str, domain: str) -> Entry:
    """Return a text of a catalogue as the gate takes it."""
    one, many = (message.id, None) if isinstance(message.id, str) else message.id
    return Entry(
        locale=locale,
        domain=domain,
        msgid=one,
        plural=many,
        strings=extract.forms_of(message),
        flags=frozenset(message.flags),
        comments=tuple(message.auto_comments),
    )


def glossary(source: Path = GLOSSARY) -> tuple[Term, ...]:
    """Read the words that both languages agree on."""
    with source.open(encoding="utf-8", newline="") as file:
        return tuple(Term(row["en"], row["ru"]) for row in csv.DictReader(file))

"""The gate that every text passes before visitors read it: errors stop it, warnings ask.

Pure, so that the command line and an editor of translations can share it. It executes: each form
is filled in on trial, because a pattern that only looks for placeholders lets ``%(name)!`` through.
"""

from collections.abc import Iterable, Iterator

from flexsmt_site.language import gate_figures, gate_structure, gate_words
from flexsmt_site.language.gate_entry import Entry, Fault, Finding, Term

#: The same for every form: each takes the source that the form stands for, and the form.
_STRUCTURE = (
    gate_structure.trial,
    gate_structure.placeholders,
    gate_structure.braces,
    gate_structure.markup,
    gate_structure.edges,
    gate_structure.characters,
)
_WORDS = (
    gate_words.same_as_source,
    gate_words.english_left,
    gate_words.ending,
    gate_words.quotes,
    gate_words.spaces,
    gate_words.mixed_alphabets,
    gate_words.repeated,
)
#: Whatever else is wrong with such a text waits until this is mended.
_FINAL = {"empty", "length"}


def check(entry: Entry, glossary: Iterable[Term] = ()) -> list[Finding]:
    """Judge one translated text; errors first, each with what is wrong and how to mend it."""
    found = [*_as_a_whole(entry)]
    for number, form in enumerate(entry.strings):
        found += _findings("error", gate_structure.bulk(entry.source_of(number), form))
    if not any(finding.rule in _FINAL for finding in found):
        for number, form in enumerate(entry.strings):
            found += _form(entry, entry.source_of(number), form, glossary)
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda finding: finding.level)


def _as_a_whole(entry: Entry) -> Iterator[Finding]:
    if "fuzzy" in entry.flags:
        yield Finding(
            "error", "fuzzy", "marked as fuzzy, so it is not shown", "check the text and remove the mark"
        )
    wanted = entry.forms
    if len(entry.strings) != wanted:
        yield Finding(
            "error", "plural-forms", f"{len(entry.strings)} forms instead of {wanted}", f"give {wanted} forms"
        )
    if not entry.strings or any(not form.strip() for form in entry.strings):
        yield Finding("error", "empty", "no text, or an empty plural form", "translate it")


def _form(entry: Entry, source: str, form: str, glossary: Iterable[Term]) -> Iterator[Finding]:
    for rule in _STRUCTURE:
        yield from _findings("error", rule(source, form))
    yield from _findings("error", gate_structure.length(form, entry.comments))
    strict = entry.domain == "policy"
    yield from _findings(
        "error" if strict else "warning", gate_figures.figures(source, form, both_ways=strict)
    )
    yield from _findings("warning", gate_figures.addresses(source, form))
    if entry.locale == "ru":
        yield from _findings("warning", gate_words.glossary(source, form, glossary))
    for judge in _WORDS:
        yield from _findings("warning", judge(source, form, entry.locale, glossary))


def _findings(level: str, faults: Iterable[Fault]) -> Iterator[Finding]:
    for fault in faults:
        yield Finding("error" if level == "error" else "warning", *fault)

"""Words for editors: how two wordings differ, and what of the source has to stand in a translation."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from flexsmt_site.language.edit_rules import Strings
from flexsmt_site.language.gate_structure import PLACEHOLDER
from flexsmt_site.policy.difference import Piece, compare

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


def difference(old: Strings, new: Strings) -> list[list[Piece]]:
    """Return how each form differs, word by word; a form that one of them lacks counts as empty."""
    return [compare(was.split(), now.split()) for was, now in zip_longest(old, new, fillvalue="")]


def one_line(strings: Strings) -> str:
    """Return the forms of a text on one line, as lists show it."""
    return " | ".join(" ".join(string.split()) for string in strings)


def needed(sources: Sequence[str]) -> tuple[str, ...]:
    """Return the placeholders and tags of a source in their order, each once: all have to be kept."""
    return tuple(dict.fromkeys(part for source in sources for part in _parts(source)))


def _parts(source: str) -> Iterator[str]:
    found = [*PLACEHOLDER.finditer(source), *_TAG.finditer(source)]
    yield from (match[0] for match in sorted(found, key=lambda match: match.start()) if match[0] != "%%")

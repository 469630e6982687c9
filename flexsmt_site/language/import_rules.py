"""What becomes of each text of a PO file that somebody brings: pure decisions.

Nothing is ever removed: a text that the file has no words for stays as it is.
"""

import gettext
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from flexsmt_site.language.edit_rules import Strings, Text
from flexsmt_site.language.gate_entry import PLURAL_FORMS

_HEADER = re.compile(r"^([\w-]+):[ \t]*(.*)$", re.MULTILINE)
_PLURAL = re.compile(r"nplurals\s*=\s*(\d+)\s*;\s*plural\s*=\s*([^;]+)")
#: CLDR's rule for each language of the site, as gettext writes it.
_OURS = {
    "en": "n != 1",
    "ru": "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2",
}
_NUMBERS = range(126)


class Row(Enum):
    """What a text of the file is to the site."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    UNKNOWN = "unknown"
    FAILING = "failing"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Known:
    """What the site says for a text: the repository's words, a published edit's, a draft's; None for none."""

    repository: Strings
    live: Strings | None = None
    draft: Strings | None = None


def classify(strings: Strings, known: Known) -> Row:
    """Decide what words from a file are to a text; the gate is asked elsewhere.

    A conflict is what would go over somebody's open draft, or take a published edit back to the repository's
    words, which the file may only hold because it is older than the edit.
    """
    shown = known.live or known.repository
    if strings == (known.draft or shown):
        return Row.SAME
    if known.draft is not None or (known.live is not None and strings == known.repository):
        return Row.CONFLICT
    return Row.CHANGED if any(shown) else Row.NEW


def header_of(text: str) -> dict[str, str]:
    """Return the fields of a PO file's header, by names in small letters."""
    return {name.lower(): value for name, value in _HEADER.findall(text)}


def mapping(header: str, locale: str, forms: int) -> tuple[int, ...] | None:
    """Return which of the file's ``forms`` stands for each of ours; None where they can not be told.

    ``header`` is the file's ``Plural-Forms``. A form of fractions or of exactly one, as some programs add it
    to Russian, stands for none of ours.
    """
    wanted = PLURAL_FORMS[locale]
    theirs = _rule(header, forms)
    if theirs is None:
        # Programs agree on the order: further forms are of fractions.
        return tuple(range(wanted)) if forms >= wanted else None
    ours = gettext.c2py(_OURS[locale])
    found = [{theirs(n) for n in _NUMBERS if ours(n) == form and n != 1} for form in range(wanted)]
    if wanted > 1 and not found[0]:
        # English has a form for exactly one.
        found[0] = {theirs(1)}
    if any(len(forms_of_theirs) != 1 for forms_of_theirs in found):
        return None
    chosen = tuple(one for (one,) in found)
    # Where one of theirs would stand for two of ours, the file is in other plurals than its language.
    return chosen if max(chosen) < forms and len(set(chosen)) == wanted else None


def _rule(header: str, forms: int) -> Callable[[int], int] | None:
    """Return the file's rule, where it has one that is about as many forms as the text has."""
    stated = _PLURAL.search(header)
    if stated is None or int(stated[1]) != forms:
        return None
    try:
        rule: Callable[[int], int] = gettext.c2py(stated[2].strip())
        for number in _NUMBERS:
            rule(number)
    except (ValueError, ArithmeticError):
        return None
    return rule


def strings_for(text: Text, strings: Sequence[str], header: str) -> Strings | None:
    """Return a translation from a file with the forms that the site has; None where they can not be told."""
    if text.plural is None:
        return tuple(strings) if len(strings) == 1 else None
    places = mapping(header, text.locale, len(strings))
    return None if places is None else tuple(strings[place] for place in places)

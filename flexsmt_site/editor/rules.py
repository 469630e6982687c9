"""Decisions of the editor: what is found, who may publish what, and what each plural form is for.

Pure: no Flask, no database, no files.
"""

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum

#: So many texts stand on one page of the list.
PAGE = 50
#: Words of these are promises, or go to people by name: nobody publishes their own.
GUARDED = frozenset({"policy", "mail"})
#: Which numbers each form of a language is for, in the order of the forms.
NUMBERS: dict[str, tuple[str, ...]] = {
    "en": ("1", "0, 2, 3, 4 …"),
    "ru": ("1, 21, 31 …", "2–4, 22–24 …", "0, 5–20, 25 …"),
}


class Show(StrEnum):
    """Which texts are shown: what somebody has to do, or what has been done."""

    MISSING = "missing"
    CHANGED = "changed"
    CONFLICT = "conflict"
    WARNING = "warning"
    DRAFT = "draft"
    REVIEW = "review"
    DIFFERS = "differs"


class Hindrance(StrEnum):
    """Why somebody may not publish a draft."""

    UNREVIEWED = "unreviewed"
    OWN = "own"


def hindrance(domain: str, state: str, authors: Collection[int | None], publisher: int) -> Hindrance | None:
    """Say what keeps a member from publishing a draft; None where nothing does.

    ``authors`` are those who wrote it and who handed it in: the second pair of eyes is somebody else's.
    """
    if domain not in GUARDED:
        return None
    if state != "review":
        return Hindrance.UNREVIEWED
    return Hindrance.OWN if publisher in authors else None


def sought(text: str) -> str:
    """Return a text as it is compared in a search: whatever the case, the kind of space, ё or е."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return re.sub(r"\s+", " ", plain).strip()


def is_found(haystack: str, wanted: str) -> bool:
    """Tell whether every word of a search stands in a text; both as ``sought`` returns them."""
    return all(word in haystack for word in wanted.split())

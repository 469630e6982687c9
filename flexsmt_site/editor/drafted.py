"""Words as they would be if every draft were published that may be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from gettext import c2py
from hashlib import sha256

from babel.messages.plurals import get_plural
from babel.support import NullTranslations
from flask import current_app

from flexsmt_site.editor import lines, marking
from flexsmt_site.editor.lines import Index, Side
from flexsmt_site.language import overlay, versioned, words
from flexsmt_site.language.edit_rules import Strings, Text
from flexsmt_site.language.words import Words

_KEPT = "flexsmt_editor_drafted"


@dataclass(frozen=True)
class Drafted:
    """Words under the drafts of all texts that are ``shown``; drafts of those ``refused`` have errors.

    The words come marked, see ``marking``; ``edits`` are what they say other than the repository. ``clauses``
    are those of which a version of the policy would be made.
    """

    words: Words
    clauses: Words
    edits: Mapping[Text, Strings]
    shown: frozenset[Text]
    refused: tuple[Text, ...]

    def strings(self, text: Text) -> Strings:
        """Return what these words say for a text."""
        return self.edits.get(text) or overlay.get(text).strings


def find() -> Drafted:
    """Return the words with the drafts of this moment; raises ``DatabaseUnavailable``."""
    index = lines.index()
    kept: tuple[Index, Drafted] | None = current_app.extensions.get(_KEPT)
    if kept is None or kept[0] is not index:
        kept = current_app.extensions[_KEPT] = index, _made(index)
    return kept[1]


def over(name: str, edits: Mapping[Text, Strings]) -> Words:
    """Return what the repository says, with other words for some texts; no others may have the name."""
    return Words(name, lambda domain, language: _Edited(domain, language, edits))


def _made(index: Index) -> Drafted:
    sides = [side for line in index.lines.values() for side in line.sides.values() if not side.is_gone]
    edits = {side.listed.text: side.listed.live.strings for side in sides if side.listed.live}
    drafts = {side.listed.text: side.listed.draft.strings for side in sides if side.listed.draft}
    refused = tuple(side.listed.text for side in sides if side.listed.draft and _has_error(side))
    shown = frozenset(drafts) - frozenset(refused)
    edits |= {text: strings for text, strings in drafts.items() if text in shown}
    # The state changes with everything that the words are made of.
    name = f"draft-{sha256(repr(index.state).encode()).hexdigest()[:24]}"
    found, own = over(name, edits), words.shelf(current_app).shipped
    clauses = Words(
        f"{name} clauses",
        lambda domain, lang: (found if domain == versioned.DOMAIN else own).catalogue(domain, lang),
    )
    return Drafted(marking.marked(found), marking.marked(clauses), edits, shown, refused)


def _has_error(side: Side) -> bool:
    return any(finding.level == "error" for finding in side.findings)


class _Edited(NullTranslations):
    """A catalogue of the repository under edits; a text without words is shown as its msgid."""

    def __init__(self, domain: str, language: str, edits: Mapping[Text, Strings]) -> None:
        super().__init__()
        self._said = {
            (value.text.context, value.text.msgid): edits.get(value.text, value.strings)
            for value in overlay.values(domain, language).values()
        }
        self._form = _form_of(language)

    def ugettext(self, message: str) -> str:
        return self._one(None, message)

    def ungettext(self, one: str, many: str, number: int) -> str:
        return self._of_number(None, one, many, number)

    def upgettext(self, context: str, message: str) -> str:
        return self._one(context, message)

    def unpgettext(self, context: str, one: str, many: str, number: int) -> str:
        return self._of_number(context, one, many, number)

    def _one(self, context: str | None, message: str) -> str:
        return next(iter(self._said.get((context, message), ())), "") or message

    def _of_number(self, context: str | None, one: str, many: str, number: int) -> str:
        said, form = self._said.get((context, one), ()), self._form(number)
        return (said[form] if form < len(said) else "") or (one if number == 1 else many)


@cache
def _form_of(language: str) -> Callable[[int], int]:
    return c2py(get_plural(language).plural_expr)

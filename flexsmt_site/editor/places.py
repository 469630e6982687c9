"""Which texts stand on which page, and in which mail: found by making each of them once.

A page is named by its path without the language, a mail as in ``mail:sign-in``.
"""

from collections.abc import Mapping

from flask import current_app

from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import marking, visit
from flexsmt_site.editor.lines import Key
from flexsmt_site.language import samples, words

_KEPT = "flexsmt_editor_places"
_MAIL = "mail:"


def pages() -> tuple[str, ...]:
    """Return every page and mail that can be shown, pages first."""
    return tuple(_found())


def texts_on(page: str) -> frozenset[Key]:
    """Return the texts on a page, by domain and key; none for a page that is not there."""
    return _found().get(page, frozenset())


def pages_of(place: Key) -> tuple[str, ...]:
    """Return the pages that a text stands on."""
    return tuple(page for page, texts in _found().items() if place in texts)


def of_mail(name: str) -> str:
    """Return how a mail is called among the pages."""
    return f"{_MAIL}{name}"


def _found() -> Mapping[str, frozenset[Key]]:
    """Look once for each app: where a text stands is a matter of the code."""
    kept: Mapping[str, frozenset[Key]] | None = current_app.extensions.get(_KEPT)
    if kept is None:
        kept = current_app.extensions[_KEPT] = _looked()
    return kept


def _looked() -> dict[str, frozenset[Key]]:
    marked = marking.marked(words.shelf(current_app).shipped)
    found = {}
    for path in visit.paths():
        answers = (visit.page(path, lang, marked, marked) for lang in LANGUAGES)
        found[path] = _texts([answer.html for answer in answers])
    for sample in samples.listed():
        mails = [visit.mail(sample, lang, marked) for lang in LANGUAGES]
        found[of_mail(sample.name)] = _texts([part for mail in mails for part in visit.parts(mail)])
    return found


def _texts(made: list[str]) -> frozenset[Key]:
    return frozenset((text.domain, text.key) for one in made for text in marking.texts_in(one))

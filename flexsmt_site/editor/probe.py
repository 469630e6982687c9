"""The trial of words before visitors read them: every page and mail is made of them, in both languages."""

import re
from collections.abc import Iterator

from flask import Flask

from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import marking, marks, markup, visit
from flexsmt_site.language import samples, trial, words
from flexsmt_site.language.words import Words

_OK = 200
_SHOWN = 80
_UNFILLED = re.compile(r"%\(\w*\)?")


def declare(app: Flask) -> None:
    """Have it run before anything is published."""
    trial.declare(app, look)


def look() -> Iterator[str]:
    """Say which pages and mails can not be made of the words at hand, or are broken by one of them."""
    marked = marking.marked(words.at_hand())
    for lang in LANGUAGES:
        for path in visit.paths():
            yield from _page(path, lang, marked)
        for sample in samples.listed():
            yield from _mail(sample, lang, marked)


def _page(path: str, lang: str, marked: Words) -> Iterator[str]:
    name = f"/{lang}{path}"
    try:
        answer = visit.page(path, lang, marked)
    except Exception as error:  # noqa: BLE001 (whatever fails on trial would fail for visitors)
        yield _failed(name, error)
        return
    if answer.status != _OK:
        yield f"{name} is answered with {answer.status}"
    yield from _html(name, answer.html)


def _mail(sample: samples.Sample, lang: str, marked: Words) -> Iterator[str]:
    name = f"the mail “{sample.name}” in {lang}"
    try:
        subject, text, html = visit.parts(visit.mail(sample, lang, marked))
    except Exception as error:  # noqa: BLE001 (see above)
        yield _failed(name, error)
        return
    yield from _html(name, html)
    yield from _unfilled(name, f"{subject}\n{text}")


def _html(name: str, html: str) -> Iterator[str]:
    if found := markup.broken(html):
        text = f"“{marking.text_of(found.number).msgid[:_SHOWN]}”" if found.number else "a text"
        yield f"{name}: {text} breaks the markup at “{marks.strip(found.place).strip()[:_SHOWN]}”"
    yield from _unfilled(name, html)


def _unfilled(name: str, made: str) -> Iterator[str]:
    if left := _UNFILLED.search(marks.strip(made)):
        yield f"{name}: {left[0]} is not filled in"


def _failed(name: str, error: Exception) -> str:
    return f"{name} can not be made of these words ({type(error).__name__}: {error})"

"""A site whose policy changes: what stands in its register of recipients stands in clause 12."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.config import settings
from flexsmt_site.language import audit, catalog, edits, words
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.policy import current, fragment, gate, service
from flexsmt_site.policy.fragment import Fragment
from flexsmt_site.policy.rules import Version
from tests.ground.visitors import visit
from tests.language import editing, remembered
from tests.language.editing import ANN, BEN, Editors

NOTE = {"en": "Another recipient.", "ru": "Ещё один получатель."}
_compare = gate.compare
_ROW = """
[[processor]]
name = "{name}"
country = "RU"
purpose = {{ en = "{english}", ru = "{russian}" }}
standard = "adequate"
contract = 2026-11-22
review = 2036-11-22
"""
_CLAUSES = re.compile(r'<div id="clauses">.*</section>', re.DOTALL)
_MARK = re.compile(r' <a class="kept".*?</a>')
_NUMBER = re.compile(r"(?:Version|Версия) (\d+)")
_PLACE = re.compile(r"<!--kept [\w.]+-->")


def name(
    app: Flask, recipient: str, english: str = "Delivering mail", russian: str = "Доставка почты"
) -> None:
    """Let the register of recipients, and so clause 12, hold one of this name alone."""
    row = _ROW.format(name=recipient, english=english, russian=russian)
    file_of(app).with_name("processors.toml").write_text(row, "utf-8")


def rendered(app: Flask) -> dict[str, Fragment]:
    """The text as the running code writes it."""
    with app.app_context():
        return fragment.rendered()


def start(app: Flask) -> Version | None:
    """What ``flexsmt serve`` does at its start."""
    with app.app_context():
        first = service.publish_first(clock.now())
        service.take_over()
        return first


def publish(
    app: Flask, effective: str | None = None, *, is_material: bool = False, edits: Sequence[int] = ()
) -> Version:
    with app.app_context():
        draft = service.draft(NOTE, effective, clock.now(), is_material=is_material, edits=edits)
        return service.publish(draft, clock.now(), author=BEN if edits else None)


def hand_in(app: Flask, text: Text, words: str, author: int = ANN) -> int:
    """Let somebody write other words for a text of the policy, and ask for another pair of eyes."""
    written = Editors(app).save(words, text=text, author=author)
    with app.app_context():
        return edits.move(written.id, "review", author=author, now=clock.now()).id


def due(app: Flask) -> set[int]:
    """The clauses that a version published now would change."""
    with app.app_context():
        return service.due()


def steps(app: Flask, edit: int) -> list[tuple[str, int | None, int | None]]:
    """What became of an edit: each state, by whom, and with which release."""
    with app.app_context():
        return [(step.state, step.author, step.release) for step in editing.steps(edit)]


def fetch(app: Flask) -> bool:
    with app.app_context():
        return service.fetch()


def kept(app: Flask, number: int, lang: str = "en") -> str:
    """A version's clauses as they are stored."""
    with app.test_request_context():
        return service.get_fragment(number, lang).html


def file_of(app: Flask) -> Path:
    with app.app_context():
        assert service.file().parent == settings().data_dir
        return service.file()


def fault_of(app: Flask) -> str:
    return current.shelf(app).fault


def clauses(app: Flask, path: str = "/en/privacy") -> str:
    """The clauses as a page shows them, without the marks of what is proven."""
    found = _CLAUSES.search(visit(app).get(path).text)
    assert found, path
    return _MARK.sub("", found[0])


def unmarked(html: str) -> str:
    """What is kept, without the places of marks."""
    found = _CLAUSES.search(html)
    assert found
    return _PLACE.sub("", found[0])


def footer(app: Flask, path: str = "/en/") -> int:
    """The version that the foot of a page names."""
    found = _NUMBER.search(visit(app).get(path).text.partition("<footer")[2])
    assert found
    return int(found[1])


@cache
def _compared(htmls: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(_compare(dict(htmls)))


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge no catalogue: it takes seconds, and is looked at elsewhere. Workers look with every request.

    The same clauses are compared once, the same files read once, and the same words tried once.
    """
    remembered.files(monkeypatch)
    remembered.trials(monkeypatch)
    monkeypatch.setattr(gate, "compare", lambda htmls: list(_compared(tuple(htmls.items()))))
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(catalog, "stale", list)
    monkeypatch.setattr(audit, "judge_all", lambda: iter(()))


def set_clock(monkeypatch: pytest.MonkeyPatch, *moment: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(*moment, tzinfo=UTC))  # type: ignore[misc,arg-type]

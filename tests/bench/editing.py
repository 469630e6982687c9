"""The editor: how soon a text is found among many, and what visitors get while words are published."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from statistics import median
from threading import Event

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import finding, lines
from flexsmt_site.editor.finding import Wanted
from flexsmt_site.editor.rules import Show
from flexsmt_site.language import edits, extract, releases
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.language.making import Signature
from tests.bench import places, programs, servers
from tests.bench.figures import Benchmark, Limit, Row
from tests.language.publishing import SKIP, Desk, copied

_SOON, _NONE = Limit(0.05), Limit(0)
_BUTTON = "Open the contact form"
_WORKERS, _VISITORS = 4, 4
#: What somebody looks for: a rare word, what all have, a letter, ё for е, nothing.
_SOUGHT = ("обращение", "a", "е", "Ещё", "number 4000", "", "none of this kind")
_NUMBERED = re.compile(
    r'class="skip" href="#main">(\w+) (\d+)<.*href="/(\w\w)/contact">(\w+) (\d+)<', re.DOTALL
)
#: The first word of every text of a language.
_FIRST = {"en": "Words", "ru": "Слова"}


@dataclass(frozen=True)
class Counts:
    """Texts to look among, rounds of looking, releases, and pages that are asked for meanwhile."""

    texts: int = 5000
    rounds: int = 7
    releases: int = 60
    requests: int = 10_000


def measure(counts: Counts | None = None) -> Iterator[Row]:
    """Measure on SQLite: what is searched is in memory, and pages do not ask the database for words."""
    counts = counts or Counts()
    yield from _finding(counts)
    yield from _publishing(counts)


def _finding(counts: Counts) -> Iterator[Row]:
    with (
        places.site(places.SQLITE) as app,
        places.folder() as folder,
        pytest.MonkeyPatch.context() as patched,
        copied(folder / "desk", patched) as desk,
        app.app_context(),
    ):
        _write_texts(desk, counts.texts)
        took = time.perf_counter()
        known = len(lines.index().lines)
        took = time.perf_counter() - took
        for show in (None, Show.WARNING):
            worst = max(_spent(Wanted(show, words=words), counts.rounds) for words in _SOUGHT)
            told = f"{known:,} texts in two languages, the slowest of {len(_SOUGHT)} searches"
            yield Row(f"a search{' in a filter' if show else ''}", worst, "s", _SOON, told)
    yield Row("to read all texts", took, "s", None, "once after a deploy; later only what has changed")


def _write_texts(desk: Desk, many: int) -> None:
    for lang in LANGUAGES:
        source = desk.folder / lang / "LC_MESSAGES" / "messages.po"
        before = source.read_text("utf-8")
        missing = range(many - before.count("\nmsgid "))
        said = {"en": "Some further text, number", "ru": "Ещё какой-то текст под номером"}[lang]
        more = "".join(
            f'\nmsgid "Some further text, number {one}"\nmsgstr "{said} {one}"\n' for one in missing
        )
        extract.replace(source, (before + more).encode())


def _spent(wanted: Wanted, rounds: int) -> float:
    def once() -> float:
        began = time.perf_counter()
        finding.find(wanted)
        return time.perf_counter() - began

    return median(once() for _ in range(rounds))


def _publishing(counts: Counts) -> Iterator[Row]:
    with places.site(places.SQLITE) as app:
        _publish(app, 0)
        done = Event()
        with servers.served(app, _WORKERS, "--no-relay") as site, ThreadPoolExecutor(_VISITORS) as pool:
            visit = partial(_visit, site.port, counts.requests // _VISITORS, done)
            visitors = [pool.submit(visit, number) for number in range(_VISITORS)]
            for number in range(1, counts.releases + 1):
                _publish(app, number)
            done.set()
            seen = [visitor.result(timeout=600) for visitor in visitors]
            behind = sum(_generation(site.port, lang) != counts.releases for lang in LANGUAGES * _WORKERS * 4)
    pages, wrong = sum(one[0] for one in seen), sum(one[1] for one in seen)
    generations = len(set().union(*(one[2] for one in seen)))
    told = f"{pages:,} pages of {_WORKERS} workers, {counts.releases} releases, {generations} of them seen"
    yield Row("pages that failed or mixed languages or releases", wrong, "", _NONE, told)
    yield Row(
        "pages with old words after the last release", behind, "", _NONE, "in both languages, 32 requests"
    )


def _publish(app: Flask, number: int) -> None:
    with app.app_context():
        drafts = []
        for lang in LANGUAGES:
            for msgid in (SKIP, _BUTTON):
                text = Text("messages", lang, msgid)
                parent = edits.history(text)[:1]
                strings = (f"{_FIRST[lang]} {number}",)
                proposal = edits.Proposal(text, strings, parent[0].id if parent else 0, 1)
                drafts.append(edits.save(proposal, clock.now()).id)
        releases.publish_edits(releases.Order(tuple(drafts)), Signature(clock.now(), 1))


def _visit(port: int, many: int, done: Event, number: int) -> tuple[int, int, set[int]]:
    """Ask for so many pages, and on until all is published; returns pages, wrong ones, and releases seen."""
    pages, wrong, generations = 0, 0, set()
    while pages < many or not done.is_set():
        lang = LANGUAGES[(pages + number) % len(LANGUAGES)]
        found = _generation(port, lang)
        pages, wrong = pages + 1, wrong + (found is None)
        generations |= set() if found is None else {found}
    return pages, wrong, generations


def _generation(port: int, lang: str) -> int | None:
    """Return the release that a page is of; None where it is broken, or of more than one."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", f"/{lang}/", headers={"Host": programs.HOST})
        answer = connection.getresponse()
        found = _NUMBERED.search(answer.read().decode())
    except OSError:
        return None
    finally:
        connection.close()
    if answer.status != 200 or found is None:
        return None
    first, number, of, second, other = found.groups()
    is_whole = (first, second, of, number) == (_FIRST[lang], _FIRST[lang], lang, other)
    return int(number) if is_whole else None


BENCHMARK = Benchmark(
    "editor",
    "The editor",
    "Searches of the editor's list, and visitors of a site with four workers whose words are published again "
    "and again: each page is held against what it should say.",
    measure,
)

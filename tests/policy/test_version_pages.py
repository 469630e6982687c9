"""What readers find of the versions: the list, each one, what differs, a feed, and links for programs."""

import re
from collections import Counter
from datetime import datetime
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from sqlalchemy import event

from flexsmt_site.extensions import db
from flexsmt_site.policy.rules import Version
from tests.ground.visitors import Visitor, visit
from tests.policy.publishing import NOTE, kept, name, publish, set_clock, start

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def told(lone_app: Flask, quickly: None) -> list[Version]:  # noqa: ARG001
    """A site with three versions, of which the last is announced."""
    found = [start(lone_app)]
    for number, effective in ((2, None), (3, "2037-03-01T12:30")):
        name(lone_app, f"Recipient {number}")
        found.append(publish(lone_app, effective, is_material=number == 3))
    return [version for version in found if version]


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", " ", page))).strip()


@pytest.mark.promise("P14.2")
@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_list_says_of_every_version_from_when_it_holds_and_what_changed(
    visitor: Visitor, language: str
) -> None:
    page = visitor.get(f"/{language}/privacy/versions").text
    rows = [_text(row) for row in re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL)]

    assert [int(re.findall(r"\d+", row)[0]) for row in rows] == [3, 2, 1]
    assert all(NOTE[language] in row for row in rows[:2])
    words = {
        "en": ["announced", "material", "in force", "editorial", "in force earlier"],
        "ru": ["объявлена", "существенное изменение", "действует", "редакционная", "действовала раньше"],
    }[language]
    for row, parts in zip(rows, (words[:2], words[2:4], words[4:]), strict=True):
        assert all(part in row for part in parts), row
    for link in re.findall(r'href="(/[^"]+/privacy/[^"]+)"', page):
        assert visitor.get(link).status_code == 200


@pytest.mark.promise("P14.1")
@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "not in force any more"),
        (2, "has been in force since"),
        (3, "It takes effect on 1 March 2037, 12:30 UTC"),
    ],
)
def test_each_version_has_its_own_address_and_says_how_it_stands(
    lone_app: Flask, visitor: Visitor, number: int, said: str
) -> None:
    answer = visitor.get(f"/en/privacy/versions/{number}")

    assert said in answer.text
    assert kept(lone_app, number) in answer.text
    assert 'class="kept"' not in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Cache-Control"].startswith("public")


@pytest.mark.usefixtures("told")
def test_beginning_and_end_are_said_to_the_minute_where_that_is_not_midnight(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock(monkeypatch, 2037, 4, 1)

    assert "to 1 March 2037, 12:30 UTC." in visitor.get("/en/privacy/versions/2").text
    assert "in force since 1 March 2037, 12:30 UTC." in visitor.get("/en/privacy/versions/3").text


@pytest.mark.usefixtures("told")
def test_of_marked_clauses_only_the_last_of_each_language_are_kept(
    lone_app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language in ("en", "ru"):
        visitor.get(f"/{language}/privacy?before")
    before = dict(lone_app.extensions["flexsmt_policy_marked"])
    set_clock(monkeypatch, 2037, 4, 1)
    for language in ("en", "ru"):
        visitor.get(f"/{language}/privacy?after")
    after = lone_app.extensions["flexsmt_policy_marked"]

    assert set(before) == set(after) == {"en", "ru"}
    assert all(before[language] != after[language] for language in after)


@pytest.mark.promise("P14.2")
@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("language", "removed", "added"), [("en", "removed:", "added:"), ("ru", "удалено:", "добавлено:")]
)
def test_what_differs_is_said_in_words_and_not_by_colour_alone(
    visitor: Visitor, language: str, removed: str, added: str
) -> None:
    page = visitor.get(f"/{language}/privacy/versions/3/since/2").text
    main = page.partition("<main")[2].partition("</main>")[0]

    assert re.findall(r'<section aria-labelledby="c(\d+)-title">', main) == ["12"]
    (before,), (after,) = (re.findall(rf"<{tag}>(.*?)</{tag}>", main) for tag in ("del", "ins"))
    assert (removed in before, "2" in _text(before)) == (True, True)
    assert (added in after, "3" in _text(after)) == (True, True)
    assert main.count("<li>") >= 14


@pytest.mark.usefixtures("told")
def test_any_two_versions_can_be_compared_and_each_pair_has_one_address(visitor: Visitor) -> None:
    page = visitor.get("/en/privacy/versions/3/since/1").text
    assert [f"Version {number}: {NOTE['en']}" in page for number in (1, 2, 3)] == [False, True, True]
    for asked, found in (
        ("/en/privacy/versions/1/since/3", "/en/privacy/versions/3/since/1"),
        ("/en/privacy/versions/2/since/2", "/en/privacy/versions/2"),
        ("/ru/privacy/versions?older=1&newer=3", "/ru/privacy/versions/3/since/1"),
    ):
        answer = visitor.get(asked)
        assert (answer.status_code, answer.location) == (302, found)
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert 'name="older"' in visitor.get("/en/privacy/versions").text


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    "path", ["4", "0", "01", "1.0", "-1", "x", "٣", "1%0A", "9" * 40, "4/since/1", "1/since/4", "1/since/x"]
)
def test_versions_that_are_not_there_are_404(visitor: Visitor, path: str) -> None:
    assert visitor.get(f"/en/privacy/versions/{path}").status_code == 404


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("query", ["older=x&newer=1", "older=1", "older=1&newer=//example.com"])
def test_a_query_that_names_no_versions_gets_the_list(visitor: Visitor, query: str) -> None:
    assert visitor.get(f"/en/privacy/versions?{query}").status_code == 200


@pytest.mark.promise("P14.2")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_feed_has_what_readers_of_feeds_need(
    told: list[Version], visitor: Visitor, language: str
) -> None:
    answer = visitor.get(f"/{language}/privacy/feed.atom")
    feed = ET.fromstring(answer.data)  # noqa: S314 (our own)

    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert feed.tag == f"{ATOM}feed"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Flex SMT"
    assert datetime.fromisoformat(feed.findtext(f"{ATOM}updated") or "") == told[-1].published
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    base = f"http://127.0.0.1:8000/{language}/privacy"
    assert links == {"self": f"{base}/feed.atom", "alternate": f"{base}/versions"}
    entries = feed.findall(f"{ATOM}entry")
    ids = [feed.findtext(f"{ATOM}id"), *(entry.findtext(f"{ATOM}id") for entry in entries)]
    assert len(set(ids)) == 4
    assert all(
        re.fullmatch(rf"tag:127\.0\.0\.1,2026-11-22:policy:{language}(:\d)?", one or "") for one in ids
    )
    assert [(entry.findtext(f"{ATOM}id") or "")[-1] for entry in entries] == ["3", "2", "1"]
    for entry in entries:
        assert all(entry.findtext(f"{ATOM}{name}") for name in ("title", "updated", "summary"))
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert visitor.get((link.get("href") or "").removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert [entry.findtext(f"{ATOM}summary") for entry in entries[:2]] == [NOTE[language]] * 2


def test_entries_keep_their_ids_whatever_is_published_later(lone_app: Flask, quickly: None) -> None:  # noqa: ARG001
    def ids() -> list[str]:
        found = visit(lone_app).get("/en/privacy/feed.atom").text
        return re.findall(r"<id>(.*?)</id>", found)

    unpublished = ids()
    start(lone_app)
    first = ids()
    name(lone_app, "Another")
    publish(lone_app)

    assert unpublished == first
    assert ids() == [first[0], f"{first[0]}:2", first[1]]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("path", "relations"),
    [
        ("", {"predecessor-version": "/1", "successor-version": "/3"}),
        ("/versions/1", {"successor-version": "/2"}),
        ("/versions/3", {"predecessor-version": "/2"}),
    ],
)
def test_programs_find_the_versions_beside_one(
    visitor: Visitor, path: str, relations: dict[str, str]
) -> None:
    answer = visitor.get(f"/ru/privacy{path}")
    found = {
        relation: target
        for target, relation in re.findall(r'<([^>]+)>; rel="([\w-]+)"', answer.headers["Link"])
    }

    assert found == {
        "version-history": "/ru/privacy/versions",
        "latest-version": "/ru/privacy",
        **{relation: f"/ru/privacy/versions{end}" for relation, end in relations.items()},
    }
    assert 'type="application/atom+xml"' in answer.text.partition("</head>")[0]
    assert 'href="/ru/privacy/feed.atom"' in answer.text.partition("</head>")[0]


@pytest.mark.usefixtures("told")
def test_who_reads_the_policy_asks_the_database_for_nothing(
    lone_app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.update([statement.split(None, 1)[0]])

    with lone_app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    for path in ("", "?x", "/versions", "/versions/2", "/versions/3", "/versions/3/since/2", "/feed.atom"):
        assert visitor.get(f"/en/privacy{path}").status_code == 200
    set_clock(monkeypatch, 2037, 3, 2)
    assert visitor.get("/en/privacy?x").status_code == 200

    assert not asked
    visitor.get("/en/privacy/versions/1?x")
    assert asked["SELECT"] == 1

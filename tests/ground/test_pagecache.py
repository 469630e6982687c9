"""Finished pages in front of Flask: fewer renders, and never another visitor's page."""

from pathlib import Path

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site import cookies, create_app, pagecache, pages
from tests.conftest import make_settings
from tests.ground.visitors import Visitor, visit

PUBLIC = ["/en/", "/ru/", "/en/privacy", "/ru/promises", "/robots.txt", "/sitemap.xml", "/promises.json"]
#: The site does not serve ranges, so with this header a page comes whole, and past the cache.
PAST = {"Range": "bytes=0-0"}


@pytest.fixture(scope="module")
def shared_visitor(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Visitor:
    folder = tmp_path_factory.mktemp("pagecache")
    (folder / "site.db").write_bytes(sqlite_template.read_bytes())
    return visit(create_app(make_settings(folder)), use_cookies=False)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_is_made_once_and_then_the_same_bytes(
    visitor: Visitor, rendered: list[str], path: str
) -> None:
    first = visitor.get(path)
    made = len(rendered)
    second = visitor.get(path)

    assert (first.status_code, first.data, dict(first.headers)) == (200, second.data, dict(second.headers))
    assert len(rendered) == made


@pytest.mark.parametrize("path", ["/en/contact", "/ru/settings", "/en/nothing", "/", "/healthz"])
def test_what_is_not_for_everybody_is_made_each_time(lone_app: Flask, path: str) -> None:
    visitor = visit(lone_app)
    calls: list[str] = []
    lone_app.before_request(lambda: calls.append(path))
    for _ in range(3):
        visitor.get(path)

    assert len(calls) == 3


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/en/?x=1", {}), ("/en/", {"HX-Request": "true"}), ("/en/", PAST), ("/en/", {"Authorization": "x"})],
)
def test_what_asks_for_more_than_the_page_passes_the_cache_by(
    visitor: Visitor, rendered: list[str], path: str, headers: dict[str, str]
) -> None:
    visitor.get("/en/")
    made = len(rendered)
    assert visitor.get(path, headers=headers).status_code == 200

    assert len(rendered) > made


def _cookie(value: str) -> str:
    return f"consent={cookies.register().version}.{value}"


@pytest.mark.parametrize("path", ["/en/", "/ru/privacy"])
def test_each_variant_is_kept_apart(lone_app: Flask, rendered: list[str], path: str) -> None:
    visitor = visit(lone_app, use_cookies=False)
    ask = {"Cookie": ""}, {"Sec-GPC": "1"}, {"Cookie": _cookie("0")}, {"Cookie": _cookie("1")}
    for _ in range(2):
        pages = [visitor.get(path, headers=headers).text for headers in ask]
    made = len(rendered)
    again = [visitor.get(path, headers={**headers, **PAST}).text for headers in ask]

    assert pages == again
    assert ["consent-banner" in page for page in pages] == [True, False, False, False]
    assert ["consent-withdraw" in page for page in pages] == [False, False, False, True]
    assert made < len(rendered)


@given(
    cookie=st.one_of(
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
        st.lists(
            st.sampled_from(["consent=", "{v}", ".", "0", "1", ";", " ", "x", "__Host-"]), max_size=12
        ).map("".join),
    ),
    gpc=st.sampled_from(["", "0", "1", "1, 1", "true"]),
)
def test_no_cookie_and_no_signal_gets_another_visitors_page(
    shared_visitor: Visitor, cookie: str, gpc: str
) -> None:
    headers = {"Cookie": cookie.replace("{v}", cookies.register().version), "Sec-GPC": gpc}

    kept = shared_visitor.get("/en/", headers=headers).data
    assert kept == shared_visitor.get("/en/", headers={**headers, **PAST}).data


@pytest.mark.parametrize("encoding", ["br", "identity"])
@pytest.mark.parametrize("form", ["{0}", '"other", {0}', "*", "W/{0}"])
def test_whoever_has_the_page_gets_304_without_a_body(visitor: Visitor, encoding: str, form: str) -> None:
    first = visitor.get("/en/", headers={"Accept-Encoding": encoding})
    asked = {"Accept-Encoding": encoding, "If-None-Match": form.format(first.headers["ETag"])}
    answer = visitor.get("/en/", headers=asked)

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == first.headers["ETag"]
    assert "Content-Length" not in answer.headers
    assert answer.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert set(answer.headers["Vary"].split(", ")) == set(first.headers["Vary"].split(", "))


@pytest.mark.parametrize("encoding", ["br", "identity"])
@pytest.mark.parametrize(
    ("wanted", "held", "status"),
    [
        ('"other"', None, 412),
        ('W/"{tag}"', None, 412),
        ('"{tag}"', None, 200),
        ("*", None, 200),
        ('"{tag}"', '"{tag}"', 304),
        ('"other"', '"{tag}"', 412),
        (None, '"other", W/"some"', 200),
        (None, "garbage", 200),
    ],
)
def test_conditions_are_held_against_the_page_in_their_order(
    visitor: Visitor, encoding: str, wanted: str | None, held: str | None, status: int
) -> None:
    first = visitor.get("/en/", headers={"Accept-Encoding": encoding})
    conditions = {"If-Match": wanted, "If-None-Match": held}
    asked = {
        name: value.format(tag=first.headers["ETag"].strip('"'))
        for name, value in conditions.items()
        if value
    }
    answer = visitor.get("/en/", headers={"Accept-Encoding": encoding, **asked})

    assert answer.status_code == status
    assert answer.data == (first.data if status == 200 else b"")


def test_the_first_to_ask_may_have_the_page_or_want_its_head_alone(lone_app: Flask) -> None:
    etag = visit(lone_app).get("/en/", headers=PAST).headers["ETag"]

    assert visit(lone_app).get("/en/", headers={"If-None-Match": etag}).status_code == 304
    head = visit(lone_app).head("/ru/")
    assert (head.status_code, head.data) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(visit(lone_app).get("/ru/").data)


def test_a_form_is_answered_as_it_was_asked_for(visitor: Visitor) -> None:
    head = visitor.head("/en/contact")

    assert (head.status_code, head.data) == (200, b"")


def test_what_was_asked_for_longest_ago_goes_first(
    visitor: Visitor, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagecache, "MOST_PAGES", 2)
    for path in ("/en/", "/ru/", "/en/privacy"):
        visitor.get(path)
    rendered.clear()
    visitor.get("/en/privacy")
    assert rendered == []
    visitor.get("/en/")

    assert rendered != []


def test_a_piece_of_pages_is_made_once_for_each_language(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def show(lang: str) -> str:
        def make() -> str:
            made.append(lang)
            return f"<{lang}>"

        with lone_app.test_request_context(), pages.speaking(lang):
            piece = '{% call kept("piece") %}<p>{{ make() }}</p>{% endcall %}'
            return render_template_string(piece, make=make)

    shown = [show(lang) for lang in ("en", "ru", "en", "ru")]
    assert shown == ["<p>&lt;en&gt;</p>", "<p>&lt;ru&gt;</p>"] * 2
    assert made == ["en", "ru"]
    monkeypatch.setattr(pagecache, "OLDEST_SECONDS", -1.0)
    show("en")
    assert made == ["en", "ru", "en"]


def test_another_edition_of_the_words_gives_another_piece(lone_app: Flask) -> None:
    edition = ["first"]
    pages.edited_by(lone_app, lambda: edition[0])

    def show() -> str:
        with lone_app.test_request_context(), pages.speaking("en"):
            piece = '{% call kept("piece") %}{{ words }}{% endcall %}'
            return render_template_string(piece, words=f"the {edition[0]} words")

    assert show() == "the first words"
    edition[0] = "second"
    assert show() == "the second words"
    edition[0] = "first"
    assert show() == "the first words"


def test_a_page_is_made_anew_after_a_while(
    visitor: Visitor, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.get("/en/")
    rendered.clear()
    monkeypatch.setattr(pagecache, "OLDEST_SECONDS", -1.0)
    visitor.get("/en/")

    assert rendered != []


def test_a_million_addresses_are_not_kept(visitor: Visitor, kept: list[str]) -> None:
    for number in range(50):
        visitor.get(f"/en/{number}")
        visitor.get(f"/en/?{number}")
        visitor.get(f"/en/contact/received/FX-0000-{number:04}")

    assert kept == []

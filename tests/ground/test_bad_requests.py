"""Odd methods, paths and queries: refused or sent on within the site, and never kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.ground.conftest import ask
from tests.ground.visitors import Visitor

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "method", ["TRACE", "PROPFIND", "PUT", "DELETE", "PATCH", "CONNECT", "QUERY", "GE T"]
)
@pytest.mark.parametrize("path", ["/en/", "/ru/privacy", "/en/contact", "/robots.txt"])
def test_an_odd_method_is_refused_and_leaves_the_page_as_it_was(
    stranger: Visitor, kept: list[str], method: str, path: str
) -> None:
    before = stranger.get(path)
    kept.clear()
    answer = stranger.open(path, method=method, headers={"X-Secret": "echoed"})

    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer.headers["Allow"].split(", "))
    assert "echoed" not in answer.text
    assert kept == []
    assert stranger.get(path).status_code == before.status_code == 200


@pytest.mark.parametrize("method", ["get", "Get", "head", "post", "pOST"])
def test_a_method_in_another_case_is_another_method(stranger: Visitor, kept: list[str], method: str) -> None:
    answer = stranger.open("/consent" if "p" in method else "/en/", method=method, content_type=FORM)

    assert answer.status_code == 501
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert kept == []


def test_options_tells_what_a_page_takes_and_keeps_nothing(stranger: Visitor, kept: list[str]) -> None:
    answer = stranger.options("/en/contact")

    assert (answer.status_code, answer.data) == (200, b"")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert kept == []


@pytest.mark.parametrize(("path", "status"), [("/en/", 405), ("/ru/privacy", 405), ("/nowhere", 404)])
def test_a_form_for_a_page_that_takes_none_changes_nothing(
    stranger: Visitor, kept: list[str], path: str, status: int
) -> None:
    answer = stranger.post(path, data={"x": "1"})

    assert answer.status_code == status
    assert kept == []


ODD_PATHS = [
    ("//", 308), ("/en", 308), ("/en//", 308), ("/en//privacy", 308), ("//en//privacy", 308),
    ("//privacy", 308), ("//evil.example.com/en/", 308), ("///evil.example.com", 308),
    ("/" * 16_000 + "x", 308), ("/privacy", 302),
    ("/en/../ru/", 404), ("/..", 404), ("/../../etc/passwd", 404), ("/en/.", 404), ("/en/privacy/", 404),
    ("/en/privacy\0", 404), ("/\0", 404), ("/en/privacy\r\nSet-Cookie: x=1", 404), ("/en/privacy;x", 404),
    ("/en/\xc0\xaf", 404), ("/\xc0\xae\xc0\xae/", 404), ("/en/\xff", 404), ("/en/\xe0\x80\xaf", 404),
    ("/EN/", 404), ("/en/%2e%2e/", 404), ("/en%2fprivacy", 404), ("/en/privacy?x", 404), ("*", 404),
    ("/\\evil.example.com", 404), ("/static/../wsgi.py", 404), ("/static/", 404), ("/" + "a" * 16_000, 404),
    ("/en/" + "../" * 5_000, 404),
]  # fmt: skip


@pytest.mark.parametrize(("path", "status"), ODD_PATHS, ids=lambda value: ascii(value)[:30])
def test_an_odd_path_leads_nowhere_else_and_is_not_kept(
    stranger: Visitor, kept: list[str], path: str, status: int
) -> None:
    answer = ask(stranger, path)

    assert answer.status_code == status
    assert leads_home(answer)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "evil.example.com" not in answer.text
    assert kept == []


def leads_home(answer: TestResponse) -> bool:
    """A redirect names a path of this site, which no browser takes for another host."""
    target = answer.headers.get("Location", "/")
    return target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()


SEGMENTS = st.sampled_from(
    [
        "",
        "en",
        "ru",
        "privacy",
        "contact",
        "static",
        ".",
        "..",
        "\\",
        "%2f",
        "\0",
        "\xc0\xaf",
        "evil.example.com",
    ]
)


@given(segments=st.lists(SEGMENTS, max_size=6), query=st.sampled_from(["", "x=1", "//evil.example.com"]))
def test_no_path_leads_to_another_host_or_is_kept_under_two_names(
    stranger: Visitor, segments: list[str], query: str
) -> None:
    path = "/" + "/".join(segments)
    answer = stranger.get("/", environ_overrides={"PATH_INFO": path, "QUERY_STRING": query})

    assert answer.status_code in (200, 302, 308, 404)
    assert leads_home(answer)
    if answer.status_code == 404:
        assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "path", ["//en/", "///ru/privacy", "/" * 100 + "en/contact"], ids=lambda path: path[-14:]
)
def test_a_page_is_kept_under_no_second_name(stranger: Visitor, kept: list[str], path: str) -> None:
    answer = ask(stranger, path)

    assert answer.status_code in (200, 308)
    assert leads_home(answer)
    assert kept == []


@pytest.mark.parametrize(
    "query", ["marked=1", "subject=my-data%00", "a=1&" * 4_000, "marked" * 2_700, "%ff", "&&=;"]
)
def test_an_unknown_query_is_answered_and_leaves_no_trace(
    stranger: Visitor, kept: list[str], query: str
) -> None:
    plain = stranger.get("/en/privacy").data
    kept.clear()
    answer = stranger.get(f"/en/privacy?{query}")

    assert answer.status_code == 200
    # Said again only where the page leads to itself: in the switch of language, the banner and the foot.
    assert len(answer.data) < len(plain) + 5 * 3 * len(query)
    assert kept == []
    assert stranger.get("/en/privacy").data == plain

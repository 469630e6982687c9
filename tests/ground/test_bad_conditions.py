"""Conditions, ranges and codings as a stranger may write them: answered as RFC 9110 says."""

import gzip
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.ground.conftest import ask
from tests.ground.visitors import Visitor

FUTURE, PAST = "Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 21 Oct 1999 07:28:00 GMT"
UNPACK: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}


def coding(answer: TestResponse) -> str:
    return answer.headers.get("Content-Encoding", "")


CONDITIONS = [
    ({"If-None-Match": "{own}"}, 304),
    ({"If-None-Match": "W/{own}"}, 304),
    ({"If-None-Match": '"x", W/"y", {own}'}, 304),
    ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": "{other}"}, 200),
    ({"If-None-Match": '"x"'}, 200),
    ({"If-None-Match": 'junk, "half'}, 200),
    ({"If-None-Match": '"x"', "If-Modified-Since": FUTURE}, 200),
    ({"If-Modified-Since": FUTURE}, 200),
    ({"If-Modified-Since": "junk"}, 200),
    ({"If-Unmodified-Since": PAST}, 200),
    ({"If-Match": "{own}"}, 200),
    ({"If-Match": "*"}, 200),
    ({"If-Match": '"x", {own}'}, 200),
    ({"If-Match": "W/{own}"}, 412),
    ({"If-Match": "{other}"}, 412),
    ({"If-Match": '"x"'}, 412),
    ({"If-Match": "{own}", "If-None-Match": "{own}"}, 304),
    ({"If-Match": "{own}", "If-None-Match": '"x"'}, 200),
    ({"If-Match": '"x"', "If-None-Match": "{own}"}, 412),
]


@pytest.mark.parametrize("accepted", ["br", "identity"])
@pytest.mark.parametrize(("conditions", "status"), CONDITIONS, ids=str)
def test_conditions_are_held_against_the_tag_of_the_chosen_coding(
    stranger: Visitor, conditions: dict[str, str], status: int, accepted: str
) -> None:
    pages = {name: ask(stranger, "/en/", **{"Accept-Encoding": name}) for name in ("br", "identity")}
    tags = {name: page.headers["ETag"] for name, page in pages.items()}
    other = next(tag for name, tag in tags.items() if name != accepted)
    asked = {name: text.format(own=tags[accepted], other=other) for name, text in conditions.items()}
    answer = ask(stranger, "/en/", **{"Accept-Encoding": accepted}, **asked)

    assert answer.status_code == status
    assert answer.headers["ETag"] == tags[accepted] != other
    assert answer.data == (pages[accepted].data if status == 200 else b"")
    assert ask(stranger, "/en/", **{"Accept-Encoding": accepted}).data == pages[accepted].data


RANGES = ["bytes=0-0", "bytes=0-3", "bytes=-1", "bytes=9999999-", "bytes=5-2", "bytes=0-0,2-3", "junk", ""]


@pytest.mark.parametrize("asked", [*RANGES, "items=0-1", f"bytes={'9' * 5000}-"], ids=lambda text: text[:20])
@pytest.mark.parametrize("accepted", ["br", "identity"])
def test_ranges_are_answered_with_the_whole(stranger: Visitor, asked: str, accepted: str) -> None:
    for path in ("/en/", stylesheet(stranger)):
        whole = ask(stranger, path, **{"Accept-Encoding": "identity"})
        answer = ask(stranger, path, **{"Accept-Encoding": accepted, "Range": asked, "If-Range": '"x"'})

        assert answer.status_code == 200
        assert UNPACK[coding(answer)](answer.data) == whole.data
        assert "Content-Range" not in answer.headers


def stylesheet(visitor: Visitor) -> str:
    return visitor.get("/en/").text.partition('rel="stylesheet" href="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"If-None-Match": "{own}"}, 304),
        ({"If-None-Match": '"x", {own}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"', "If-Modified-Since": FUTURE}, 200),
        ({"If-Modified-Since": FUTURE}, 304),
        ({"If-Modified-Since": "junk"}, 200),
    ],
    ids=str,
)
def test_a_static_file_has_one_weak_tag_for_all_its_codings(
    stranger: Visitor, conditions: dict[str, str], status: int
) -> None:
    path = stylesheet(stranger)
    answers = [ask(stranger, path, **{"Accept-Encoding": name}) for name in ("br", "gzip", "identity")]
    (tag,) = {answer.headers["ETag"] for answer in answers}
    asked = {name: text.format(own=tag) for name, text in conditions.items()}
    answer = ask(stranger, path, **asked)

    assert tag == f'W/"{path.split(".")[1]}"'
    assert (answer.status_code, answer.data == b"") == (status, status == 304)


CODINGS = [
    ("br", "br", "br"), ("BR;q=1", "br", "br"), ("gzip, br;q=0.001", "br", "br"), ("*;q=0, br", "br", "br"),
    ("br;q=0", "", ""), ("br;q=0.000", "", ""), ("br;q=0, gzip", "", "gzip"), ("gzip;q=0, br;q=0", "", ""),
    ("identity", "", ""), ("identity;q=0", "", ""), ("*;q=0", "", ""), ("*", "", ""), ("", "", ""),
    ("x-br, bro, brotli", "", ""), ("deflate, zstd", "", ""), ("gzip", "", "gzip"), (",;=, ;q=", "", ""),
    ("br;q=-1", "", ""), ("br;q=nan", "", ""), ("br;q=1e9", "", ""), ("x" * 16_000, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("accepted", "page", "static"), CODINGS, ids=lambda text: text[:24])
def test_only_an_accepted_coding_is_sent(stranger: Visitor, accepted: str, page: str, static: str) -> None:
    for path, wanted in (("/en/", page), (stylesheet(stranger), static)):
        plain = ask(stranger, path).data
        answer = ask(stranger, path, **{"Accept-Encoding": accepted})

        assert (answer.status_code, coding(answer)) == (200, wanted)
        assert UNPACK[wanted](answer.data) == plain
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "accepted", ["identity;q=0, *", "*, identity;q=0", "*;q=0.5, identity;q=0, gzip;q=0"]
)
def test_whoever_takes_anything_but_the_plain_page_gets_it_packed(stranger: Visitor, accepted: str) -> None:
    for path in ("/en/", stylesheet(stranger)):
        assert coding(ask(stranger, path, **{"Accept-Encoding": accepted})) == "br"


@given(accepted=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80))
def test_no_header_breaks_the_choice_of_a_coding(stranger: Visitor, accepted: str) -> None:
    for path in ("/en/", stylesheet(stranger)):
        answer = ask(stranger, path, **{"Accept-Encoding": accepted})

        assert answer.status_code == 200
        assert UNPACK[coding(answer)](answer.data) == ask(stranger, path).data

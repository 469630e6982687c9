"""Pages packed with brotli: to whoever takes it, and never where a stranger's words stand beside a secret."""

import re

import brotli
import pytest
from flask import Flask, Response

from flexsmt_site import pagecache, web
from tests.ground.visitors import Visitor, visit

TOKEN = re.compile(rb'(?<=value=")[\w.-]{80,}(?=")')


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        *[(text, True) for text in ("br", "gzip, deflate, br, zstd", "BR", "br;q=0.1", "gzip;q=1, br;q=0.5")],
        *[(text, True) for text in ("identity;q=0, *", "*;q=0.3, identity;q=0")],
        *[
            (text, False)
            for text in (
                "identity;q=0, br;q=0, *",
                "*;q=0, identity;q=0",
                "",
                "gzip",
                "br;q=0",
                "br;q=0.000",
                "identity",
                "*",
                "brotli",
                ";q=1,,",
            )
        ],
    ],
)
def test_brotli_goes_to_those_who_take_it(visitor: Visitor, accepted: str, is_packed: bool) -> None:  # noqa: FBT001
    plain = visitor.get("/en/", headers={"Accept-Encoding": "identity"})
    answer = visitor.get("/en/", headers={"Accept-Encoding": accepted})

    assert (answer.headers.get("Content-Encoding") == "br") == is_packed
    assert (brotli.decompress(answer.data) if is_packed else answer.data) == plain.data
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert (answer.headers["ETag"] == plain.headers["ETag"]) != is_packed
    assert not answer.headers["ETag"].startswith("W/")


@pytest.mark.parametrize("path", ["/ru/contact", "/en/settings"])
def test_a_page_for_one_visitor_is_packed_too(visitor: Visitor, path: str) -> None:
    plain = visitor.get(path, headers={"Accept-Encoding": "identity"})
    packed = visitor.get(path, headers={"Accept-Encoding": "br"})
    head = visitor.head(path, headers={"Accept-Encoding": "br"})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "br"
    assert packed.headers["Content-Length"] == str(len(packed.data))
    # Each gets a token of its own.
    assert TOKEN.sub(b"", brotli.decompress(packed.data)) == TOKEN.sub(b"", plain.data)
    assert (head.status_code, head.data) == (200, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(("/en/contact?subject=my-data", 200), ("/consent/en/receipt", 200), ("/staff/en/sign-in", 200)),
        *(("/en/nothing", 404), ("/", 302)),
    ],
)
def test_what_may_repeat_a_strangers_words_and_what_is_no_page_is_not_packed(
    visitor: Visitor, path: str, status: int
) -> None:
    answer = visitor.get(path, headers={"Accept-Encoding": "br"})

    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (status, None)


def test_a_page_that_is_what_it_was_is_not_packed_again(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = ["first words"]
    packed: list[bytes] = []
    compress = brotli.compress

    def pack(body: bytes) -> bytes:
        packed.append(body)
        return bytes(compress(body))

    monkeypatch.setattr(brotli, "compress", pack)
    monkeypatch.setattr(pagecache, "OLDEST_SECONDS", -1.0)
    lone_app.add_url_rule("/en/words", view_func=lambda: web.cached(Response(words[0]), web.Cache.PUBLIC))
    visitor = visit(lone_app)

    def read() -> str:
        body = visitor.get("/en/words", headers={"Accept-Encoding": "br"}).data
        return bytes(brotli.decompress(body)).decode()

    assert [read(), read()] == ["first words"] * 2
    assert packed == [b"first words"]
    words[0] = "other words"
    assert [read(), read()] == ["other words"] * 2
    assert packed == [b"first words", b"other words"]

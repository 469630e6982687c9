"""What is asked again within a moment: the same answer without the way, and never another's."""

import random
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse, create_environ, run_wsgi_app

from flexsmt_site import again, clock, cookies, create_app
from flexsmt_site.again import Again, Answer
from tests.conftest import make_settings
from tests.ground.visitors import OWN, visit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LONG = 3600.0
#: What a request may say, each in ways that have answers of their own.
PATHS = ["/en/", "/ru/", "/en/privacy", "/en/nothing", "/en/settings", "/"]
WAYS: dict[str, list[str | None]] = {
    "Host": [None, "127.0.0.1:8000", "LOCALHOST:8000", "other.example.com"],
    "Cookie": [None, "consent={v}.0", "consent={v}.1", "lang=ru", "consent=old.1"],
    "Sec-GPC": [None, "1", "0"],
    "Accept-Encoding": [None, "br", "gzip", "br;q=0", "*"],
    "Accept-Language": [None, "ru"],
    "HX-Request": [None, "true"],
    "Range": [None, "bytes=0-1"],
    "Authorization": [None, "Basic eDp5"],
    "If-None-Match": [None, "*", '"other"'],
    "If-Match": [None, '"other"'],
    "If-Modified-Since": [None, "Mon, 23 Nov 2026 00:00:00 GMT"],
}


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment that outlasts the test."""
    monkeypatch.setattr(again, "MOMENT_SECONDS", LONG)


def _front(app: Flask) -> Again:
    front = app.wsgi_app
    assert isinstance(front, Again)
    return front


def _counted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every request that goes on behind what stands in front."""
    front, passed = _front(app), []
    inner = front.app

    def note(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        passed.append(environ["PATH_INFO"])
        return inner(environ, start_response)

    monkeypatch.setattr(front, "app", note)
    return passed


@pytest.mark.usefixtures("moment")
def test_the_second_to_ask_for_a_page_is_spared_the_way(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = _counted(lone_app, monkeypatch)
    visitor = visit(lone_app)
    first, second = visitor.get("/en/privacy"), visitor.get("/en/privacy")

    assert (first.status, first.data, list(first.headers)) == (
        second.status,
        second.data,
        list(second.headers),
    )
    assert passed == ["/en/privacy"]


@pytest.mark.usefixtures("moment")
@pytest.mark.parametrize("path", ["/en/contact", "/en/settings", "/en/nothing", "/", "/healthz", "/en/?x"])
def test_what_is_not_kept_is_never_repeated(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    passed = _counted(lone_app, monkeypatch)
    for _ in range(3):
        visit(lone_app).get(path)

    assert len(passed) == 3


@pytest.mark.usefixtures("moment")
def test_nobody_gets_what_another_way_of_asking_was_answered(
    tmp_path: Path, lone_app: Flask, sqlite_template: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "site.db").write_bytes(sqlite_template.read_bytes())
    other = create_app(make_settings(tmp_path / "other"))
    # The same site without what stands in front of all.
    other.wsgi_app = _front(other).app  # type: ignore[assignment,method-assign]
    chance = random.Random(5)

    for _ in range(400):
        method, path, headers = chance.choice(["GET", "GET", "HEAD"]), chance.choice(PATHS), _drawn(chance)
        answers = [
            _told(visit(app, use_cookies=False).open(path, method=method, headers=headers))
            for app in (lone_app, other)
        ]
        assert answers[0] == answers[1], (method, path, headers)
    assert len(_front(lone_app).moment[1]) > 20


def _drawn(chance: random.Random) -> dict[str, str]:
    version = cookies.register().version
    # Most say little, so that the same is asked again.
    said = {name: chance.choice(ways) for name, ways in WAYS.items() if chance.random() < 0.2}
    return {name: way.replace("{v}", version) for name, way in said.items() if way is not None}


def _told(answer: TestResponse) -> tuple[object, ...]:
    # The two sites have made their pages at different moments.
    return answer.status, answer.data, [one for one in answer.headers if one[0] != "Date"]


class _Watched(dict[str, Any]):
    """A request that notes what is read of it."""

    def __init__(self, environ: "WSGIEnvironment") -> None:
        super().__init__(environ)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def copy(self) -> "_Watched":
        """Stay what it is: the test client would else go on with a plain dictionary."""
        return self


@pytest.mark.parametrize("path", ["/en/", "/ru/privacy", "/robots.txt"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, "200 OK"),
        ({"Cookie": "consent={v}.1; lang=ru", "Sec-GPC": "1", "Accept-Encoding": "gzip, br"}, "200 OK"),
        ({"If-None-Match": "*"}, "304 NOT MODIFIED"),
        ({"If-Match": '"other"'}, "412 PRECONDITION FAILED"),
    ],
)
def test_all_that_is_read_on_the_way_to_a_kept_page_is_declared(
    lone_app: Flask, path: str, headers: dict[str, str], status: str
) -> None:
    said = {name: value.replace("{v}", cookies.register().version) for name, value in headers.items()}
    visit(lone_app, use_cookies=False).get(path, headers={**said, "If-Match": "*", "If-None-Match": ""})
    front = _front(lone_app)
    asked = _Watched(create_environ(path, OWN, headers=said))
    answered = run_wsgi_app(front.app, asked)[1]

    assert answered.upper() == status.upper()
    assert {"PATH_INFO", "HTTP_HOST", "HTTP_COOKIE"} <= asked.read <= set(front.read)


def test_after_the_moment_the_page_is_asked_for_anew(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.elapsed()
    monkeypatch.setattr(again, "MOMENT_SECONDS", 1.0)
    monkeypatch.setattr(clock, "elapsed", lambda: now)
    passed = _counted(lone_app, monkeypatch)
    visitor = visit(lone_app)
    for later in (0.0, 0.9, 1.0, 1.9, 2.1):
        monkeypatch.setattr(clock, "elapsed", lambda later=later: now + later)
        visitor.get("/en/")

    assert len(passed) == 3


def test_what_began_in_a_moment_that_is_over_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr(clock, "elapsed", lambda: now[0])
    monkeypatch.setattr(again, "MOMENT_SECONDS", 1.0)
    words = ["old"]

    def inner(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        said = words[0].encode()
        if words[0] == "old" and environ["PATH_INFO"] == "/slow":
            # While this answer is made another moment begins, with other words.
            now[0], words[0] = 12.0, "new"
            run_wsgi_app(front, create_environ("/quick"))
        answer = Answer("200 OK", (), said)
        again.remember(environ, answer)
        return answer.give(start_response)

    front = Again(inner, ["PATH_INFO"])
    first = b"".join(run_wsgi_app(front, create_environ("/slow"))[0])
    second = b"".join(run_wsgi_app(front, create_environ("/slow"))[0])

    assert (first, second) == (b"old", b"new")


@pytest.mark.usefixtures("moment")
def test_a_stranger_can_not_fill_it(lone_app: Flask) -> None:
    stranger = visit(lone_app, use_cookies=False)
    stranger.get("/en/", headers={"Cookie": "x=" + "y" * 3000})
    assert _front(lone_app).moment[1] == {}
    for number in range(600):
        stranger.get("/en/", headers={"Cookie": f"x={number}"})

    assert len(_front(lone_app).moment[1]) == 500


@pytest.mark.usefixtures("moment")
def test_a_server_that_changes_the_headers_changes_one_answer(lone_app: Flask) -> None:
    front = _front(lone_app)

    def changing(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> Any:
            headers.append(("X-Server", "changed"))
            return start_response(status, headers)

        return front(environ, start)

    lone_app.wsgi_app = changing  # type: ignore[method-assign]
    visitor = visit(lone_app)

    assert list(visitor.get("/en/").headers) == list(visitor.get("/en/").headers)

import re
from collections.abc import Callable

import pytest
from flask import Flask, abort
from jinja2 import DictLoader

from flexsmt_site import pages
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.errors.views import WORDS
from flexsmt_site.language import service
from tests.ground.visitors import Visitor, visit


def _add(app: Flask, view: Callable[[], str]) -> Flask:
    """Give the app a page that does not work, in both languages."""
    pages_of_test = pages.blueprint("broken", __name__)
    pages_of_test.add_url_rule("/broken", "page", view)
    app.register_blueprint(pages_of_test)
    return app


def _title(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page)
    return found[1] if found else ""


@pytest.mark.parametrize("code", sorted(set(WORDS) - {500}))
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_error_has_a_page_in_the_language_of_its_address(
    lone_app: Flask, code: int, language: str
) -> None:
    answer = visit(_add(lone_app, lambda: abort(code))).get(f"/{language}/broken")

    assert answer.status_code == code
    assert f'<html lang="{language}">' in answer.text
    assert bool(re.search("[А-я]{4}", _title(answer.text))) == (language == "ru")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert f'href="/{language}/contact"' in answer.text


@pytest.mark.parametrize(
    ("path", "language"), [("/en/nothing", "en"), ("/ru/nothing", "ru"), ("/nothing", "en")]
)
def test_a_page_that_is_not_there_is_404_with_both_home_pages(
    visitor: Visitor, path: str, language: str
) -> None:
    answer = visitor.get(path)

    assert answer.status_code == 404
    assert f'<html lang="{language}">' in answer.text
    assert 'href="/en/"' in answer.text
    assert 'href="/ru/"' in answer.text


def test_an_address_without_language_follows_the_visitors_browser(visitor: Visitor) -> None:
    assert '<html lang="ru">' in visitor.get("/nothing", headers={"Accept-Language": "ru"}).text


@pytest.mark.parametrize("path", ["/de/", "/EN/", "/english", "/en/nothing?x=<script>", "/%00", "/en/%FF"])
def test_a_strange_address_is_404_and_not_repeated(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)

    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_htmx_leaves_the_page_as_it_is_on_an_error(visitor: Visitor) -> None:
    assert visitor.get("/en/nothing", headers={"HX-Request": "true"}).headers["HX-Reswap"] == "none"
    assert "HX-Reswap" not in visitor.get("/en/nothing").headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/en/privacy", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", "/en/contact", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", "/language", {"OPTIONS", "POST"}),
        ("DELETE", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_another_method_is_405_with_those_that_are_allowed(
    visitor: Visitor, method: str, path: str, allowed: set[str]
) -> None:
    answer = visitor.open(path, method=method, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == allowed


class TestOurOwnFault:
    @pytest.fixture
    def broken_app(self, lone_app: Flask) -> Flask:
        def view() -> str:
            raise ZeroDivisionError("a secret of ours")

        return _add(lone_app, view)

    @pytest.mark.parametrize(
        ("language", "words"), [("en", "Something went wrong"), ("ru", "на нашей стороне")]
    )
    def test_it_is_a_500_page_that_says_nothing_of_the_inside(
        self, broken_app: Flask, language: str, words: str
    ) -> None:
        answer = visit(broken_app).get(f"/{language}/broken")

        assert answer.status_code == 500
        assert f'<html lang="{language}">' in answer.text
        assert words in answer.text
        assert "secret" not in answer.text
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")

    def test_the_page_is_there_when_every_template_is_broken(self, lone_app: Flask) -> None:
        lone_app.jinja_env.cache = None
        lone_app.jinja_env.loader = DictLoader({})

        for path in ("/en/", "/en/nothing"):
            answer = visit(lone_app).get(path)
            assert answer.status_code == 500
            assert _title(answer.text) == "Something went wrong on our side"

    @pytest.mark.parametrize("path", ["/", "/favicon.ico/"])
    def test_it_has_a_language_where_none_can_be_chosen(
        self, lone_app: Flask, monkeypatch: pytest.MonkeyPatch, path: str
    ) -> None:
        def fail() -> None:
            raise ZeroDivisionError("a secret of ours")

        monkeypatch.setattr(service, "for_request", fail)
        answer = visit(lone_app).get(path)

        assert answer.status_code == 500
        assert _title(answer.text) == "Something went wrong on our side"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")

    def test_htmx_keeps_what_was_typed(self, broken_app: Flask) -> None:
        answer = visit(broken_app).get("/en/broken", headers={"HX-Request": "true"})

        assert answer.headers["HX-Reswap"] == "none"


def test_a_database_that_fails_below_a_page_is_503_with_a_time_to_come_back(lone_app: Flask) -> None:
    def view() -> str:
        raise DatabaseUnavailable("locked")

    answer = visit(_add(lone_app, view)).get("/ru/broken")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "120"
    assert '<html lang="ru">' in answer.text


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_home_page_without_its_slash_is_found_by_path_alone(visitor: Visitor, language: str) -> None:
    answer = visitor.get(f"/{language}?a=b")

    assert answer.status_code == 308
    assert answer.headers["Location"] == f"/{language}/?a=b"
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("path", "query", "there"),
    [
        ("//en/privacy", "", "/en/privacy"),
        ("////ru/", "a=b&c", "/ru/?a=b&c"),
        ("//example.com/x", "", "/example.com/x"),
        ("//\\example.com", "", "/%5Cexample.com"),
        ("//en/\u043a", "", "/en/%D0%BA"),
    ],
)
def test_slashes_too_many_lead_to_the_one_address_of_a_page_and_never_off_the_site(
    visitor: Visitor, path: str, query: str, there: str
) -> None:
    # As a server hands it over: the test client itself would take two slashes for the name of a host.
    raw = path.encode().decode("latin-1")
    answer = visitor.get("/", environ_overrides={"PATH_INFO": raw, "QUERY_STRING": query})

    assert (answer.status_code, answer.headers["Location"]) == (308, there)
    assert answer.headers["Cache-Control"] == "private, no-store"

import re
from pathlib import Path

import pytest
from flask import Flask, Response, session
from werkzeug.test import create_environ, run_wsgi_app

from flexsmt_site import create_app, headers
from tests.conftest import make_settings
from tests.ground.test_settings import PRODUCTION
from tests.ground.visitors import Visitor, visit

PAGES = [
    f"/{lang}/{page}" for lang in ("en", "ru") for page in ("", "privacy", "contact", "settings", "promises")
]
ANSWERS = [*PAGES, "/", "/healthz", "/readyz", "/promises.json", "/robots.txt", "/sitemap.xml", "/en/nothing"]
#: As ``docs/contract.md`` states them.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OWN = {"permissions-policy": "camera=()", "Referrer-Policy": "no-referrer"}
FOREIGN = re.compile(r'(?:src|srcset|action|poster|data)="(?:https?:)?//')


@pytest.mark.promise("P11.1")
@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_carries_the_headers_of_the_contract(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)

    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    permissions = answer.headers["Permissions-Policy"]
    assert all(part.endswith("=()") for part in permissions.split(", "))
    assert "Strict-Transport-Security" not in answer.headers
    assert "Server" not in answer.headers


@pytest.mark.promise("P11.1")
def test_a_header_that_an_answer_has_of_its_own_is_not_sent_twice(lone_app: Flask) -> None:
    inner = Response("x", headers=OWN)
    app = headers.added(inner, lone_app.extensions["flexsmt_settings"])
    sent = run_wsgi_app(app, create_environ())[2]

    assert {name: sent.getlist(name) for name in OWN} == {name: [value] for name, value in OWN.items()}
    assert sent["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


@pytest.mark.promise("P11.1")
@pytest.mark.parametrize("path", PAGES)
def test_no_page_loads_or_sends_anything_elsewhere_or_runs_inline(visitor: Visitor, path: str) -> None:
    page = visitor.get(path).text

    assert not FOREIGN.search(page)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    for link in re.findall(r"<link[^>]*>", page):
        assert re.search(r'rel="(?:canonical|alternate)"', link) or re.search(r'href="/static/', link)


@pytest.mark.parametrize("path", ANSWERS)
@pytest.mark.promise("P13.1")
def test_over_tls_browsers_are_told_to_stay_there(tmp_path: Path, path: str) -> None:
    visitor = visit(create_app(make_settings(tmp_path, **PRODUCTION)))
    answer = visitor.get(path, base_url="https://www.example.com")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_its_language(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)

    assert f'<html lang="{path[1:3]}">' in answer.text
    assert answer.headers["Content-Language"] == path[1:3]


@pytest.mark.parametrize("path", [path for path in PAGES if not path.endswith(("contact", "settings"))])
def test_a_public_page_has_a_strong_tag_and_answers_304(visitor: Visitor, path: str) -> None:
    first = visitor.get(path)
    again = visitor.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert first.headers["ETag"].startswith('"')
    assert {"Cookie", "Sec-GPC", "HX-Request", "Accept-Encoding"} <= set(first.vary)
    assert (again.status_code, again.data) == (304, b"")
    assert visitor.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/en/contact", "/ru/settings"])
def test_a_page_that_may_hold_what_a_visitor_typed_is_private(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)

    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "ETag" not in answer.headers


@pytest.mark.promise("P4.1")
@pytest.mark.parametrize("path", [*ANSWERS, "/en/contact?subject=my-data"])
def test_reading_needs_no_cookie_and_sets_none(lone_app: Flask, path: str) -> None:
    answer = visit(lone_app, use_cookies=False).get(path)

    assert "Set-Cookie" not in answer.headers
    assert answer.status_code == {"/": 302, "/en/nothing": 404}.get(path, 200)


@pytest.mark.promise("P5.5")
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_the_same_without_the_cookies_that_were_refused(visitor: Visitor, path: str) -> None:
    plain = visitor.get(path)
    visitor.set_cookie("anything", "else", domain="127.0.0.1")

    token = re.compile(r'name="form_token"\s+value="[^"]*"')
    assert token.sub("", visitor.get(path).text) == token.sub("", plain.text)


@pytest.mark.promise("P5.1")
def test_no_script_touches_storage_or_takes_a_fingerprint(visitor: Visitor) -> None:
    scripts = {
        found for path in PAGES for found in re.findall(r'<script src="([^"]+)"', visitor.get(path).text)
    }
    own = [visitor.get(path).text for path in scripts if "/vendor/" not in path]

    assert own
    for script in own:
        assert not re.search(
            r"localStorage|sessionStorage|indexedDB|document\.cookie|getContext|navigator\.", script
        )


@pytest.mark.promise("P5.1")
@pytest.mark.parametrize("path", PAGES)
def test_nothing_that_identifies_a_browser_is_set_before_a_choice(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)

    assert "Set-Cookie" not in answer.headers
    assert set(answer.headers.keys()).isdisjoint({"Accept-CH", "Report-To", "NEL", "Reporting-Endpoints"})


def test_a_visitor_has_no_session_to_put_anything_in(lone_app: Flask) -> None:
    with lone_app.test_request_context("/en/"), pytest.raises(RuntimeError, match="session is unavailable"):
        session["seen"] = True

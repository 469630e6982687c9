from collections.abc import Callable

import pytest
from flask import Flask

from flexsmt_site.staff.rules import Role
from tests.ground.visitors import Visitor, visit
from tests.staff.authenticator import Passkey
from tests.staff.entrance import Post, ask, enter
from tests.staff.entrance import is_in as is_signed_in
from tests.staff.members import Staff
from tests.staff.named import NAMED, named, register, use
from tests.staff.named import enter as enter_by_name

PUBLIC = [
    f"/{lang}/{page}" for lang in ("en", "ru") for page in ("", "privacy", "promises", "contact", "settings")
]
CACHED = [path for path in PUBLIC if not path.endswith(("contact", "settings"))]
Way = Callable[[Flask, Staff, Post], tuple[Visitor, str]]
BARE = "http://127.0.0.1:8000"


def by_code(app: Flask, _staff: Staff, post: Post) -> tuple[Visitor, str]:
    browser = visit(app)
    assert enter(browser, ask(browser, "anna@example.com"), post.code()).status_code == 303
    return browser, BARE


def by_link(_app: Flask, staff: Staff, _post: Post) -> tuple[Visitor, str]:
    return staff.enter("anna@example.com"), BARE


def by_passkey(app: Flask, _staff: Staff, _post: Post) -> tuple[Visitor, str]:
    key = Passkey()
    register(enter_by_name(app, "anna@example.com"), key)
    browser = named(app)
    assert use(browser, key).status_code == 303
    return browser, NAMED


@pytest.mark.promise("P2.4")
@pytest.mark.parametrize("way", [by_code, by_link, by_passkey])
def test_public_pages_are_to_staff_what_they_are_to_strangers(
    app: Flask, staff: Staff, post: Post, way: Way
) -> None:
    staff.add(Role.SALES, "anna@example.com")
    browser, base = way(app, staff, post)
    assert is_signed_in(browser)
    stranger = visit(app, use_cookies=False)
    for path in PUBLIC:
        answer, plain = browser.get(path, base_url=base), stranger.get(path, base_url=base)
        assert "Cookie" not in answer.request.headers
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == plain.headers["Cache-Control"]
        assert answer.headers.get("ETag") == plain.headers.get("ETag")
    for path in CACHED:
        answer = browser.get(path, base_url=base)
        assert answer.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
        tag = answer.headers["ETag"]
        assert stranger.get(path, base_url=base, headers={"If-None-Match": tag}).status_code == 304
    assert "Cookie" in browser.get("/staff/en/account", base_url=base).request.headers


def test_not_even_a_cookie_that_is_sent_by_force_changes_a_public_page(
    lone_app: Flask, lone_staff: Staff
) -> None:
    browser = lone_staff.signed_in(Role.ADMIN)
    cookie = browser.get_cookie("staff_session", "127.0.0.1", "/staff")
    assert cookie
    bare = visit(lone_app, use_cookies=False)
    for path in CACHED:
        forced = bare.get(path, headers={"Cookie": f"staff_session={cookie.value}"})
        assert forced.headers["ETag"] == bare.get(path).headers["ETag"]
        assert "Set-Cookie" not in forced.headers


@pytest.mark.parametrize("path", [*PUBLIC, "/", "/en/nothing", "/healthz", "/robots.txt", "/staffroom/"])
def test_passkeys_are_closed_to_public_pages(visitor: Visitor, path: str) -> None:
    policy = visitor.get(path).headers["Permissions-Policy"].split(", ")
    assert "publickey-credentials-get=()" in policy
    assert "publickey-credentials-create=()" in policy


@pytest.mark.parametrize("path", ["/staff/", "/staff/en/sign-in", "/staff/ru/account", "/staff/en/nothing"])
def test_passkeys_are_open_to_pages_of_the_staff_and_nothing_else_is(visitor: Visitor, path: str) -> None:
    policy = visitor.get(path).headers["Permissions-Policy"].split(", ")
    opened = {one for one in policy if not one.endswith("=()")}
    assert opened == {"publickey-credentials-get=(self)", "publickey-credentials-create=(self)"}
    assert "camera=()" in policy


def test_neither_crawlers_nor_visitors_are_led_to_the_staff(visitor: Visitor) -> None:
    for path in (*PUBLIC, "/sitemap.xml"):
        assert "/staff" not in visitor.get(path).text
    assert 'name="robots" content="noindex"' in visitor.get("/staff/en/sign-in").text

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.staff import signin
from flexsmt_site.staff.models import Visit
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import Visitor, visit
from tests.staff.entrance import Clock, Post, ask, is_in, kept, press, rows
from tests.staff.members import Staff, token_on

ANNA = "anna@example.com"


@pytest.fixture(autouse=True)
def anna(staff: Staff) -> str:
    return staff.add(Role.SALES, ANNA)


@pytest.fixture
def link(client: Visitor, post: Post) -> str:
    """The path of a link that came by mail."""
    ask(client, ANNA)
    return post.link()


@pytest.mark.promise("P13.1")
def test_programs_that_open_links_change_nothing(app: Flask, link: str) -> None:
    before, scanner = kept(app), visit(app)
    for headers in ({}, {"Sec-Purpose": "prefetch"}, {"Purpose": "preview"}, {"HX-Request": "true"}):
        for ask_for in (scanner.get, scanner.get, scanner.head, scanner.options):
            assert ask_for(link, headers=headers).status_code == 200
    assert kept(app) == before
    assert "Set-Cookie" not in scanner.get(link).headers
    assert not is_in(scanner)


def test_the_button_signs_in_once(app: Flask, client: Visitor, link: str) -> None:
    page = client.get(link)
    assert len(re.findall(r"<button", page.text)) == 1
    taken = press(client, link)
    assert (taken.status_code, taken.location) == (303, "/staff/en/")
    assert is_in(client)

    other = visit(app)
    token = token_on(other.get("/staff/en/sign-in").text)
    again = other.post(link, data={"csrf_token": token})
    assert again.status_code == 410
    assert not is_in(other)
    assert len(rows(app, Visit)) == 1


def test_a_link_that_is_spent_shows_the_way_on(client: Visitor, link: str) -> None:
    press(client, link)
    page = client.get(link)
    assert page.status_code == 410
    assert "This link has been used or has run out" in page.text
    assert 'href="/staff/en/sign-in"' in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


def test_a_link_that_never_was_is_answered_like_a_spent_one(client: Visitor, link: str, wall: Clock) -> None:
    press(client, link)
    assert wall
    made_up = client.get("/staff/en/sign-in/link/" + "x" * 43)
    assert made_up.status_code == 410
    assert made_up.text == client.get(link).text.replace(link[-43:], "x" * 43)


def test_the_button_needs_the_token_of_its_form(app: Flask, link: str) -> None:
    stranger = visit(app)
    assert stranger.post(link, data={"a": "b"}).status_code == 400
    assert stranger.post(link, data={"csrf_token": "made up"}).status_code == 400
    assert rows(app, Visit) == []
    assert press(stranger, link).status_code == 303


def test_a_link_runs_out_after_ten_minutes(client: Visitor, link: str, wall: Clock) -> None:
    wall.passes(minutes=9)
    page = client.get(link)
    assert page.status_code == 200
    wall.passes(minutes=1)
    late = client.post(link, data={"csrf_token": token_on(page.text)})
    assert late.status_code == 410
    assert not is_in(client)


def test_the_code_of_a_used_link_is_spent(app: Flask, client: Visitor, post: Post, link: str) -> None:
    press(client, link)
    asked = ask(other := visit(app), "nobody@example.com")
    assert other.get(asked.location).status_code == 200
    with app.app_context(), pytest.raises(signin.Spent):
        signin.redeem_link(link.rpartition("/")[2], clock.now())
    assert post.code()


@pytest.mark.usefixtures("patient")
def test_two_presses_at_once_open_one_session(app: Flask, link: str) -> None:
    together = Barrier(2)

    def once(_number: int) -> int:
        browser = visit(app)
        token = token_on(browser.get(link).text)
        together.wait()
        return browser.post(link, data={"csrf_token": token}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(once, range(2))) == [303, 410]
    assert len(rows(app, Visit)) == 1


def test_a_signed_in_browser_may_open_a_link_of_another_member(app: Flask, staff: Staff, link: str) -> None:
    browser = staff.signed_in(Role.EDITOR)
    assert press(browser, link).status_code == 303
    assert ANNA in browser.get("/staff/en/account").text
    assert len(rows(app, Visit)) == 1

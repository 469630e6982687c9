import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import visit
from tests.staff.entrance import SIGN_IN, Clock, stored
from tests.staff.members import Staff
from tests.staff.routes import WHO, Call, calls, token_of


def posts(app: Flask, *, is_open: bool) -> list[Call]:
    return [call for call in calls(app) if call.method == "POST" and (not WHO[call.named]) == is_open]


@pytest.mark.promise("P13.1")
@pytest.mark.parametrize(
    "whose", ["nobody's", "made up", "another member's", "one signed out", "13 hours old"]
)
def test_a_form_without_a_token_of_its_member_changes_nothing(
    lone_app: Flask, lone_staff: Staff, wall: Clock, whose: str
) -> None:
    other, first = lone_staff.signed_in(Role.SALES), lone_staff.signed_in(Role.ADMIN)
    tokens = {
        "nobody's": "",
        "made up": "eyJtZW1iZXIiOjJ9.x",
        "another member's": token_of(other),
        "one signed out": token_of(visit(lone_app)),
        "13 hours old": token_of(first),
    }
    wall.passes(hours=13)
    browser = lone_staff.enter("admin@example.com")
    assert token_of(browser)
    before = stored(lone_app)
    for call in [*posts(lone_app, is_open=False), *posts(lone_app, is_open=True)]:
        refused = call.send(browser, tokens[whose])
        assert refused.status_code == 400, call
        assert "Nothing was changed." in refused.text
        assert ">\nA note</textarea>" in refused.text
    assert stored(lone_app) == before


@pytest.mark.parametrize("whose", ["nobody's", "made up", "13 hours old"])
def test_the_forms_that_sign_in_need_a_token_too(
    lone_app: Flask, lone_staff: Staff, wall: Clock, whose: str
) -> None:
    browser = visit(lone_app)
    tokens = {
        "nobody's": "",
        "made up": f"{token_of(lone_staff.signed_in(Role.SALES))}x",
        "13 hours old": token_of(browser),
    }
    wall.passes(hours=13)
    before = stored(lone_app)
    for call in posts(lone_app, is_open=True):
        assert call.send(browser, tokens[whose]).status_code == 400, call
    assert stored(lone_app) == before


def test_a_token_of_the_same_member_is_good_in_its_next_session(staff: Staff, wall: Clock) -> None:
    browser = staff.signed_in(Role.SALES)
    token = token_of(browser)
    wall.passes(hours=2)
    again = staff.enter("sales@example.com")
    assert again.post("/staff/en/sign-out", data={"csrf_token": token}).status_code == 303


def test_a_token_of_the_future_is_none(staff: Staff, wall: Clock) -> None:
    browser = staff.signed_in(Role.SALES)
    token = token_of(browser)
    wall.passes(hours=-13)
    assert clock.now() == wall.time
    assert browser.post("/staff/en/sign-out", data={"csrf_token": token}).status_code == 400


@pytest.mark.parametrize("headers", [{"Origin": "https://example.com"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_can_not_send_our_forms(staff: Staff, headers: dict[str, str]) -> None:
    browser = staff.signed_in(Role.SALES)
    data = {"csrf_token": token_of(browser)}
    assert browser.post("/staff/en/sign-out", data=data, headers=headers).status_code == 403
    assert token_of(browser)


def test_a_page_that_asks_to_sign_in_may_wait_in_another_tab(staff: Staff, app: Flask) -> None:
    browser = visit(app)
    before = token_of(browser)
    staff.add(Role.SALES)
    member = staff.enter("sales@example.com")
    for who, token in ((member, before), (browser, token_of(member))):
        asked = who.post(SIGN_IN, data={"csrf_token": token, "address": "sales@example.com"})
        assert asked.status_code == 303

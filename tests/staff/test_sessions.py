from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock, create_app
from flexsmt_site.extensions import db
from flexsmt_site.staff import service, visits
from flexsmt_site.staff.models import Visit
from flexsmt_site.staff.rules import Role
from tests.conftest import make_settings
from tests.ground.visitors import Visitor, visit
from tests.staff.entrance import Clock, is_in, press, rows, trail
from tests.staff.members import Staff, token_on

NAME = "staff_session"
ACCOUNT = "/staff/en/account"


def cookie_of(browser: Visitor) -> str:
    found = browser.get_cookie(NAME, "127.0.0.1", "/staff")
    return found.value if found else ""


def link_for(staff: Staff, address: str) -> str:
    made = staff.app.test_cli_runner().invoke(args=["staff", "link", address])
    assert made.exit_code == 0, made.output
    return made.stdout.strip().partition(":8000")[2]


def with_cookie(app: Flask, value: str) -> Visitor:
    browser = visit(app)
    browser.set_cookie(NAME, value, domain="127.0.0.1", path="/staff")
    return browser


def end(browser: Visitor, path: str) -> int:
    token = token_on(browser.get(ACCOUNT).text)
    return browser.post(f"/staff/en/{path}", data={"csrf_token": token}).status_code


def test_the_cookie_is_for_the_staff_alone_and_ends_with_the_browser(staff: Staff, client: Visitor) -> None:
    staff.add(Role.SALES)
    answer = press(client, link_for(staff, "sales@example.com"))
    (line,) = answer.headers.getlist("Set-Cookie")
    value, *attributes = line.split("; ")
    assert value == f"{NAME}={cookie_of(client)}"
    assert sorted(attributes) == ["HttpOnly", "Path=/staff", "SameSite=Lax"]


def test_over_tls_the_cookie_is_secure(tmp_path: Path, sqlite_template: Path) -> None:
    (tmp_path / "site.db").write_bytes(sqlite_template.read_bytes())
    base = "https://127.0.0.1:8000"
    made = create_app(make_settings(tmp_path, BASE_URL=base))
    staff, browser = Staff(made), visit(made)
    staff.add(Role.SALES)
    link = link_for(staff, "sales@example.com")
    token = token_on(browser.get(link, base_url=base).text)
    answer = browser.post(link, data={"csrf_token": token}, base_url=base)
    assert "; Secure;" in answer.headers["Set-Cookie"]
    assert "Max-Age" not in answer.headers["Set-Cookie"]
    with made.app_context():
        db.engine.dispose()


def test_only_the_sum_of_the_token_is_stored(app: Flask, staff: Staff) -> None:
    value = cookie_of(staff.signed_in(Role.SALES))
    (stored,) = rows(app, Visit)
    assert stored.token_sum == sha256(value.encode()).hexdigest()
    assert len(value) >= 43
    assert value not in repr(vars(stored))
    assert not is_in(with_cookie(app, stored.token_sum))


def test_a_session_ends_after_an_hour_without_use(app: Flask, staff: Staff, wall: Clock) -> None:
    browser = staff.signed_in(Role.SALES)
    for _ in range(3):
        wall.passes(minutes=59)
        assert is_in(browser)
    wall.passes(minutes=60)
    ended = browser.get(ACCOUNT)
    assert ended.status_code == 401
    assert "Your session has ended. Please sign in again." in ended.text
    assert "Your session has ended" not in visit(app).get(ACCOUNT).text


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(staff: Staff, wall: Clock) -> None:
    browser = staff.signed_in(Role.SALES)
    for _ in range(23):
        wall.passes(minutes=30)
        assert is_in(browser)
    wall.passes(minutes=30)
    assert not is_in(browser)


def test_its_use_is_noted_at_most_once_a_minute(app: Flask, staff: Staff, wall: Clock) -> None:
    browser, seen = staff.signed_in(Role.SALES), set()
    for _ in range(12):
        assert is_in(browser)
        seen.add(rows(app, Visit)[0].seen)
        wall.passes(seconds=15)
    assert len(seen) == 3


def test_signing_out_ends_the_session_on_both_sides(app: Flask, staff: Staff) -> None:
    browser = staff.signed_in(Role.SALES)
    value = cookie_of(browser)
    assert end(browser, "sign-out") == 303
    assert cookie_of(browser) == ""
    assert rows(app, Visit) == []
    assert not is_in(with_cookie(app, value))
    assert trail(app)[-1] == "signed-out"


def test_signing_out_everywhere_else_leaves_this_session_and_those_of_others(
    app: Flask, staff: Staff
) -> None:
    first = staff.signed_in(Role.SALES)
    second, third = staff.enter("sales@example.com"), staff.enter("sales@example.com")
    other = staff.signed_in(Role.EDITOR)
    assert end(second, "account/sign-out-others") == 303

    assert [is_in(browser) for browser in (first, second, third, other)] == [False, True, False, True]
    assert trail(app)[-1] == "signed-out.others"


@pytest.mark.promise("P13.1")
def test_a_session_ends_at_once_when_the_role_changes_or_the_account_ends(app: Flask, staff: Staff) -> None:
    editor = staff.signed_in(Role.EDITOR)
    browser = staff.signed_in(Role.SALES)
    with app.app_context():
        service.set_role("sales@example.com", Role.EDITOR, clock.now())
    assert not is_in(browser)

    again = staff.enter("sales@example.com")
    assert is_in(again)
    with app.app_context():
        service.remove("sales@example.com", clock.now())
    assert not is_in(again)
    assert is_in(editor)


def test_a_cookie_that_was_stolen_is_dead_when_its_browser_signs_in_again(app: Flask, staff: Staff) -> None:
    browser = staff.signed_in(Role.SALES)
    stolen = with_cookie(app, cookie_of(browser))
    assert is_in(stolen)
    assert press(browser, link_for(staff, "sales@example.com")).status_code == 303
    assert is_in(browser)
    assert not is_in(stolen)


@pytest.mark.parametrize("value", ["x" * 43, "0", "é", '"', "a" * 4000])
def test_a_cookie_that_somebody_laid_is_not_what_signing_in_gives(
    app: Flask, staff: Staff, value: str
) -> None:
    staff.add(Role.SALES)
    browser = with_cookie(app, value)
    assert browser.get(ACCOUNT).status_code == 401
    assert press(browser, link_for(staff, "sales@example.com")).status_code == 303
    assert is_in(browser)
    assert cookie_of(browser) != value
    assert not is_in(with_cookie(app, value))


def test_a_session_of_nobody_is_none(within: Flask) -> None:
    assert within
    assert visits.find("", clock.now()) is None

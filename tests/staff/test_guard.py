import re

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.staff.rules import Role
from tests.contact.form import take
from tests.ground.visitors import Visitor, visit
from tests.staff.entrance import SIGN_IN, Clock, Post, ask, enter, stored, trail
from tests.staff.members import Staff
from tests.staff.routes import ACCOUNT, WHO, calls, closed, token_of

#: What a page is not answered with that a member may open.
REFUSALS = {400, 401, 403, 405, 500, 503}
COOKIES = [
    "",
    "staff_session=x",
    "staff_session=" + "a" * 43,
    "staff_session=../../etc; consent=x",
    'staff_session="é\\"',
    'staff_session="\\377\\000"',
    "staff_session=\xff\xfe",
    "staff_session=",
]


def test_every_address_of_the_staff_says_here_who_may_open_it(lone_app: Flask) -> None:
    assert {call.named for call in calls(lone_app)} == WHO.keys()


@pytest.mark.promise("P13.1")
@pytest.mark.parametrize("cookie", COOKIES)
def test_nobody_opens_a_page_without_a_session(lone_app: Flask, lone_staff: Staff, cookie: str) -> None:
    lone_staff.signed_in(Role.ADMIN)
    before, browser = stored(lone_app), visit(lone_app, use_cookies=False)
    token = token_of(browser)
    for call in closed(lone_app):
        refused = call.send(browser, token, Cookie=cookie)
        assert refused.status_code == 401, call
        assert 'id="sign-in"' in refused.text
        assert refused.headers["Cache-Control"] == "private, no-store"
        assert "Set-Cookie" not in refused.headers
    assert stored(lone_app) == before


@pytest.mark.promise("P13.1")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_its_own_pages_and_no_others(lone_app: Flask, lone_staff: Staff, role: Role) -> None:
    lone_staff.add(role)
    for call in closed(lone_app):
        browser = lone_staff.enter(f"{role}@example.com")
        token, before = token_of(browser), stored(lone_app, "staff_audit")
        answer = call.send(browser, token)
        if role in WHO[call.named]:
            assert answer.status_code not in REFUSALS, call
        else:
            assert answer.status_code == 403, call
            assert "Your account is not meant for this page" in answer.text
            assert stored(lone_app, "staff_audit") == before
            assert trail(lone_app)[-1] == "refused"


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_shows_what_a_role_opens_and_it_lands_on_the_first(
    lone_staff: Staff, role: Role
) -> None:
    browser = lone_staff.signed_in(role)
    nav = browser.get(ACCOUNT).text.partition("<nav")[2].partition("</nav>")[0]
    links = [path for path in re.findall(r'href="([^"]+)"', nav) if path.startswith("/staff/en/")]
    assert browser.get("/staff/en/").location == links[0]
    assert [browser.get(path).status_code for path in links] == [200] * len(links)
    assert ("/staff/en/trail" in links) == (role is Role.ADMIN)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_no_other_method_opens_anything(lone_app: Flask, lone_staff: Staff, method: str) -> None:
    browser = lone_staff.signed_in(Role.ADMIN)
    before = stored(lone_app)
    for call in calls(lone_app):
        assert browser.open(call.path, method=method).status_code == 405
    assert stored(lone_app) == before


def test_every_answer_to_staff_stays_out_of_every_cache(lone_app: Flask, lone_staff: Staff) -> None:
    for number, call in enumerate(calls(lone_app)):
        # Some end the session.
        browser = lone_staff.signed_in(Role.ADMIN, f"admin-{number}@example.com")
        answer = call.send(browser, token_of(browser))
        assert "no-store" in answer.headers["Cache-Control"], call
        assert answer.headers.get("X-Robots-Tag") == "noindex", call


def test_htmx_is_refused_by_the_same_status_and_swaps_nothing(lone_app: Flask, lone_staff: Staff) -> None:
    out, editor = visit(lone_app), lone_staff.signed_in(Role.EDITOR)
    for call in closed(lone_app):
        for browser, token, status in (
            (out, token_of(out), 401),
            (editor, token_of(editor), 403),
            (editor, "", 400),
        ):
            is_own = Role.EDITOR in WHO[call.named]
            if (status == 403 and is_own) or (status == 400 and not (is_own and call.method == "POST")):
                continue
            answer = call.send(browser, token, HX_Request="true")
            plain = call.send(browser, token)
            assert answer.status_code == plain.status_code == status, call
            assert answer.headers["HX-Reswap"] == "none"
            assert "HX-Reswap" not in plain.headers


def test_an_editor_may_not_learn_which_enquiries_exist(lone_app: Flask, lone_staff: Staff) -> None:
    browser = lone_staff.signed_in(Role.EDITOR)
    with lone_app.app_context():
        there = take(clock.now())
    for rest in ("", "/take", "/note", "/nothing"):
        answers = []
        for name in (there, "FX-0000-0000"):
            path, data = f"/staff/en/inbox/{name}{rest}", {"csrf_token": token_of(browser), "text": "x"}
            answer = browser.post(path, data=data) if rest else browser.get(path)
            text = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
            answers.append((answer.status_code, text.replace(name, "")))
        assert answers[0] == answers[1]
        assert answers[0][0] == 403


def test_who_signs_in_comes_back_to_the_page_that_was_wanted(staff: Staff, app: Flask, post: Post) -> None:
    staff.add(Role.ADMIN, "anna@example.com")
    browser = visit(app)
    wanted = "/staff/ru/trail?before=5"
    page = browser.get(wanted)
    assert page.status_code == 401
    assert f'name="next" value="{wanted}"' in page.text
    asked = ask(browser, "anna@example.com", next=wanted)
    answer = enter(browser, asked, post.code())
    assert (answer.status_code, answer.location) == (303, wanted)
    assert browser.get(wanted).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        *("https://example.com/", "//example.com/staff/", "/\\example.com/staff/", "\\\\example.com"),
        *(
            "/en/",
            "/staff",
            "staff/en/",
            "javascript:alert(1)",
            "/staff/\r\nSet-Cookie: a=b",
            "http:///staff/",
        ),
        *("/staffroom/", "/language", "data:text/html,x", "/\t/example.com", ""),
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(staff: Staff, app: Flask, post: Post, wanted: str) -> None:
    staff.add(Role.SALES, "anna@example.com")
    browser = visit(app)
    assert browser.get(SIGN_IN, query_string={"next": wanted}).status_code == 200
    asked = ask(browser, "anna@example.com", next=wanted)
    assert enter(browser, asked, post.code()).location == "/staff/en/"


def test_a_page_with_letters_of_its_own_is_come_back_to(staff: Staff, app: Flask, post: Post) -> None:
    staff.add(Role.SALES, "anna@example.com")
    browser = visit(app)
    asked = ask(browser, "anna@example.com", next="/staff/ru/inbox?q=Ёлка")
    assert enter(browser, asked, post.code()).location == "/staff/ru/inbox?q=%D0%81%D0%BB%D0%BA%D0%B0"


def test_who_sends_a_form_after_the_session_finds_the_text_again(
    app: Flask, staff: Staff, wall: Clock
) -> None:
    browser = staff.signed_in(Role.SALES)
    token = token_of(browser)
    wall.passes(hours=2)
    typed = "A note & <b>more</b>\nin two lines"
    path = "/staff/en/account/sign-out-others"
    referring = {"Referer": f"http://127.0.0.1:8000{ACCOUNT}"}
    refused = browser.post(path, data={"csrf_token": token, "text": typed}, headers=referring)

    assert refused.status_code == 401
    assert "A note &amp; &lt;b&gt;more&lt;/b&gt;\nin two lines</textarea>" in refused.text.replace("\r", "")
    assert f'name="next" value="{ACCOUNT}"' in refused.text
    assert trail(app)[-1] == "signed-in"


def test_the_way_in_without_a_language_leads_to_one(client: Visitor) -> None:
    assert client.get("/staff/", headers={"Accept-Language": "ru"}).location in ("/staff/ru/", "/staff/en/")
    assert client.get("/staff").status_code == 308

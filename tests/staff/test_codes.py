from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import delete

from flexsmt_site import clock, database
from flexsmt_site.staff import service, signin
from flexsmt_site.staff.models import Challenge, Member, Visit
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import Visitor, visit
from tests.staff.entrance import Clock, Post, ask, enter, is_in, kept, other_than, press, rows, trail
from tests.staff.members import Staff

ANNA = "anna@example.com"
AT_ONCE = 9


@pytest.fixture(autouse=True)
def anna(staff: Staff) -> str:
    return staff.add(Role.SALES, ANNA)


def test_the_code_from_the_mail_signs_in_once(app: Flask, client: Visitor, post: Post) -> None:
    asked = ask(client, ANNA)
    code = post.code()
    answer = enter(client, asked, f" {code[:4]}-{code[4:]} ")

    assert (answer.status_code, answer.location) == (303, "/staff/en/")
    assert is_in(client)
    other = visit(app)
    again = enter(other, asked, code)
    assert again.status_code == 422
    assert "This code has been used or has run out. Please ask for another one." in again.text
    assert not is_in(other)
    assert len(rows(app, Visit)) == 1
    assert trail(app) == ["member.added", "sign-in.asked", "signed-in"]


def test_the_code_opens_nothing_without_the_page_that_asked_for_it(
    app: Flask, client: Visitor, post: Post
) -> None:
    ask(client, ANNA)
    code, stranger = post.code(), visit(app)
    asked = ask(stranger, "nobody@example.com")
    assert enter(stranger, asked, code).status_code == 422
    forged = asked.location.replace("ticket=", "ticket=x")
    assert stranger.get(forged).location == "/staff/en/sign-in"


@pytest.mark.promise("P13.1")
def test_after_five_wrong_codes_the_right_one_does_not_work_either(
    app: Flask, client: Visitor, post: Post, wall: Clock
) -> None:
    asked = ask(client, ANNA)
    code = post.code()
    said = [enter(client, asked, other_than(code)).text for _ in range(5)]
    left = ("You can try 4 more times.", "3 more times.", "2 more times.", "1 more time.")
    assert all(words in text for words, text in zip(left, said, strict=False))
    assert "You can ask for another code in 10 minutes." in said[4]

    wall.passes(minutes=4)
    right = enter(client, asked, code)
    assert right.status_code == 429
    assert "in 6 minutes." in right.text
    assert right.headers["Retry-After"] == "360"
    assert not is_in(client)
    assert press(client, post.link()).status_code == 410
    assert rows(app, Visit) == []


def test_the_pause_holds_for_asking_anew_until_the_code_has_run_out(
    client: Visitor, post: Post, wall: Clock
) -> None:
    asked = ask(client, ANNA)
    code = post.code()
    for _ in range(5):
        enter(client, asked, other_than(code))
    refused = ask(client, ANNA, origin="198.51.100.9")
    assert refused.status_code == 429
    assert "in 10 minutes." in refused.text

    wall.passes(minutes=10)
    again = ask(client, ANNA)
    assert again.status_code == 303
    assert enter(client, again, post.code()).status_code == 303


def test_what_is_no_code_is_no_try(app: Flask, client: Visitor, post: Post) -> None:
    asked = ask(client, ANNA)
    for typed in ("", "12345", "1234567", "abcdef", "１２３４５６"):
        answer = enter(client, asked, typed)
        assert answer.status_code == 422
        assert "<title>Error: Enter the code" in answer.text
    assert [challenge.tries for challenge in rows(app, Challenge)] == [0]
    assert enter(client, asked, post.code()).status_code == 303


@pytest.mark.parametrize(("seconds", "status"), [(599, 303), (600, 422)])
def test_a_code_runs_out_after_ten_minutes(
    client: Visitor, post: Post, wall: Clock, seconds: int, status: int
) -> None:
    asked = ask(client, ANNA)
    code = post.code()
    wall.passes(seconds=seconds)
    assert enter(client, asked, code).status_code == status


def test_a_code_of_the_future_is_good_for_nothing(client: Visitor, post: Post, wall: Clock) -> None:
    asked = ask(client, ANNA)
    code = post.code()
    wall.passes(minutes=-5)
    assert enter(client, asked, code).status_code == 422


def test_the_page_itself_changes_nothing(app: Flask, client: Visitor) -> None:
    asked = ask(client, ANNA)
    before = kept(app)
    for _ in range(2):
        assert client.get(asked.location).status_code == 200
        assert client.head(asked.location).status_code == 200
    assert kept(app) == before


def _at_once(app: Flask, nonce: str, digits: str) -> Counter[str]:
    together = Barrier(AT_ONCE)

    def redeem(_number: int) -> str:
        with app.app_context():
            together.wait()
            try:
                return "in" if signin.redeem_code(nonce, digits, clock.now()) else ""
            except (signin.WrongCode, signin.TooMany, signin.Spent) as error:
                return type(error).__name__

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(redeem, range(AT_ONCE)))


def _asked(app: Flask, post: Post) -> tuple[str, str]:
    with app.app_context():
        request = signin.Request(ANNA, None, "en")
        nonce = signin.ask(request, lambda token, lang: f"/staff/{lang}/sign-in/link/{token}", clock.now())
    return nonce, post.code()


@pytest.mark.promise("P13.1")
@pytest.mark.usefixtures("patient")
def test_however_many_try_at_once_there_are_five_wrong_tries(app: Flask, post: Post) -> None:
    nonce, code = _asked(app, post)

    assert _at_once(app, nonce, other_than(code)) == {"WrongCode": 4, "TooMany": AT_ONCE - 4}
    assert [challenge.tries for challenge in rows(app, Challenge)] == [5]
    assert _at_once(app, nonce, code) == {"TooMany": AT_ONCE}


@pytest.mark.usefixtures("patient")
def test_the_right_code_at_once_opens_one_session(app: Flask, post: Post) -> None:
    assert _at_once(app, *_asked(app, post)) == {"in": 1, "Spent": AT_ONCE - 1}
    assert len(rows(app, Visit)) == 1


def test_who_is_removed_in_the_meantime_gets_in_by_no_code_and_no_link(
    app: Flask, client: Visitor, post: Post
) -> None:
    asked = ask(client, ANNA)
    code, link = post.code(), post.link()
    with app.app_context():
        service.remove(ANNA, clock.now())

    assert enter(client, asked, code).status_code == 422
    assert client.get(link).status_code == 410
    assert rows(app, Visit) == []


def test_an_unknown_code_is_spent(app: Flask) -> None:
    with app.app_context(), pytest.raises(signin.Spent):
        signin.redeem_code("0" * 32, "12345678", clock.now())


def test_who_is_removed_in_the_very_moment_of_asking_gets_in_by_nothing(app: Flask, post: Post) -> None:
    nonce, code = _asked(app, post)
    with app.app_context():
        with database.write() as session:
            session.execute(delete(Member))
        with pytest.raises(signin.Spent):
            signin.redeem_code(nonce, code, clock.now())
    assert rows(app, Visit) == []

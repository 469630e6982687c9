import json

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flexsmt_site.staff import ceremony
from flexsmt_site.staff.models import Challenge, Visit
from flexsmt_site.staff.models import Passkey as Kept
from flexsmt_site.staff.rules import BadPasskey, Key, Role, Site
from tests.ground.visitors import visit
from tests.staff.authenticator import Passkey, coded
from tests.staff.entrance import SIGN_IN, Clock, rows, trail
from tests.staff.members import Staff
from tests.staff.named import ACCOUNT, NEW, Named, enter, is_in, named, offered, register, use


@pytest.fixture
def anna(app: Flask, staff: Staff) -> Named:
    """A browser in which Anna of sales is signed in, by name."""
    staff.add(Role.SALES, "anna@example.com")
    return enter(app, "anna@example.com")


def is_refused(answer: TestResponse) -> bool:
    return answer.status_code == 422 and "The passkey was not accepted." in answer.text


@pytest.mark.parametrize("counts", [True, False])
def test_a_passkey_is_made_and_signs_in_again_and_again(app: Flask, anna: Named, counts: bool) -> None:  # noqa: FBT001
    key = Passkey(counts=counts)
    made = register(anna, key, "  office\u200b laptop ")
    assert (made.status_code, made.location) == (303, ACCOUNT)
    assert "office laptop" in anna.get(ACCOUNT).text
    for turn in (1, 2):
        browser = named(app)
        taken = use(browser, key)
        assert (taken.status_code, taken.location) == (303, "/staff/en/")
        assert "anna@example.com" in browser.get(ACCOUNT).text
        assert rows(app, Kept)[0].counter == turn * counts
    assert trail(app)[-3:] == ["passkey.added", "signed-in", "signed-in"]
    assert rows(app, Kept)[0].used is not None


@pytest.mark.promise("P13.1")
def test_the_same_answer_does_not_sign_in_twice(app: Flask, anna: Named) -> None:
    key = Passkey(counts=False)
    register(anna, key)
    options, fields = offered(named(app).get(SIGN_IN))
    data = {**fields, "answer": json.dumps(key.get(options))}
    first, second = named(app), named(app)
    assert first.post(f"{SIGN_IN}/passkey", data=data).status_code == 303
    assert is_refused(second.post(f"{SIGN_IN}/passkey", data=data))
    assert not is_in(second)
    assert len(rows(app, Visit)) == 2


def test_a_passkey_that_nobody_has_is_refused(app: Flask, anna: Named) -> None:
    register(anna, key := Passkey())
    browser = named(app)
    assert is_refused(use(browser, Passkey()))
    assert not is_in(browser)
    assert trail(app)[-1] == "passkey.added", "with unknown ones a stranger could fill the database"
    assert is_refused(use(browser, key, origin="https://example.com"))
    assert trail(app)[-1] == "sign-in.refused"


def test_one_passkey_can_not_answer_for_another(app: Flask, anna: Named, staff: Staff) -> None:
    staff.add(Role.ADMIN, "boss@example.com")
    boss = enter(app, "boss@example.com")
    own, other = Passkey(), Passkey()
    assert register(anna, own).status_code == register(boss, other).status_code == 303
    own.name = other.name
    browser = named(app)
    assert is_refused(use(browser, own))
    assert not is_in(browser)


WRONG = [
    {"origin": "https://example.com"},
    {"origin": "http://localhost:9000"},
    {"origin": "http://127.0.0.1:8000"},
    {"host": "example.com"},
    {"challenge": "AAAAAAAAAAAAAAAAAAAAAA"},
    {"type": "webauthn.other"},
]


@pytest.mark.parametrize("changed", WRONG, ids=str)
def test_an_answer_to_another_question_or_site_is_refused(
    app: Flask, anna: Named, changed: dict[str, str]
) -> None:
    key = Passkey()
    assert is_refused(register(anna, key, **changed))
    assert rows(app, Kept) == []
    register(anna, key)
    browser = named(app)
    assert is_refused(use(browser, key, **changed))
    assert not is_in(browser)
    assert use(browser, key).status_code == 303


@pytest.mark.parametrize("flags", [0x01, 0x04, 0x00])
def test_the_person_has_to_be_verified(app: Flask, anna: Named, flags: int) -> None:
    key = Passkey(flags=flags)
    assert is_refused(register(anna, key))
    key.flags = 0x05
    register(anna, key)
    key.flags = flags
    assert is_refused(use(named(app), key))


@pytest.mark.parametrize("count", [0, 4, 5])
def test_a_counter_that_goes_back_or_stands_still_is_refused(app: Flask, anna: Named, count: int) -> None:
    key = Passkey(count=4)
    register(anna, key)
    assert use(named(app), key).status_code == 303
    key.count = count - 1 if count else 0
    key.counts = bool(count)
    assert is_refused(use(named(app), key))


@pytest.mark.parametrize(("minutes", "is_late"), [(10, False), (11, True)])
def test_the_page_is_good_for_ten_minutes(
    app: Flask,
    anna: Named,
    wall: Clock,
    minutes: int,
    is_late: bool,  # noqa: FBT001
) -> None:
    key, browser = Passkey(), named(app)
    register(anna, key)
    options, fields = offered(browser.get(SIGN_IN))
    wall.passes(minutes=minutes)
    data = {**fields, "answer": json.dumps(key.get(options))}
    assert is_refused(browser.post(f"{SIGN_IN}/passkey", data=data)) is is_late


def test_tickets_are_ours_and_good_for_their_page_alone(app: Flask, anna: Named) -> None:
    key, browser = Passkey(), named(app)
    register(anna, key)
    own_options, own = offered(anna.get(NEW))
    options, fields = offered(browser.get(SIGN_IN))
    for ticket in ("", "made up", fields["ticket"][:-1], own["ticket"]):
        data = {**fields, "ticket": ticket, "answer": json.dumps(key.get(options))}
        assert is_refused(browser.post(f"{SIGN_IN}/passkey", data=data))
    answer = json.dumps(Passkey().create({**own_options, "challenge": options["challenge"]}))
    data = {**own, "ticket": fields["ticket"], "name": "x", "answer": answer}
    assert is_refused(anna.post(NEW, data=data))
    assert len(rows(app, Kept)) == 1


def test_a_passkey_of_a_removed_member_is_gone(app: Flask, anna: Named) -> None:
    key = Passkey()
    register(anna, key)
    app.test_cli_runner().invoke(args=["staff", "remove", "anna@example.com", "--yes"])
    assert rows(app, Kept) == []
    assert is_refused(use(named(app), key))


def test_what_was_answered_is_remembered_for_as_long_as_other_requests(app: Flask, anna: Named) -> None:
    key = Passkey()
    register(anna, key)
    use(named(app), key)
    used = rows(app, Challenge)[-1]
    assert used.used == used.asked
    assert visit(app).get(f"{SIGN_IN}/link/{used.nonce}").status_code == 410


def test_a_new_passkey_has_the_name_that_its_answer_gives(app: Flask, anna: Named) -> None:
    options, fields = offered(anna.get(NEW))
    answer = {**Passkey().create(options), "id": coded(b"other"), "rawId": coded(b"other")}
    assert is_refused(anna.post(NEW, data={**fields, "name": "x", "answer": json.dumps(answer)}))
    assert rows(app, Kept) == []


def test_an_answer_is_held_against_the_passkey_that_it_names(app: Flask, anna: Named) -> None:
    key, site = Passkey(), Site("localhost", "http://localhost:8000", "Here")
    register(anna, key)
    stored = rows(app, Kept)[0].public_key
    options = {"challenge": coded(b"question"), "rpId": "localhost"}
    answer = json.dumps(key.get(options))
    assert ceremony.check(site, answer, b"question", Key(key.name, stored, 0)) == 1
    with pytest.raises(BadPasskey, match="of another passkey"):
        ceremony.check(site, answer, b"question", Key(b"other", stored, 0))

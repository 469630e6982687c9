import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import event

from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State
from flexsmt_site.staff.models import Challenge
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import Visitor, visit
from tests.staff.entrance import SIGN_IN, Clock, Post, ask, enter, is_in, other_than, rows, text_of, trail
from tests.staff.members import Staff

KNOWN, UNKNOWN = "anna@example.com", "nobody.here@example.com"


@pytest.fixture
def anna(staff: Staff) -> str:
    return staff.add(Role.SALES, KNOWN)


@pytest.fixture
def spent(app: Flask) -> Counter[str]:
    """What requests cost: statements by their verb and table, and transactions."""
    counted: Counter[str] = Counter()

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        words = statement.split()
        named = {"INSERT": 2, "UPDATE": 1}.get(words[0])
        counted[f"{words[0]} {words[named]}" if named else words[0]] += 1

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        event.listen(db.engine, "commit", lambda _connection: counted.update(["commits"]))
    return counted


@pytest.mark.promise("P13.1")
@pytest.mark.usefixtures("anna")
def test_an_unknown_address_is_answered_like_a_known_one_and_costs_the_same(
    app: Flask, spent: Counter[str]
) -> None:
    found = []
    for address in (KNOWN, UNKNOWN):
        browser = visit(app)
        browser.get(SIGN_IN)
        spent.clear()
        asked = ask(browser, address)
        cost = dict(spent)
        page = browser.get(asked.location)
        assert address not in page.text
        headers = {name: value for name, value in asked.headers.items() if name != "Location"}
        found.append((asked.status_code, headers, len(asked.location), asked.data, cost, page.status_code))

    assert found[0] == found[1]
    assert found[0][0] == 303
    assert found[0][4]["INSERT outbox"] == 1
    assert found[0][4]["commits"] == 1
    first, second = rows(app, Mail)
    assert first.priority == second.priority == 0
    assert abs(len(first.raw) - len(second.raw)) < 40
    assert (first.kind, first.state, first.expires - first.created) == (
        second.kind,
        second.state,
        second.expires - second.created,
    )


@pytest.mark.usefixtures("anna")
def test_the_relay_sends_the_mail_of_the_known_address_and_wipes_the_decoy(
    client: Visitor, post: Post, app: Flask
) -> None:
    ask(client, UNKNOWN)
    ask(client, KNOWN)
    assert [mail["To"] for mail in post.come()] == [KNOWN]
    assert post.script.envelopes == [("bounces@localhost", [KNOWN])]
    decoy, sent = rows(app, Mail)
    assert (decoy.state, decoy.raw) == (State.CANCELLED, None)
    assert (sent.state, sent.raw) == (State.ACCEPTED, None)
    assert UNKNOWN not in decoy.recipient


@pytest.mark.usefixtures("anna")
def test_wrong_codes_are_answered_the_same_for_both(app: Flask, post: Post) -> None:
    said = []
    for address in (UNKNOWN, KNOWN):
        browser = visit(app)
        asked = ask(browser, address)
        wrong = other_than(post.code()) if address == KNOWN else "00000000"
        tries = [enter(browser, asked, wrong) for _ in range(6)]
        said.append(
            [(one.status_code, one.text.partition("<form")[0].partition("<main")[2]) for one in tries]
        )

    assert said[0] == said[1]
    assert [status for status, _text in said[0]] == [422, 422, 422, 422, 429, 429]


@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize("typed", ["ANNA@Example.COM", "  anna@example.com ", "Anna@EXAMPLE.com"])
def test_the_case_of_an_address_does_not_matter_and_the_mail_goes_to_the_account(
    client: Visitor, post: Post, typed: str
) -> None:
    asked = ask(client, typed)
    assert [mail["To"] for mail in post.come()] == [KNOWN]
    assert enter(client, asked, post.code()).status_code == 303
    assert is_in(client)


def test_a_host_may_be_written_in_its_own_letters(staff: Staff, client: Visitor, post: Post) -> None:
    staff.add(Role.SALES, "anna@пример.example.com")
    ask(client, "Anna@ПРИМЕР.example.com")
    assert [mail["To"] for mail in post.come()] == ["anna@xn--e1afmkfd.example.com"]


@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize(
    "typed", ["ann\u0430@example.com", "anna\u200b@example.com", "", " ", "anna", "a" * 300]
)
def test_what_is_no_address_is_refused_before_anything_is_asked(
    client: Visitor, app: Flask, typed: str
) -> None:
    answer = ask(client, typed)
    assert answer.status_code == 422
    assert "<title>Error: Signing in" in answer.text
    assert rows(app, Mail) == rows(app, Challenge) == []


@pytest.mark.promise("P13.1")
@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize("address", [KNOWN, UNKNOWN])
def test_the_sixth_request_within_an_hour_has_to_wait(
    app: Flask, client: Visitor, wall: Clock, address: str
) -> None:
    for spelling in (address, address.upper(), f" {address}", address.title(), address):
        assert ask(client, spelling).status_code == 303
        wall.passes(minutes=1)
    refused = ask(visit(app), address, origin="198.51.100.9")

    assert refused.status_code == 429
    assert "You can ask for another code in 55 minutes." in refused.text
    assert refused.headers["Retry-After"] == str(55 * 60)
    assert "<title>Error: Signing in" in refused.text
    assert len(rows(app, Mail)) == 5
    assert trail(app)[-1] == "sign-in.asked"
    wall.passes(minutes=54)
    assert "in 1 minute." in ask(client, address).text
    wall.passes(minutes=1)
    assert ask(client, address).status_code == 303


@pytest.mark.usefixtures("anna")
def test_a_network_may_ask_for_thirty_addresses_an_hour(app: Flask, client: Visitor, wall: Clock) -> None:
    for number in range(30):
        assert ask(client, f"n{number}@example.com").status_code == 303
    wall.passes(minutes=30)
    refused = ask(client, KNOWN, origin="203.0.113.250")

    assert refused.status_code == 429
    assert "in 30 minutes." in refused.text
    assert len(rows(app, Challenge)) == 30
    assert ask(client, KNOWN, origin="198.51.100.9").status_code == 303


@pytest.mark.usefixtures("patient", "anna")
def test_many_requests_at_once_are_counted_one_after_the_other(app: Flask) -> None:
    together = Barrier(8)

    def send(_number: int) -> int:
        browser = visit(app)
        browser.get(SIGN_IN)
        together.wait()
        return ask(browser, KNOWN).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(send, range(8)))

    assert answers == {303: 5, 429: 3}
    assert len(rows(app, Mail)) == 5


@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("en", "Your code to sign in: {} {}", "Both are good for 10 minutes, and once."),
        ("ru", "", ""),
    ],
)
def test_the_mail_is_in_the_language_of_the_page(
    client: Visitor, post: Post, language: str, subject: str, words: str
) -> None:
    assert ask(client, KNOWN, language=language).location.startswith(f"/staff/{language}/sign-in/code?")
    mail, code = post.last(), post.code()
    assert code[:4] in mail["Subject"]
    assert not subject or mail["Subject"] == subject.format(code[:4], code[4:])
    assert words in text_of(mail)
    assert post.link().startswith(f"/staff/{language}/sign-in/link/")
    assert mail["Auto-Submitted"] == "auto-generated"
    html = mail.get_body(("html",))
    assert html
    assert f"{code[:4]} {code[4:]}" in html.get_content()
    assert f'<html lang="{language}">' in html.get_content()


@pytest.mark.promise("P13.1")
@pytest.mark.usefixtures("anna")
def test_the_log_names_nobody_and_holds_no_code(
    app: Flask, client: Visitor, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asked = ask(client, KNOWN)
    ask(client, UNKNOWN)
    code = post.code()
    enter(client, asked, other_than(code))
    enter(client, asked, code)
    for _ in range(6):
        ask(visit(app), UNKNOWN)
    said = "\n".join(line.getMessage() for line in caplog.records if line.name == "flexsmt")
    assert "staff.signed-in" in said
    assert "staff.refused" in said
    for secret in (KNOWN, UNKNOWN, "anna", "nobody.here", code, post.link().rpartition("/")[2]):
        assert secret not in said


@pytest.mark.parametrize(
    "path", [SIGN_IN, "/staff/en/account", "/staff/ru/", "/staff/", "/staff/en/sign-in/code"]
)
def test_pages_without_a_session_ask_the_database_for_nothing(
    client: Visitor, spent: Counter[str], path: str
) -> None:
    client.get(path)
    assert not spent


def test_a_page_with_a_session_asks_for_that_and_for_what_it_shows(staff: Staff, spent: Counter[str]) -> None:
    browser = staff.signed_in(Role.SALES)
    spent.clear()
    assert browser.get("/staff/en/account").status_code == 200
    assert {verb: times for verb, times in spent.items() if verb != "BEGIN"} == {"SELECT": 2}

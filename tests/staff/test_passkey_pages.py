import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site import clock, database
from flexsmt_site.config import ROOT
from flexsmt_site.staff.models import Member
from flexsmt_site.staff.models import Passkey as Kept
from flexsmt_site.staff.rules import LONGEST_ANSWER, MOST_PASSKEYS, Role
from tests.ground.visitors import Visitor, visit
from tests.staff.authenticator import Json, Passkey
from tests.staff.entrance import SIGN_IN, Clock, ask, rows, trail
from tests.staff.members import Staff, token_on
from tests.staff.named import ACCOUNT, NAMED, NEW, Named, enter, named, offered, register, use

TEXT = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
#: Where an answer is bent, and what stands there then.
PLACES = [
    (name,)
    for name in ("id", "rawId", "type", "response", "clientExtensionResults", "authenticatorAttachment")
] + [
    ("response", name)
    for name in (
        *(
            "clientDataJSON",
            "attestationObject",
            "authenticatorData",
            "signature",
            "userHandle",
            "transports",
        ),
    )
]


@pytest.fixture
def anna(app: Flask, staff: Staff) -> Named:
    staff.add(Role.SALES, "anna@example.com")
    return enter(app, "anna@example.com")


def fill(app: Flask, number: int) -> None:
    """Give the first member that many passkeys."""
    with app.app_context(), database.write() as session:
        for key in range(number):
            session.add(
                Kept(
                    member_id=rows(app, Member)[0].id,
                    credential=bytes([key]),
                    public_key=b"key",
                    counter=0,
                    name=f"key {key}",
                    added=clock.now(),
                )
            )


def bent(answer: Json, place: tuple[str, ...], value: object) -> Json:
    """An answer in which one value is another."""
    first, *rest = place
    inner = bent(answer[first], tuple(rest), value) if rest else value
    return {**answer, first: inner}


def test_nobody_has_more_than_twenty(app: Flask, anna: Named) -> None:
    fill(app, MOST_PASSKEYS - 1)
    assert register(anna, Passkey()).status_code == 303
    refused = register(anna, Passkey())
    assert refused.status_code == 422
    assert "You have as many passkeys as one account may have. Remove one first." in refused.text
    assert "<title>Error: Add a passkey" in refused.text
    assert len(rows(app, Kept)) == MOST_PASSKEYS


def test_the_same_passkey_is_kept_once(app: Flask, anna: Named) -> None:
    key = Passkey()
    assert register(anna, key).status_code == 303
    options, _fields = offered(anna.get(NEW))
    assert len(options["excludeCredentials"]) == 1
    assert register(anna, key).status_code == 422
    assert len(rows(app, Kept)) == 1


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 61])
def test_a_passkey_needs_a_name_that_fits(app: Flask, anna: Named, name: str) -> None:
    refused = register(anna, Passkey(), name)
    assert refused.status_code == 422
    assert "<title>Error: Add a passkey" in refused.text
    assert rows(app, Kept) == []


def test_a_name_that_the_database_does_not_take_is_put_in_order(app: Flask, anna: Named) -> None:
    assert register(anna, Passkey(), "a\0b").status_code == 303
    assert [key.name for key in rows(app, Kept)] == ["ab"]


def test_a_member_removes_its_own_passkeys_alone(app: Flask, anna: Named, staff: Staff) -> None:
    staff.add(Role.ADMIN, "boss@example.com")
    boss = enter(app, "boss@example.com")
    register(anna, Passkey(), "hers")
    register(boss, Passkey(), "his")
    hers, his = rows(app, Kept)

    def remove(browser: Named, number: int) -> None:
        token = token_on(browser.get(ACCOUNT).text)
        path = f"/staff/en/account/passkey/{number}/remove"
        assert browser.post(path, data={"csrf_token": token}).status_code == 303

    for number in (his.id, 0, 2**31, 2**63, 10**30):
        remove(anna, number)
    assert len(rows(app, Kept)) == 2
    remove(anna, hers.id)
    assert [key.name for key in rows(app, Kept)] == ["his"]
    assert trail(app)[-1] == "passkey.removed"
    assert trail(app).count("passkey.removed") == 1


@pytest.mark.parametrize("address", [NEW, "/staff/en/account/passkey/1/remove"])
def test_for_passkeys_who_signed_in_long_ago_is_asked_once_more(
    app: Flask, anna: Named, wall: Clock, address: str
) -> None:
    register(anna, Passkey())
    wall.passes(minutes=14)
    assert anna.get(NEW).status_code == 200
    token = token_on(anna.get(ACCOUNT).text)
    wall.passes(minutes=1)
    refused = anna.post(address, data={"csrf_token": token, "name": "x"})

    assert refused.status_code == 401
    assert "For this step we ask once more who you are." in refused.text
    assert len(rows(app, Kept)) == 1
    assert anna.get(ACCOUNT).status_code == 200
    assert anna.get(NEW).status_code == 401


def test_who_proves_it_again_comes_back_to_the_page(anna: Named, wall: Clock) -> None:
    key = Passkey()
    register(anna, key)
    wall.passes(minutes=20)
    options, fields = offered(anna.get(NEW))
    assert fields["next"] == NEW
    answer = anna.post(f"{SIGN_IN}/passkey", data={**fields, "answer": json.dumps(key.get(options))})
    assert (answer.status_code, answer.location) == (303, NEW)
    assert anna.get(NEW).status_code == 200


def test_who_is_asked_once_more_can_ask_for_another_code(anna: Named, wall: Clock) -> None:
    assert anna.get(SIGN_IN).location == "/staff/en/"
    assert anna.get(f"{SIGN_IN}?next={NEW}").location == NEW
    assert anna.get(f"{SIGN_IN}?next=//example.com/").location == "/staff/en/"
    wall.passes(minutes=20)
    page = anna.get(f"{SIGN_IN}?next={NEW}")
    assert page.status_code == 200
    asked = ask(anna, "anna@example.com", next=NEW)
    assert asked.status_code == 303
    assert anna.get(asked.location).status_code == 200


def test_a_bare_address_takes_no_passkey(app: Flask, staff: Staff) -> None:
    browser = staff.signed_in(Role.SALES)
    assert "data-passkey" not in visit(app).get(SIGN_IN).text
    page = browser.get(NEW)
    assert "data-passkey" not in page.text
    assert "http://localhost" in page.text
    form = {"csrf_token": token_on(browser.get(ACCOUNT).text), "name": "x", "answer": "{}", "ticket": ""}
    assert browser.post(NEW, data=form).status_code in (200, 422)
    out = visit(app)
    token = token_on(out.get(SIGN_IN).text)
    assert out.post(f"{SIGN_IN}/passkey", data={"csrf_token": token}).status_code == 422
    assert "data-passkey" not in visit(app).get(SIGN_IN, base_url="http://[::1]:8000").text
    assert rows(app, Kept) == []


def test_on_a_name_a_passkey_is_offered(app: Flask) -> None:
    options, fields = offered(named(app).get(SIGN_IN))
    assert options["rpId"] == NAMED.partition("//")[2].partition(":")[0]
    assert options["userVerification"] == "required"
    assert set(fields) == {"csrf_token", "next", "ticket", "answer"}


@pytest.mark.promise("P13.1")
def test_no_answer_whatever_it_says_is_our_fault(lone_app: Flask, lone_staff: Staff) -> None:
    lone_staff.add(Role.SALES)
    member, key = enter(lone_app, "sales@example.com"), Passkey()
    register(member, key)

    @given(st.sampled_from(PLACES), JSON, TEXT)
    def answer(place: tuple[str, ...], value: object, text: str) -> None:
        stranger = named(lone_app)
        ways = ((stranger, SIGN_IN, f"{SIGN_IN}/passkey", key.get), (member, NEW, NEW, key.create))
        for browser, page, path, make in ways:
            options, fields = offered(browser.get(page))
            said = (json.dumps(bent(make(options), place, value)), json.dumps(value), text)
            for hostile in said:
                sent = browser.post(path, data={**fields, "name": "x", "answer": hostile})
                assert sent.status_code in (303, 400, 422), sent.status_code

    answer()


@pytest.mark.parametrize(
    "answer",
    ["[" * 8000, '{"id": ' * 2000, "9" * 5000, '"\\ud800"', "x" * (LONGEST_ANSWER + 1), "NaN", "{}", "null"],
)
def test_an_answer_that_is_made_to_break_a_reader_is_refused(app: Flask, anna: Named, answer: str) -> None:
    register(anna, key := Passkey())
    for browser, path in ((named(app), f"{SIGN_IN}/passkey"), (anna, NEW)):
        _options, fields = offered(browser.get(SIGN_IN if path != NEW else NEW))
        assert browser.post(path, data={**fields, "name": "x", "answer": answer}).status_code == 422
    assert use(named(app), key).status_code == 303


def test_visitors_need_no_passkey_page(client: Visitor) -> None:
    assert client.get(NEW).status_code == 401


def test_who_only_looks_at_the_page_loads_no_cryptography(tmp_path: Path) -> None:
    looking = """
import sys
from flexsmt_site import create_app
from flexsmt_site.config import Settings
page = create_app(Settings.from_env()).test_client().get("/staff/en/sign-in", base_url="http://localhost:8000")
assert b"data-options" in page.data, page.data
print("webauthn" in sys.modules, "cryptography" in sys.modules)
"""
    own = {"FLEXSMT_DATA_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", looking], cwd=ROOT, env=own, capture_output=True, text=True, check=False
    )
    assert done.stdout == "False False\n", done.stderr

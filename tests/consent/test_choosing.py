import re

import pytest
from flask import Flask

from flexsmt_site import cookies
from tests.consent.device import HTMX, Device, hidden, is_asked, removed, written
from tests.ground.visitors import visit

LANGUAGES = ["en", "ru"]
YES, NO = "1", "0"


def value(signs: str) -> str:
    return f"{cookies.register().version}.{signs}"


@pytest.mark.promise("P5.3", "P2.4")
@pytest.mark.parametrize(
    ("decision", "chosen", "signs"),
    [
        ("reject", [], NO),
        ("reject", ["preferences"], NO),
        ("accept", [], YES),
        ("accept", ["preferences"], YES),
        ("save", [], NO),
        ("save", ["preferences"], YES),
        ("save", ["preferences", "preferences"], YES),
    ],
)
def test_a_decision_is_kept_on_the_device_and_leads_back(
    chooser: Device, decision: str, chosen: list[str], signs: str
) -> None:
    answer = chooser.choose(decision, *chosen, next="/ru/privacy?a=1#main")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/ru/privacy?a=1#main")
    assert chooser.holds()["consent"] == value(signs)
    assert ("consent_receipt" in chooser.holds()) == (signs == YES)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert not is_asked(chooser.get("/en/").text)


@pytest.mark.promise("P5.3")
@pytest.mark.parametrize("variables", [{}, {"BASE_URL": "https://127.0.0.1:8000"}], ids=["demo", "tls"])
def test_a_first_refusal_sets_exactly_one_cookie_without_a_number(
    lone_chooser: Device, variables: dict[str, str]
) -> None:
    answer = lone_chooser.choose("reject")
    line = answer.headers.getlist("Set-Cookie")[0]

    name = "__Host-consent" if variables else "consent"
    assert written(answer) == {name: value(NO)}
    assert {"HttpOnly", "Path=/", "SameSite=Lax", f"Max-Age={184 * 24 * 3600}"} <= set(line.split("; "))
    assert ("Secure" in line.split("; ")) == bool(variables)
    assert lone_chooser.receipts() == []


@pytest.mark.promise("P5.3")
@pytest.mark.parametrize("decision", ["reject", "accept"])
def test_yes_and_no_are_kept_equally_long(lone_chooser: Device, decision: str) -> None:
    lines = lone_chooser.choose(decision).headers.getlist("Set-Cookie")
    kept = [line for line in lines if "Max-Age=0;" not in line]

    assert len(kept) == {"reject": 1, "accept": 2}[decision]
    assert all(f"Max-Age={184 * 24 * 3600};" in line for line in kept)


@pytest.mark.promise("P5.3")
def test_reading_on_is_no_choice(lone_chooser: Device) -> None:
    pages = [lone_chooser.get(path) for path in ("/en/", "/ru/privacy", "/en/contact", "/en/promises") * 2]

    assert all(is_asked(page.text) for page in pages)
    assert lone_chooser.holds() == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_htmx_gets_a_confirmation_in_the_language_of_the_page(lone_chooser: Device, language: str) -> None:
    lone_chooser.headers = HTMX
    refused = lone_chooser.choose("reject", next=f"/{language}/privacy")
    accepted = lone_chooser.choose("accept", next=f"/{language}/privacy")

    for answer in (refused, accepted):
        assert answer.status_code == 200
        assert answer.text.lstrip().startswith(
            '<div id="consent-done" role="status" tabindex="-1" autofocus>'
        )
        assert "<html" not in answer.text
        assert f'href="/{language}/settings"' in answer.text
        assert answer.headers["Content-Language"] == language
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert refused.text != accepted.text
    assert set(written(refused)) == {"consent"}
    assert set(written(accepted)) == {"consent", "consent_receipt"}


@pytest.mark.promise("P2.5", "P5.3")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_with_a_consent_offers_its_withdrawal_by_one_click(
    lone_chooser: Device, language: str
) -> None:
    lone_chooser.choose("accept")
    paths = ("", "privacy", "contact", "settings", "promises", "nothing")
    pages = [lone_chooser.get(f"/{language}/{path}").text for path in paths]

    for page in pages:
        form = re.search(r'<form id="consent-withdraw".*?</form>', page, re.DOTALL)
        assert form
        assert form[0].count("<button") == 1
        assert 'name="decision" value="reject"' in form[0]
    lone_chooser.choose("reject", screen=hidden(pages[0], "consent-withdraw", "screen"))
    assert "consent-withdraw" not in lone_chooser.get(f"/{language}/").text


@pytest.mark.promise("P2.5")
def test_a_withdrawal_takes_what_was_stored_for_it_from_the_device(lone_chooser: Device) -> None:
    lone_chooser.choose("accept")
    for name in ("contact_en", "contact_ru", "lang"):
        lone_chooser.keep(name, "x")
    answer = lone_chooser.choose("reject")

    assert removed(answer) == {
        *(("contact_en", "/en/contact"), ("contact_ru", "/ru/contact"), ("consent_receipt", "/consent")),
    }
    assert lone_chooser.holds() == {"consent": value(NO), "lang": "x"}


@pytest.mark.promise("P2.5")
def test_a_consent_can_be_given_again_after_its_withdrawal(chooser: Device) -> None:
    chooser.choose("accept")
    first = chooser.holds()["consent_receipt"]
    chooser.choose("reject")
    chooser.choose("accept")

    assert chooser.holds()["consent"] == value(YES)
    assert chooser.holds()["consent_receipt"] != first


@pytest.mark.parametrize(("language", "words"), [("en", "not available"), ("ru", "/ru/settings")])
@pytest.mark.parametrize(
    "sent",
    [
        *({"decision": "maybe"}, {"decision": ""}, {}, {"decision": "accept", "purpose": "tracking"}),
        {"decision": "reject", "purpose": ["preferences", "tracking"]},
        {"decision": "save", "purpose": ""},
    ],
    ids=str,
)
def test_an_unknown_decision_or_purpose_shows_the_settings_and_changes_nothing(
    lone_chooser: Device, sent: dict[str, str], language: str, words: str
) -> None:
    answer = lone_chooser.post("/consent", **sent, next=f"/{language}/privacy")

    assert answer.status_code == 422
    assert f'<html lang="{language}">' in answer.text
    assert 'id="consent-choices"' in answer.text
    assert 'role="alert"' in answer.text
    assert words in answer.text
    # Choosing again, and the switch of language, lead back to the settings.
    assert f'name="next" value="/{language}/settings#cookies"' in answer.text
    assert f'name="next" value="/{language}/settings"' in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_htmx_puts_no_whole_page_in_the_place_of_the_banner(lone_chooser: Device) -> None:
    lone_chooser.headers = HTMX
    answer = lone_chooser.choose("maybe", next="/en/privacy")

    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<section id="consent-banner"')


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize(
    "foreign", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.com"}, {"Origin": "null"}]
)
@pytest.mark.promise("P5.3")
def test_another_site_can_not_choose_for_a_visitor(
    lone_chooser: Device, headers: dict[str, str], foreign: dict[str, str]
) -> None:
    lone_chooser.headers = headers | foreign
    paths = ("/consent", "/consent/en/receipt", "/consent/en/forget", "/en/contact/forget")
    answers = [lone_chooser.post(path, decision="accept") for path in paths]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert lone_chooser.holds() == {}
    assert lone_chooser.receipts() == []


@pytest.mark.parametrize("path", ["/consent", "/consent/en/forget"])
def test_a_choice_is_no_link(lone_chooser: Device, path: str) -> None:
    answer = lone_chooser.get(f"{path}?decision=accept")

    assert answer.status_code == 405
    assert lone_chooser.holds() == {}


@pytest.mark.promise("P5.1", "P5.3")
@pytest.mark.parametrize(
    "junk",
    [
        *("", "1", "true", "accepted", "aaaaa.1", "aaaaa", ".1", "%00", "😀", "1" * 8000, "{}", "'\"<b>"),
        *("{version}.", "{version}.2", "{version}.11", "{version}", "{version}.1x", "x{version}.1"),
        *("{version}.1, {version}.1", "\x7f", "\xff\xfe", "{version}.١"),
    ],
)
def test_a_value_that_no_version_knows_is_undecided_and_no_error(lone_app: Flask, junk: str) -> None:
    sent = "consent=" + junk.replace("{version}", cookies.register().version)
    bare = visit(lone_app, use_cookies=False)
    stranger = Device(lone_app, bare, {"Cookie": sent.encode().decode("latin-1")})

    for path in ("/en/", "/ru/contact", "/en/nothing"):
        page = stranger.get(path)
        assert is_asked(page.text)
        assert "Set-Cookie" not in page.headers
    assert stranger.choose("reject").status_code == 303


def test_a_consent_of_an_earlier_version_is_taken_from_the_device_by_a_refusal(lone_chooser: Device) -> None:
    lone_chooser.keep("consent", "aaaaa.1")
    lone_chooser.keep("contact_en", "x")
    answer = lone_chooser.choose("reject")

    assert {name for name, _ in removed(answer)} == {"contact_en", "contact_ru"}
    assert lone_chooser.holds() == {"consent": value(NO)}


def test_many_purposes_ticked_are_no_trouble(lone_chooser: Device) -> None:
    assert lone_chooser.choose("save", *["preferences"] * 90).status_code == 303
    assert lone_chooser.choose("save", *["preferences"] * 200).status_code == 413

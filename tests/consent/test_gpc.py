"""Global Privacy Control, by the four criteria of its well-known test, and what the site says about it."""

import pytest

from flexsmt_site import cookies
from tests.consent.device import HTMX, Device, is_asked, written

PATHS = ("", "privacy", "contact", "settings", "promises", "nothing")
GPC = {"Sec-GPC": "1"}


@pytest.fixture
def signalling(lone_chooser: Device) -> Device:
    lone_chooser.headers = GPC
    return lone_chooser


@pytest.mark.promise("P5.1", "P5.3")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_signal_is_honoured_without_writing_a_cookie_for_it(signalling: Device, language: str) -> None:
    answers = [signalling.get(f"/{language}/{path}") for path in PATHS]

    assert not any("Set-Cookie" in answer.headers for answer in answers)
    assert signalling.holds() == {}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_banner_asks_a_visitor_who_sends_the_signal(signalling: Device, language: str) -> None:
    pages = [signalling.get(f"/{language}/{path}").text for path in PATHS]

    assert not any(is_asked(page) for page in pages)
    assert not any("consent-withdraw" in page for page in pages)
    signalling.headers = {}
    assert is_asked(signalling.get(f"/{language}/").text)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_choice_can_still_be_opened_and_the_page_says_what_the_signal_does(
    signalling: Device, language: str
) -> None:
    home = signalling.get(f"/{language}/").text
    settings = signalling.get(f"/{language}/settings").text

    assert f'href="/{language}/settings"' in home
    assert "Global Privacy Control" in settings
    assert 'id="consent-choices"' in settings
    assert " checked" not in settings
    assert [f'value="{decision}"' in settings for decision in ("save", "reject", "accept")] == [True] * 3


@pytest.mark.promise("P2.5")
@pytest.mark.parametrize("headers", [GPC, GPC | HTMX], ids=["page", "htmx"])
def test_an_explicit_decision_counts_more_than_the_signal(
    signalling: Device, headers: dict[str, str]
) -> None:
    signalling.headers = headers
    accepted = signalling.choose("save", "preferences")

    assert set(written(accepted)) == {"consent", "consent_receipt"}
    assert [receipt.gpc for receipt in signalling.receipts()] == [True]
    signalling.headers = GPC
    assert "consent-withdraw" in signalling.get("/en/").text
    assert " checked" in signalling.get("/en/settings").text
    signalling.choose("reject")
    assert signalling.holds() == {"consent": f"{cookies.register().version}.0"}


@pytest.mark.parametrize("sent", ["0", "true", "11", "", "yes", "١", "1, 1"])
def test_only_the_signal_itself_is_the_signal(lone_chooser: Device, sent: str) -> None:
    lone_chooser.headers = {"Sec-GPC": sent.encode().decode("latin-1")}

    assert is_asked(lone_chooser.get("/en/").text)


def test_pages_vary_with_the_signal_and_say_so_to_caches(lone_chooser: Device) -> None:
    plain = lone_chooser.get("/en/")
    lone_chooser.headers = GPC
    signalled = lone_chooser.get("/en/")

    assert plain.text != signalled.text
    assert plain.headers["ETag"] != signalled.headers["ETag"]
    assert all({"Cookie", "Sec-GPC"} <= set(answer.vary) for answer in (plain, signalled))


def test_the_site_says_that_it_honours_the_signal(lone_chooser: Device) -> None:
    answer = lone_chooser.get("/.well-known/gpc.json")

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json is not None
    assert answer.json["gpc"] is True
    assert len(answer.json["lastUpdate"]) == len("2026-11-23")

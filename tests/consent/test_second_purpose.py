"""A further purpose needs nothing but its declaration: everything that shows or keeps consent follows."""

import json
import re
from datetime import timedelta

import pytest
from flask import Flask

from flexsmt_site import cookies
from flexsmt_site.consent import screens, service
from flexsmt_site.consent.screens import Place
from flexsmt_site.cookies import Cookie, Purpose
from tests.consent.device import Device, device, hidden, is_asked

GIVES = "Visits: we count how often this browser comes back."
PURPOSE = Purpose("visits", "Returning visits", GIVES, recipients=("Counting office",))
COOKIE = Cookie(
    "counted", "visits", timedelta(days=30), "Nothing but a one", "After you have agreed", path="/en"
)


@pytest.fixture
def before(app: Flask) -> str:
    """The version of the register before the purpose is declared."""
    assert app
    return cookies.register().version


@pytest.fixture
def declared(own_register: None, before: str) -> str:
    """The version with the further purpose."""
    assert own_register is None
    cookies.declare_purpose(PURPOSE)
    cookies.declare(COOKIE)
    assert cookies.register().version != before
    return cookies.register().version


@pytest.mark.usefixtures("declared")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_banner_says_what_it_is_for(chooser: Device, language: str) -> None:
    page = chooser.get(f"/{language}/").text
    banner = re.search(r'<section id="consent-banner".*?</section>', page, re.DOTALL)

    assert banner
    assert GIVES in banner[0]
    assert banner[0].count("<button") == 2


@pytest.mark.usefixtures("declared")
def test_the_settings_offer_it_unticked_and_list_its_cookies(chooser: Device) -> None:
    page = chooser.get("/en/settings").text

    assert re.findall(r'name="purpose"\s+value="(\w+)"', page) == ["preferences", "visits"]
    assert " checked" not in page
    assert page.count(GIVES) == 1
    assert page.count("Counting office") == 1
    tables = re.findall(r"<caption>.*?</table>", page, re.DOTALL)
    (table,) = (one for one in tables if PURPOSE.title in one.partition("</caption>")[0])
    assert "<code>counted</code>" in table
    assert "Nothing but a one" in table


@pytest.mark.promise("P14.2a")
def test_who_has_agreed_or_refused_before_is_asked_again(chooser: Device, before: str, declared: str) -> None:
    for signs in ("0", "1", "00", "11"):
        chooser.keep("consent", f"{before}.{signs}")
        assert is_asked(chooser.get("/en/").text)
    chooser.keep("consent", f"{declared}.10")
    assert not is_asked(chooser.get("/en/").text)


@pytest.mark.promise("P2.4", "P14.2a")
def test_an_earlier_consent_does_not_cover_it(app: Flask, before: str, declared: str) -> None:
    granted = {}
    for value in (f"{before}.1", f"{before}.11", f"{declared}.10", f"{declared}.01"):
        with app.test_request_context(headers={"Cookie": f"consent={value}"}):
            granted[value] = [key for key in ("preferences", "visits") if service.is_granted(key)]

    assert list(granted.values()) == [[], [], ["preferences"], ["visits"]]


@pytest.mark.promise("P2.4")
@pytest.mark.parametrize(
    ("decision", "chosen", "signs"),
    [
        ("accept", [], "11"),
        ("reject", [], "00"),
        ("save", ["visits"], "01"),
        ("save", ["preferences"], "10"),
        ("save", ["visits", "preferences"], "11"),
    ],
)
def test_each_purpose_has_its_own_yes_and_no_in_cookie_and_receipt(
    chooser: Device, declared: str, decision: str, chosen: list[str], signs: str
) -> None:
    chooser.choose(decision, *chosen)

    assert chooser.holds()["consent"] == f"{declared}.{signs}"
    granted = [key for key, sign in zip(("preferences", "visits"), signs, strict=True) if sign == "1"]
    assert [(one.granted, one.version) for one in chooser.receipts()] == (
        [(granted, declared)] if granted else []
    )
    ticked = re.findall(r'value="(\w+)"[^>]* checked>', chooser.get("/en/settings").text)
    assert ticked == granted


@pytest.mark.usefixtures("declared")
@pytest.mark.promise("P2.5")
def test_taking_one_purpose_back_removes_its_cookies_and_no_others(chooser: Device) -> None:
    chooser.choose("accept")
    chooser.keep("counted", "1")
    chooser.keep("contact_en", "x")
    chooser.choose("save", "preferences")

    assert set(chooser.holds()) == {"consent", "consent_receipt", "contact_en"}
    assert [receipt.granted for receipt in chooser.receipts()] == [["preferences", "visits"], ["preferences"]]


@pytest.mark.usefixtures("declared")
@pytest.mark.promise("P5.2")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_its_cookies_stand_in_the_table_of_the_policy(chooser: Device, language: str) -> None:
    policy = chooser.get(f"/{language}/privacy").text
    clause = policy.partition('id="c5"')[2].partition("</section>")[0]

    assert "<code>counted</code>" in clause
    assert "After you have agreed" in clause


@pytest.mark.usefixtures("declared")
def test_the_receipt_names_it_and_keeps_what_was_said_about_it(chooser: Device) -> None:
    chooser.choose("accept", screen=hidden(chooser.get("/en/").text, "consent-banner", "screen"))

    assert "Remembering your details, Returning visits" in chooser.get("/consent/en/receipt").text
    (line,) = json.loads(chooser.get("/consent/en/receipt.json").text)
    assert GIVES in line["screen"]["html"]


def test_the_maps_for_a_proxy_know_the_further_sign(chooser: Device, declared: str) -> None:
    printed = chooser.app.test_cli_runner().invoke(args=["consent", "cache-map"]).output

    assert declared in printed
    assert "[01]{2}" in printed


@pytest.mark.promise("P14.2a")
def test_a_page_from_before_may_refuse_it_but_not_agree_to_it(chooser: Device, before: str) -> None:
    opened = hidden(chooser.get("/en/").text, "consent-banner", "screen")
    device(chooser.app).choose("accept", screen=opened)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cookies, "_purposes", {**cookies._purposes, "visits": PURPOSE})  # noqa: SLF001
        cookies.register.cache_clear()
        refused, agreed = (chooser.choose(word, screen=opened) for word in ("reject", "accept"))
        assert cookies.register().version != before
    cookies.register.cache_clear()

    assert (refused.status_code, agreed.status_code) == (303, 422)
    assert "Set-Cookie" not in agreed.headers


@pytest.mark.promise("P14.2a")
def test_other_words_ask_nobody_again_but_are_another_screen(chooser: Device, declared: str) -> None:
    chooser.choose("accept")
    with chooser.app.test_request_context():
        shown = screens.get(Place.BANNER, "en").digest
    cookies.declare_purpose(Purpose("visits", "Visits", "Visits: said in other words.", ("Counting office",)))

    assert cookies.register().version == declared
    assert not is_asked(chooser.get("/en/").text)
    chooser.app.extensions.pop("flexsmt_consent_screens")
    with chooser.app.test_request_context():
        assert screens.get(Place.BANNER, "en").digest != shown


@pytest.mark.usefixtures("own_register")
def test_without_any_optional_purpose_nobody_is_asked(chooser: Device) -> None:
    for key in set(cookies._purposes) - {cookies.NECESSARY}:  # noqa: SLF001
        del cookies._purposes[key]  # noqa: SLF001
    for cookie in cookies.declared():
        if cookie.purpose != cookies.NECESSARY:
            del cookies._declared[cookie.name]  # noqa: SLF001
    cookies.register.cache_clear()
    pages = [chooser.get(path).text for path in ("/en/", "/ru/settings", "/en/privacy")]

    assert not any(is_asked(page) or "consent-choices" in page for page in pages)
    assert chooser.choose("accept").status_code == 303
    assert chooser.holds() == {"consent": f"{cookies.register().version}."}

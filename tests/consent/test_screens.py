"""The choice is tied to what was on the screen: a form of an outdated one may refuse, but not agree."""

import hashlib
import re
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import insert

from flexsmt_site import clock, cookies, database
from flexsmt_site.config import Settings
from flexsmt_site.consent import screens
from flexsmt_site.consent.models import Screen
from flexsmt_site.cookies import Purpose
from flexsmt_site.language import words
from tests.consent.device import HTMX, Device, another, device, hidden, is_asked, written

OUTDATED = "0123456789abcdef"
LANGUAGES = ["en", "ru"]


def _name(version: str, html: str) -> str:
    return hashlib.sha256(f"{version}\n{html}".encode()).hexdigest()[:16]


def _keep_screen(app: Flask, version: str, html: str, **values: str) -> str:
    digest = _name(version, html)
    row = {"version": version, "html": html, "place": "banner", "language": "ru", "digest": digest, **values}
    with app.app_context(), database.write() as session:
        session.execute(insert(Screen).values(kept=clock.now(), **row))
    return row["digest"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("form", "page", "place"),
    [
        ("consent-banner", "/{0}/privacy", "banner"),
        ("consent-choices", "/{0}/settings", "settings"),
    ],
)
def test_the_receipt_tells_of_the_screen_that_the_form_came_from(
    chooser: Device, form: str, page: str, place: str, language: str
) -> None:
    shown = hidden(chooser.get(page.format(language)).text, form, "screen")
    # The language of the page that is gone on to is another: the screen is what was seen.
    chooser.choose("accept", screen=shown, next="/en/" if language == "ru" else "/ru/")

    (receipt,), (screen,) = chooser.receipts(), chooser.screens()
    assert (receipt.screen, receipt.place, receipt.language) == (shown, place, language)
    assert (screen.digest, screen.place, screen.language) == (shown, place, language)
    assert shown == _name(screen.version, screen.html)
    assert f'id="{form}"' in screen.html


def test_what_is_kept_of_a_screen_says_what_was_shown_and_nothing_of_the_visitor(chooser: Device) -> None:
    page = chooser.get("/en/privacy?who=me").text
    chooser.choose("accept", screen=hidden(page, "consent-banner", "screen"), next="/en/privacy?who=me")
    (screen,) = chooser.screens()

    shown = re.search(r'<section id="consent-banner".*?</section>', page, re.DOTALL)
    assert shown
    assert re.sub(r'(name="(?:next|screen)" value=")[^"]*', r"\1", shown[0]) == screen.html.strip()


def test_a_form_that_names_no_screen_came_from_the_banner(chooser: Device) -> None:
    chooser.choose("accept", next="/ru/")

    assert [(one.place, one.language) for one in chooser.receipts()] == [("banner", "ru")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_screen_that_nobody_can_show_does_not_count_as_consent(chooser: Device, language: str) -> None:
    answer = chooser.choose("accept", screen=OUTDATED, next=f"/{language}/")

    assert answer.status_code == 422
    assert f'<html lang="{language}">' in answer.text
    assert 'role="alert"' in answer.text
    assert 'id="consent-choices"' in answer.text
    assert "Set-Cookie" not in answer.headers
    assert (chooser.receipts(), chooser.screens()) == ([], [])


def test_htmx_asks_again_in_the_place_of_the_banner(chooser: Device) -> None:
    chooser.headers = HTMX
    answer = chooser.choose("accept", screen=OUTDATED, next="/ru/privacy#main")

    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<section id="consent-banner"')
    assert 'tabindex="-1" autofocus' in answer.text.partition(">")[0]
    assert 'role="alert"' in answer.text
    assert answer.headers["Content-Language"] == "ru"
    assert hidden(answer.text, "consent-banner", "next") == "/ru/privacy#main"
    assert "Set-Cookie" not in answer.headers
    again = chooser.choose("accept", screen=hidden(answer.text, "consent-banner", "screen"))
    assert set(written(again)) == {"consent", "consent_receipt"}


@pytest.mark.parametrize(
    "screen", [OUTDATED, "", "x", "\x00", "0" * 5000, "%", "' OR 1=1 --", "😀", "\ud7ff", "\x00" * 16]
)
def test_any_screen_may_refuse_and_only_a_known_one_agree(chooser: Device, screen: str) -> None:
    agreed = chooser.choose("accept", screen=screen)
    refused = chooser.choose("reject", screen=screen)

    assert agreed.status_code == (422 if screen else 303)
    assert refused.status_code == 303
    assert chooser.holds() == {"consent": f"{cookies.register().version}.0"}


@pytest.mark.promise("P14.2a")
def test_a_screen_of_another_version_of_the_register_does_not_count_though_it_is_kept(
    chooser: Device,
) -> None:
    shown = _keep_screen(chooser.app, "aaaaa", "<section>We asked for less.</section>")

    assert chooser.choose("accept", screen=shown).status_code == 422
    assert chooser.holds() == {}
    assert chooser.choose("reject", screen=shown).status_code == 303


def test_a_screen_of_an_earlier_release_counts_while_it_asked_for_the_same(chooser: Device) -> None:
    shown = _keep_screen(
        chooser.app, cookies.register().version, "<section>Other words.</section>", place="settings"
    )
    chooser.choose("accept", screen=shown, next="/en/")

    (receipt,) = chooser.receipts()
    assert (receipt.screen, receipt.place, receipt.language) == (shown, "settings", "ru")
    assert [screen.html for screen in chooser.screens()] == ["<section>Other words.</section>"]
    assert set(chooser.holds()) == {"consent", "consent_receipt"}


@pytest.mark.usefixtures("own_register")
def test_a_page_left_open_over_a_release_with_other_words_still_counts(
    app: Flask, settings: Settings
) -> None:
    first = device(app)
    opened = hidden(first.get("/en/").text, "consent-banner", "screen")
    first.choose("accept", screen=opened)

    with another(settings) as release:
        cookies.declare_purpose(Purpose("preferences", "Preferences", "Preferences: said in other words."))
        second = device(release)
        second.keep("consent", first.holds()["consent"])
        assert not is_asked(second.get("/en/").text)
        late = device(release)
        assert hidden(late.get("/en/").text, "consent-banner", "screen") != opened
        assert late.choose("accept", screen=opened).status_code == 303
    assert {receipt.screen for receipt in first.receipts()} == {opened}
    assert len(first.receipts()) == 2


@pytest.mark.promise("P14.2a")
@pytest.mark.usefixtures("own_register")
def test_a_page_left_open_can_not_agree_to_what_it_did_not_ask_in_the_same_words(
    app: Flask, settings: Settings
) -> None:
    opened = hidden(device(app).get("/en/").text, "consent-banner", "screen")

    with another(settings) as release:
        asked = cookies.register().purposes[0]
        cookies.declare_purpose(replace(asked, recipients=("Somebody else",)))
        late = device(release)
        assert late.choose("accept", screen=opened).status_code == 422
        assert late.holds() == {}


def test_the_button_that_withdraws_can_not_agree(chooser: Device) -> None:
    chooser.choose("accept")
    shown = hidden(chooser.get("/en/").text, "consent-withdraw", "screen")
    stranger = device(chooser.app)

    assert stranger.choose("accept", screen=shown).status_code == 422
    assert stranger.holds() == {}


def test_a_withdrawal_tells_of_the_screen_it_came_from_though_it_is_of_another_version(
    chooser: Device,
) -> None:
    chooser.choose("accept")
    shown = _keep_screen(chooser.app, "aaaaa", "<section>We asked for less.</section>")
    chooser.choose("reject", screen=shown)

    assert [receipt.screen == shown for receipt in chooser.receipts()] == [False, True]


def test_forgetting_everything_is_written_as_a_withdrawal_in_the_settings(chooser: Device) -> None:
    chooser.choose("accept")
    chooser.post("/consent/en/forget")

    assert [receipt.place for receipt in chooser.receipts()] == ["banner", "settings"]


def test_screens_of_earlier_words_are_forgotten_when_there_are_very_many(lone_app: Flask) -> None:
    with lone_app.test_request_context():
        first = screens.get(screens.Place.BANNER, "en")
        for number in range(200):
            tried = words.Words(f"tried {number}", words.shelf(lone_app).shipped.catalogue)
            with words.using(tried):
                last = screens.get(screens.Place.BANNER, "en")

        assert len(screens._made()) == screens._MOST  # noqa: SLF001
        # The same words, so the same screen under each name.
        assert screens.find(last.digest) == first == last

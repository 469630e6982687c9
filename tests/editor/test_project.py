"""All releases are undone at once: visitors read the texts of the project again."""

from datetime import timedelta
from pathlib import Path

import pytest

from flexsmt_site import clock
from flexsmt_site.language import extract, releases, trial
from flexsmt_site.language.edit_rules import Text
from tests.editor.press import COUNTRY, MAIL, Press
from tests.editor.words_desk import LINK, words_of
from tests.language.publishing import SKIP


@pytest.fixture
def one(press: Press, writer: Press) -> Press:
    """One release, of a page's text and a mail's."""
    drafts = press.writes("Skip to the text"), writer.writes("An enquiry came in.", text=MAIL, hand_in=True)
    assert press.publishes(*drafts).status_code == 303
    return press


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_shows_what_would_change(one: Press, language: str) -> None:
    page = one.get("releases/project", language)
    assert page.status_code == 200
    assert page.text.count('<p class="named">') == 2
    assert "2 texts would change" in words_of(one.get("releases/project"))
    assert "[removed: text end] [added: content end]" in words_of(one.get("releases/project"))
    assert page.headers["Cache-Control"] == "private, no-store"


def test_going_back_shows_visitors_the_texts_of_the_project(one: Press) -> None:
    draft = one.writes("Land", text=COUNTRY)
    answer = one.goes_back(text="too loud")
    assert answer.status_code == 303
    said = words_of(one.browser.get(answer.location))
    assert "Release 2 is in force and undoes release 1." in said
    assert "too loud" in said
    assert SKIP in one.reads()
    assert one.live() == {}
    assert one.states(COUNTRY) == [(draft.strings[0], "draft")]
    assert one.states(LINK) == [("Skip to the text", "withdrawn")]
    assert one.trail()[-1] == ("words.rolled-back", 2)
    assert "releases/project" not in one.get("releases").text
    assert one.rolls_back(1).status_code == 303
    assert "Skip to the text" in one.reads()


def test_words_of_the_policy_stay(one: Press, writer: Press) -> None:
    text = Text("policy", "en", "About this policy")
    draft = writer.writes("About our policy", text=text, hand_in=True)
    one.goes_back()
    assert one.states(text) == [(draft.strings[0], "review")]


def test_a_second_click_undoes_nothing_further(one: Press) -> None:
    seen = one.get("releases/project")
    assert one.goes_back(seen).status_code == 303
    again = one.goes_back(seen)
    assert "This is published already, with release 2." in words_of(one.browser.get(again.location))
    assert len(releases.history()) == 2


def test_what_somebody_publishes_meanwhile_is_shown_before_it_is_undone(one: Press, writer: Press) -> None:
    seen = one.get("releases/project")
    assert one.publishes(writer.writes("Land", text=COUNTRY)).status_code == 303
    refused = one.goes_back(seen, text="too loud")
    assert refused.status_code == 409
    assert "Somebody has published meanwhile." in words_of(refused)
    assert "3 texts would change" in words_of(refused)
    assert "too loud" in refused.text
    assert len(releases.history()) == 2
    assert one.goes_back(refused).status_code == 303


@pytest.mark.parametrize("seen", ["", "x", "2", "9" * 30])
def test_a_page_that_somebody_made_up_undoes_nothing(one: Press, seen: str) -> None:
    page = one.get("releases/project")
    assert one.posts("releases/project", page, text="", seen=seen).status_code == 409
    assert len(releases.history()) == 1


def test_where_nothing_was_published_there_is_nothing_to_undo(press: Press) -> None:
    page = press.get("releases/project")
    assert "there is nothing to undo" in words_of(page)
    assert press.posts("releases/project", press.get("publish"), text="").status_code == 409
    assert releases.history() == []


def test_a_note_that_is_too_long_undoes_nothing(one: Press) -> None:
    refused = one.goes_back(text="x" * 501)
    assert refused.status_code == 422
    assert "Shorten this to at most 500 characters" in words_of(refused)
    assert len(releases.history()) == 1


def test_what_fails_on_trial_is_told_in_its_own_words(one: Press) -> None:
    trial.declare(one.app, lambda: ["the page of tests stays empty"])
    refused = one.goes_back()
    assert refused.status_code == 409
    assert '<p lang="en">the page of tests stays empty</p>' in refused.text
    assert len(releases.history()) == 1


def test_a_host_that_can_not_store_the_words_says_so(one: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _raw: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(extract, "replace", full)
        answer = one.goes_back()
        said = words_of(one.browser.get(answer.location))
    assert "Release 2 is published, but this host does not show it yet" in said
    assert one.trail()[-1] == ("words.rolled-back", 2)


def test_files_that_can_not_be_read_undo_nothing(one: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable() -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("flexsmt_site.language.overlay.base", unreadable)
    assert one.goes_back().status_code == 500
    assert len(releases.history()) == 1


def test_who_signed_in_a_while_ago_does_so_again_first(one: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, later = one.get("releases/project"), clock.now() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert one.goes_back(seen).status_code == 401
    assert len(releases.history()) == 1


@pytest.mark.usefixtures("one")
def test_an_editor_undoes_nothing(writer: Press) -> None:
    assert writer.get("releases/project").status_code == 403
    assert writer.goes_back(writer.get("changes")).status_code == 403
    assert len(releases.history()) == 1

"""Releases as publishers see them: which one is in force, what undoing would bring, and undoing."""

from datetime import timedelta
from pathlib import Path

import pytest

from flexsmt_site import clock
from flexsmt_site.language import extract, making, releases, trial
from tests.editor.press import COUNTRY, MAIL, Press
from tests.editor.words_desk import LINK, words_of
from tests.language.publishing import Desk


def show(press: Press, *strings: str, note: str = "") -> None:
    """Write and publish."""
    assert press.publishes(press.writes(*strings), text=note).status_code == 303


@pytest.fixture
def two(press: Press) -> Press:
    """Two releases, of which the second changes a text again and brings another."""
    show(press, "Skip to the text", note="the first")
    drafts = press.writes("Skip to the words"), press.writes("Land", text=COUNTRY)
    assert press.publishes(*drafts).status_code == 303
    return press


def test_where_nothing_was_published_the_page_says_so(press: Press) -> None:
    assert "Nothing has been published yet" in words_of(press.get("releases"))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_newest_release_stands_first_and_is_in_force(two: Press, language: str) -> None:
    page = two.get("releases", language)
    assert page.text.index("releases/2") < page.text.index("releases/1")
    assert page.text.count('<strong class="code">') == 1
    assert page.text.index('<strong class="code">') < page.text.index("releases/1")
    assert "press@example.com" in words_of(page)
    assert "the first" in words_of(page)


def test_a_release_of_a_command_names_nobody(two: Press) -> None:
    releases.roll_back(1, making.Signature(clock.now()))
    assert "by a command " in words_of(two.get("releases"))
    assert "Published: by a command, " in words_of(two.get("releases/3"))


def test_of_a_release_of_long_ago_it_is_not_known_whether_somebody_made_it(press: Press) -> None:
    draft = press.writes("Skip to the text")
    long_ago = clock.now() - timedelta(days=750)
    releases.publish_edits(releases.Order((draft.id,)), making.Signature(long_ago))
    assert "Published: by a command, or long ago, " in words_of(press.get("releases/1"))


def test_the_page_of_a_release_shows_what_would_change(two: Press) -> None:
    page = two.get("releases/1")
    said = words_of(page)
    assert "2 texts would change" in said
    assert "[removed: words end] [added: text end]" in said
    assert "[removed: Land end] [added: Country end]" in said
    assert "Go back to release 1" in said
    in_force = words_of(two.get("releases/2"))
    assert "This release is in force." in in_force
    assert "Go back" not in in_force


def test_going_back_shows_visitors_what_they_read_then(two: Press) -> None:
    answer = two.rolls_back(1, text="too loud")
    assert answer.status_code == 303
    said = words_of(two.browser.get(answer.location))
    assert "Release 3 is in force and undoes release 2." in said
    assert "too loud" in said
    assert "Skip to the text" in two.reads()
    assert two.live() == {LINK: ("Skip to the text",)}
    assert two.trail()[-1] == ("words.rolled-back", 3)


def test_a_second_click_undoes_nothing_further(two: Press) -> None:
    seen = two.get("releases/1")
    assert two.rolls_back(1, seen).status_code == 303
    again = two.rolls_back(1, seen)
    assert again.status_code == 303
    assert "This is published already, with release 3." in words_of(two.browser.get(again.location))
    assert len(releases.history()) == 3


def test_what_somebody_publishes_meanwhile_is_shown_before_it_is_undone(two: Press, writer: Press) -> None:
    seen = two.get("releases/1")
    assert two.publishes(writer.writes("Skip to the very words")).status_code == 303
    refused = two.rolls_back(1, seen, text="too loud")
    assert refused.status_code == 409
    said = words_of(refused)
    assert "Somebody has published meanwhile." in said
    assert "too loud" in refused.text
    assert len(releases.history()) == 3
    assert two.rolls_back(1, refused).status_code == 303


@pytest.mark.parametrize("seen", ["", "x", "1", "9" * 30])
def test_a_page_that_somebody_made_up_undoes_nothing(two: Press, seen: str) -> None:
    page = two.get("releases/1")
    assert two.posts("releases/1/roll-back", page, text="", seen=seen).status_code == 409
    assert len(releases.history()) == 2


def test_the_release_in_force_is_not_undone_by_itself(two: Press) -> None:
    answer = two.rolls_back(2)
    assert "This is published already, with release 2." in words_of(two.browser.get(answer.location))
    assert len(releases.history()) == 2


@pytest.mark.parametrize("number", [9, 0, 2**31, 10**30])
def test_a_number_of_no_release_is_404(two: Press, number: int) -> None:
    assert two.get(f"releases/{number}").status_code == 404
    assert two.rolls_back(number, two.get("publish")).status_code == 404


def test_a_note_that_is_too_long_undoes_nothing(two: Press) -> None:
    refused = two.rolls_back(1, text="x" * 501)
    assert refused.status_code == 422
    assert "Shorten this to at most 500 characters" in words_of(refused)
    assert len(releases.history()) == 2


def test_before_the_first_release_are_the_texts_of_the_project(press: Press) -> None:
    assert "releases/project" not in press.get("releases").text
    show(press, "Skip to the text")
    said = words_of(press.get("releases/1"))
    assert "there is none before it" in said
    assert 'href="/staff/en/releases/project"' in press.get("releases/1").text
    assert 'href="/staff/en/releases/project"' in press.get("releases").text
    show(press, "Skip to the words")
    assert "open the one before it" in words_of(press.get("releases/2"))


def test_what_fails_on_trial_is_told_in_its_own_words(two: Press) -> None:
    trial.declare(two.app, lambda: ["the page of tests stays empty"])
    refused = two.rolls_back(1)
    assert refused.status_code == 409
    assert '<p lang="en">the page of tests stays empty</p>' in refused.text
    assert len(releases.history()) == 2


def test_a_host_that_can_not_store_the_words_says_so(two: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _raw: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(extract, "replace", full)
        answer = two.rolls_back(1)
        said = words_of(two.browser.get(answer.location))
    assert "Release 3 is published, but this host does not show it yet" in said
    assert two.trail()[-1] == ("words.rolled-back", 3)


def test_files_that_can_not_be_read_undo_nothing(two: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable() -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("flexsmt_site.language.overlay.base", unreadable)
    assert two.rolls_back(1).status_code == 500
    assert len(releases.history()) == 2


def test_going_back_before_a_text_was_edited_shows_the_project_s_words(two: Press, writer: Press) -> None:
    draft = writer.writes("An enquiry came in.", text=MAIL, hand_in=True)
    assert two.publishes(draft).status_code == 303
    said = words_of(two.get("releases/2"))
    assert "1 text would change" in said
    assert "has come" in said
    assert two.live()[MAIL] == ("An enquiry came in.",)
    two.rolls_back(2)
    assert MAIL not in two.live()


def test_a_text_that_is_gone_since_is_left_out(two: Press, catalogues: Desk) -> None:
    source = catalogues.folder / "en" / "LC_MESSAGES" / "messages.po"
    without = source.read_text("utf-8").replace(f'msgid "{COUNTRY.msgid}"', 'msgid "Another one"')
    extract.replace(source, without.encode())
    assert "1 text would change" in words_of(two.get("releases/1"))


@pytest.mark.usefixtures("two")
def test_an_editor_sees_no_releases_and_undoes_none(writer: Press) -> None:
    for path in ("releases", "releases/1"):
        assert writer.get(path).status_code == 403
    assert writer.rolls_back(1, writer.get("changes")).status_code == 403
    assert len(releases.history()) == 2

"""Recent changes: every kind of deed in words, by whom, and page by page."""

import re
from datetime import timedelta

import pytest

from flexsmt_site import clock
from flexsmt_site.language import edits, making, releases, sync
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.staff import service
from flexsmt_site.staff.rules import Role
from tests.editor.press import COUNTRY, Press
from tests.editor.words_desk import LINK, words_of
from tests.language.publishing import Desk
from tests.staff.members import Staff


def lines(press: Press, before: object = None) -> list[str]:
    """Who did what, newest first, without the moment."""
    page = press.get("changes", before=before) if before else press.get("changes")
    assert page.status_code == 200
    found = re.findall(r"UTC, ([^<]*?)\s*</p>", page.text)
    return [" ".join(line.split()) for line in found]


def test_where_nothing_was_done_the_page_says_so(writer: Press) -> None:
    assert "Nobody has changed a word here yet." in words_of(writer.get("changes"))


def test_each_deed_is_told_with_who_did_it(writer: Press, press: Press) -> None:
    me = writer.number()
    draft = writer.writes("Skip to the text", hand_in=True)
    edits.move(draft.id, "draft", author=me, now=clock.now())
    other = writer.writes("Land", text=COUNTRY)
    edits.move(other.id, "withdrawn", author=me, now=clock.now())
    press.publishes(draft)
    press.publishes(press.writes("Skip to the words"))
    press.rolls_back(1)
    assert lines(press)[::-1] == [
        "writer@example.com: wrote a draft",
        "writer@example.com: handed it in",
        "writer@example.com: took it back to work on it",
        "writer@example.com: wrote a draft",
        "writer@example.com: dropped the draft",
        "press@example.com: published it, with release 1",
        "press@example.com: wrote a draft",
        "press@example.com: replaced it by another wording, with release 2",
        "press@example.com: published it, with release 2",
        "press@example.com: took it out of force, with release 3",
        "press@example.com: published it, with release 3",
    ]


def test_a_draft_and_a_publication_show_what_they_changed(writer: Press, press: Press) -> None:
    press.publishes(writer.writes("Skip to the text"))
    page = writer.get("changes")
    assert page.text.count("<ins>") == page.text.count("<del>") == 2
    assert f"/staff/en/words/messages/en/{LINK.key}" in page.text


def test_what_the_project_took_over_and_lost_again_is_told(
    writer: Press, press: Press, catalogues: Desk
) -> None:
    press.publishes(writer.writes("Skip to the text"))
    catalogues.change("Skip to the text")
    sync.sync(clock.now())
    catalogues.change(LINK.msgid)
    sync.sync(clock.now())
    told = lines(writer)
    assert told[1].startswith("by a command: it was taken over into the project")
    assert told[0].startswith("by a command: it came back, as an earlier version of the site runs again")


def test_who_has_left_has_no_name_and_a_command_is_one(writer: Press, press: Press) -> None:
    press.publishes(writer.writes("Skip to the text"))
    service.remove("writer@example.com", clock.now())
    releases.publish_edits(releases.Order(ended=(1,)), making.Signature(clock.now()))
    assert lines(press) == [
        "by a command: took it out of force, with release 2",
        "press@example.com: published it, with release 1",
        "somebody who has left: wrote a draft",
    ]


def test_older_changes_stand_on_further_pages_and_none_is_lost(writer: Press) -> None:
    me, began = writer.number(), clock.now() - timedelta(hours=1)
    for number in range(60):
        text = Text("messages", "ru", LINK.msgid) if number % 2 else LINK
        proposal = edits.Proposal(text, (f"Number {number}",), writer.head(text), me)
        edits.save(proposal, began + timedelta(seconds=number))
    first = writer.get("changes")
    (older,) = re.findall(r'href="/staff/en/changes\?before=(\d+)"', first.text)
    assert len(lines(writer)) == 50
    assert len(lines(writer, before=older)) == 10
    assert "Go to the newest" in words_of(writer.get("changes", before=older))
    assert "There is nothing older." in words_of(writer.get("changes", before=0))


@pytest.mark.parametrize("place", ["x", "-1", "", "9" * 20, "1.5"])
def test_a_place_that_somebody_made_up_is_404(writer: Press, place: str) -> None:
    assert writer.get("changes", before=place).status_code == 404


def test_the_largest_place_is_no_error(writer: Press) -> None:
    assert writer.get("changes", before="9" * 19).status_code == 200


def test_sales_see_no_changes(writer: Press, staff: Staff) -> None:
    sales = Press(writer.app, staff.signed_in(Role.SALES))
    assert sales.get("changes").status_code == 403

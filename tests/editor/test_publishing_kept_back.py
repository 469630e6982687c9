"""Drafts that are kept back, and by whom: a second pair of eyes, errors, what is gone or of the policy."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from flexsmt_site import clock, database
from flexsmt_site.language import edits, extract, trial
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.language.models import Step
from flexsmt_site.staff.rules import Role
from tests.editor.press import COUNTRY, MAIL, Press, boxes
from tests.editor.words_desk import LINK, words_of
from tests.language.publishing import Desk
from tests.staff.members import Staff

UNREVIEWED = "somebody else has to look at it first"
OWN = "You worked on it: somebody else publishes it."


def test_a_draft_with_an_error_has_no_box_and_keeps_the_others_back(press: Press, writer: Press) -> None:
    good, bad = writer.writes("Skip to the text"), writer.writes("<b>Land", text=COUNTRY)
    page = press.get("publish")
    assert boxes(page) == {good.id: False}
    assert "The check finds an error: it has to be put right first." in words_of(page)
    refused = press.publishes(good, bad)
    assert refused.status_code == 409
    assert "Country: The check finds an error" in words_of(refused)
    assert boxes(refused) == {good.id: True}
    assert press.live() == {}


def test_a_text_that_is_gone_can_not_be_published(press: Press, writer: Press, catalogues: Desk) -> None:
    draft = writer.writes("Skip to the text")
    source = catalogues.folder / "en" / "LC_MESSAGES" / "messages.po"
    without = source.read_text("utf-8").replace(f'msgid "{LINK.msgid}"', 'msgid "Another one"')
    extract.replace(source, without.encode())
    page = press.get("publish")
    assert boxes(page) == {}
    assert "This version of the site has no such text." in words_of(page)
    assert press.publishes(draft).status_code == 409


def test_what_was_changed_meanwhile_is_not_published_unseen(press: Press, writer: Press) -> None:
    draft, other = writer.writes("Skip to the text"), writer.writes("Land", text=COUNTRY)
    seen = press.get("publish")
    newer = writer.writes("Skip to the very text")
    refused = press.publishes(draft, other, seen=seen)
    assert refused.status_code == 409
    assert "1 of the texts was changed, dropped or published meanwhile." in words_of(refused)
    assert boxes(refused) == {newer.id: False, other.id: True}
    assert press.live() == {}


def test_a_mail_waits_until_it_is_handed_in(press: Press, writer: Press) -> None:
    draft = writer.writes("An enquiry has come in.", text=MAIL)
    page = press.get("publish")
    assert boxes(page) == {}
    assert UNREVIEWED in words_of(page)
    refused = press.publishes(draft)
    assert refused.status_code == 409
    assert UNREVIEWED in words_of(refused)
    edits.move(draft.id, "review", author=writer.number(), now=draft.made)
    assert press.publishes(draft).status_code == 303
    assert press.live() == {MAIL: ("An enquiry has come in.",)}


def test_nobody_publishes_a_mail_that_they_worked_on(press: Press, writer: Press, staff: Staff) -> None:
    # The publisher's words are still in what somebody else has made of them.
    press.writes("An enquiry came in by the form.", text=MAIL)
    draft = writer.writes("An enquiry came in.", text=MAIL, hand_in=True)
    page = press.get("publish")
    assert boxes(page) == {}
    assert OWN in words_of(page)
    assert OWN in words_of(press.publishes(draft))
    assert press.live() == {}
    second = Press(press.app, staff.signed_in(Role.PUBLISHER, "second@example.com"))
    assert second.publishes(draft).status_code == 303
    # With the publication a new page begins.
    again = writer.writes("An enquiry has come in.", text=MAIL, hand_in=True)
    assert press.publishes(again).status_code == 303


def test_who_hands_a_mail_in_does_not_publish_it(press: Press, writer: Press) -> None:
    draft = writer.writes("An enquiry came in.", text=MAIL)
    edits.move(draft.id, "review", author=press.number(), now=draft.made)
    assert OWN in words_of(press.publishes(draft))
    assert press.live() == {}


@pytest.mark.parametrize("handed_in_by", [None, "the publisher", "another"])
def test_a_mail_that_is_moved_while_it_is_tried_does_not_go_live(
    press: Press, writer: Press, handed_in_by: str | None
) -> None:
    draft = writer.writes("An enquiry came in.", text=MAIL, hand_in=True)
    members = {"the publisher": press.number(), "another": writer.number()}

    tries = iter(range(9))

    def meanwhile() -> Iterator[str]:
        is_first = next(tries) == 0
        if is_first:
            edits.move(draft.id, "draft", author=members["another"], now=clock.now())
        if is_first and handed_in_by:
            edits.move(draft.id, "review", author=members[handed_in_by], now=clock.now())
        yield from ()

    trial.declare(press.app, meanwhile)
    refused = press.publishes(draft)
    assert refused.status_code == 409
    assert "Somebody has changed these texts meanwhile." in words_of(refused)
    assert press.live() == {}
    assert press.trail() == []


def test_a_text_of_a_page_may_be_moved_while_it_is_tried(press: Press, writer: Press) -> None:
    draft, me = writer.writes("Skip to the text"), writer.number()

    def meanwhile() -> Iterator[str]:
        if writer.states() == [("Skip to the text", "draft")]:
            edits.move(draft.id, "review", author=me, now=clock.now())
        yield from ()

    trial.declare(press.app, meanwhile)
    assert press.publishes(draft).status_code == 303
    assert press.live() == {LINK: ("Skip to the text",)}


def test_a_mail_goes_live_though_the_number_of_who_handed_it_in_has_gone(press: Press, writer: Press) -> None:
    draft = writer.writes("An enquiry came in.", text=MAIL, hand_in=True)
    assert boxes(press.get("publish")) == {draft.id: False}
    with database.write() as session:
        session.execute(update(Step).values(author=None))
    assert press.publishes(draft).status_code == 303
    assert press.live() == {MAIL: ("An enquiry came in.",)}


def test_one_s_own_words_of_pages_may_be_published(press: Press) -> None:
    assert press.publishes(press.writes("Skip to the text")).status_code == 303


def test_words_of_the_policy_wait_for_a_version_of_it(press: Press, writer: Press, catalogues: Desk) -> None:
    texts = (catalogues.folder / "en" / "LC_MESSAGES" / "policy.po").read_text("utf-8")
    msgid = next(part.split('"\n')[0] for part in texts.split('\nmsgid "')[1:] if not part.startswith('"'))
    text = Text("policy", "en", msgid)
    draft = writer.writes(f"{msgid} ", text=text, hand_in=True)
    page = press.get("publish")
    assert boxes(page) == {}
    assert "1 draft of the privacy policy goes live with a version of its own." in words_of(page)
    assert press.publishes(draft).status_code == 409
    assert press.live() == {}


def test_who_signed_in_a_while_ago_does_so_again_before_publishing(
    press: Press, writer: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, seen = writer.writes("Skip to the text"), press.get("publish")
    later = clock.now() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert press.get("publish").status_code == 200
    refused = press.publishes(draft, seen=seen, text="a note of mine")
    assert refused.status_code == 401
    assert "a note of mine" in refused.text
    assert press.live() == {}


def test_an_editor_can_not_publish(writer: Press) -> None:
    draft = writer.writes("Skip to the text")
    assert writer.get("publish").status_code == 403
    assert writer.publishes(draft, seen=writer.get("changes")).status_code == 403
    assert writer.live() == {}

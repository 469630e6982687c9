from datetime import timedelta
from html import unescape

import pytest

from flexsmt_site import clock
from flexsmt_site.contact.rules import Stage
from flexsmt_site.outbox.rules import State
from tests.contact.form import FILLED_IN, take
from tests.inbox.desk import HTMX, Desk, words_of

NOBODYS = "FX-0000-0000"


def test_the_page_shows_all_that_is_stored(desk: Desk) -> None:
    reference = take(clock.now(), subject="my-data")
    said = words_of(desk.opens(reference))
    for name in ("first_name", "last_name", "email", "company", "city"):
        assert FILLED_IN[name] in said
    assert "Germany" in said
    assert "Two lines of text" in said
    assert "Their own data" in said
    assert "version 1 of the privacy policy" in said
    assert "Language English" in said


@pytest.mark.promise("P13.3a")
def test_a_look_at_an_enquiry_stands_in_the_trail_by_its_number(desk: Desk) -> None:
    reference = take(clock.now())
    answer = desk.opens(reference)
    assert desk.trail() == [("enquiry.viewed", desk.enquiry(reference).id)]
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_enquiry_that_nobody_has_is_not_here(lone_desk: Desk) -> None:
    assert lone_desk.get(f"inbox/{NOBODYS}").status_code == 404
    assert lone_desk.get("inbox/nonsense").status_code == 404
    known = lone_desk.opens(take(clock.now()))
    for verb in ("take", "answer", "reopen", "give-back", "release", "resend", "note"):
        assert lone_desk.acts(verb, NOBODYS, known, text="x", mail=1).status_code == 404


def test_what_looks_suspicious_is_told_in_words(desk: Desk) -> None:
    said = words_of(desk.opens(take(clock.now(), trap="x")))
    assert "A field that people do not see was filled in." in said
    assert "Release it from quarantine" in said
    assert "Take it" not in said


def test_an_enquiry_goes_from_hand_to_hand(desk: Desk, colleague: Desk) -> None:
    reference = take(clock.now())
    steps = [
        *((desk, "take", "With you"), (desk, "give-back", "New"), (colleague, "take", "With colleague@")),
        *((desk, "answer", "Answered by you"), (colleague, "reopen", "With colleague@example.com")),
    ]
    for who, verb, said in steps:
        answer = who.acts(verb, reference)
        assert (answer.status_code, answer.location) == (303, f"/staff/en/inbox/{reference}")
        assert said in words_of(desk.opens(reference))
    assert [action for action, _subject in desk.trail() if action != "enquiry.viewed"] == [
        *("enquiry.taken", "enquiry.given-back", "enquiry.taken", "enquiry.answered", "enquiry.reopened")
    ]


def test_a_release_sends_the_mail_after_all(desk: Desk) -> None:
    reference = take(clock.now(), trap="x")
    assert desk.mails(reference) == []
    assert desk.acts("release", reference).status_code == 303
    assert len(desk.mails(reference)) == 2
    assert "It waits for its turn." in words_of(desk.opens(reference))
    assert desk.trail()[1] == ("enquiry.released", desk.enquiry(reference).id)


@pytest.mark.parametrize("htmx", [False, True])
def test_who_comes_second_sees_what_has_changed_and_keeps_what_was_typed(
    desk: Desk, colleague: Desk, *, htmx: bool
) -> None:
    reference = take(clock.now())
    seen = colleague.opens(reference)
    desk.acts("take", reference)
    refused = colleague.acts("answer", reference, seen, htmx=htmx, text="I phoned <them>")
    assert refused.status_code == 409
    assert "somebody else was faster" in words_of(refused)
    assert "sales@example.com took it:" in words_of(refused)
    assert "I phoned &lt;them&gt;</textarea>" in refused.text
    assert refused.text.lstrip().startswith("<form" if htmx else "<!DOCTYPE")
    assert desk.enquiry(reference).stage is Stage.TAKEN
    assert colleague.acts("answer", reference, refused).status_code == 303


@pytest.mark.parametrize("verb", ["take", "answer", "note"])
def test_a_second_click_of_the_same_person_changes_nothing(desk: Desk, verb: str) -> None:
    reference = take(clock.now())
    seen = desk.opens(reference)
    for _click in range(2):
        assert desk.acts(verb, reference, seen, text="Once" if verb == "note" else "").status_code == 303
    assert desk.notes() == ["Once"][: verb == "note"]
    assert len([action for action, _subject in desk.trail() if action != "enquiry.viewed"]) == 1


def test_notes_are_for_colleagues_and_stand_in_order(desk: Desk, colleague: Desk) -> None:
    reference = take(clock.now())
    desk.acts("note", reference, text="First\nline")
    colleague.acts("note", reference, text="  Second ")
    assert desk.notes() == ["First\nline", "Second"]
    said = words_of(desk.opens(reference))
    assert said.index("You, ") < said.index("First line") < said.index("colleague@example.com, ")
    assert desk.enquiry(reference).version == 1


@pytest.mark.parametrize(
    ("text", "error", "kept"),
    [
        ("", "Write the note first", ""),
        ("\u200b \n", "Write the note first", "\u200b"),
        ("x" * 2001, "Shorten this to at most 2000 characters", "x" * 2001),
    ],
)
def test_a_note_that_says_nothing_or_too_much_is_refused_and_kept(
    lone_desk: Desk, text: str, error: str, kept: str
) -> None:
    reference = take(clock.now())
    answer = lone_desk.acts("note", reference, text=text)
    assert answer.status_code == 422
    assert error in words_of(answer)
    assert f">\n{kept}</textarea>" in answer.text
    assert lone_desk.notes() == []


def test_a_note_that_is_half_typed_survives_another_button(desk: Desk) -> None:
    reference = take(clock.now())
    answer = desk.acts("take", reference, text="They want")
    assert answer.status_code == 200
    assert "They want</textarea>" in answer.text
    assert "With you" in words_of(answer)
    assert desk.notes() == []


def test_htmx_gets_the_block_with_what_was_done(desk: Desk) -> None:
    reference = take(clock.now())
    answer = desk.acts("take", reference, htmx=True)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<form id="inbox-enquiry"')
    assert 'role="status" tabindex="-1" autofocus>Done: the enquiry is with you.' in answer.text
    again = desk.acts("note", reference, htmx=True, text="Noted")
    assert "Noted" in again.text
    assert "Noted</textarea>" not in again.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": State.QUEUED}, "It waits for its turn."),
        (
            {"state": State.QUEUED, "last_code": 451, "last_text": "busy"},
            "It waits for its next try: the server said “451 busy”.",
        ),
        ({"state": State.SENDING}, "It is being sent at this moment."),
        (
            {"state": State.FAILED, "last_code": 550, "last_text": "no\u202e <b>such"},
            "The server refused it: “550 no <b>such”.",
        ),
        ({"state": State.UNCERTAIN}, "Whether it arrived is unknown, so it was not sent again."),
        ({"state": State.DEAD}, "No server took it in time."),
        ({"state": State.BOUNCED, "last_code": 550, "last_text": "full"}, "It came back: “550 full”."),
        ({"state": State.CANCELLED}, "It was not sent: nobody wanted it any more."),
    ],
)
def test_the_story_of_a_mail_is_told_in_words(lone_desk: Desk, values: dict[str, object], said: str) -> None:
    reference = take(clock.now())
    (first, _second) = lone_desk.mails(reference)
    lone_desk.sets_mail(first, **values)
    page = lone_desk.opens(reference)
    assert said in unescape(page.text)
    assert ("Send it again" in page.text) is (values["state"] in (State.FAILED, State.UNCERTAIN, State.DEAD))


def test_an_accepted_mail_says_how_long_it_took(desk: Desk) -> None:
    now = clock.now()
    reference = take(now)
    for number, seconds in zip(desk.mails(reference), (3, 7200), strict=True):
        values = {"state": State.ACCEPTED, "created": now, "accepted": now + timedelta(seconds=seconds)}
        desk.sets_mail(number, **values)
    said = words_of(desk.opens(reference))
    assert "Accepted by the mail server 3 seconds after it was written." in said
    assert "Accepted by the mail server 2 hours after it was written." in said


def test_a_stopped_mail_can_be_sent_again_once(desk: Desk) -> None:
    reference = take(clock.now())
    (first, second) = desk.mails(reference)
    desk.sets_mail(first, state=State.FAILED)
    seen = desk.opens(reference)
    assert desk.acts("resend", reference, seen, mail=first).status_code == 303
    assert desk.trail()[-1] == ("mail.resent", desk.enquiry(reference).id)
    again = desk.acts("resend", reference, seen, mail=first)
    assert again.status_code == 409
    assert "this mail is on its way, or has arrived" in words_of(again)
    assert desk.acts("resend", reference, seen, mail=second).status_code == 409
    assert desk.acts("resend", reference, seen, mail="9" * 20).status_code == 404


def test_a_mail_of_another_enquiry_is_not_sent_from_here(desk: Desk) -> None:
    mine, other = take(clock.now()), take(clock.now())
    (number, _second) = desk.mails(other)
    desk.sets_mail(number, state=State.FAILED)
    assert desk.acts("resend", mine, mail=number).status_code == 404


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "0", "2147483647"])
def test_a_version_that_somebody_made_up_changes_nothing(lone_desk: Desk, version: str) -> None:
    reference = take(clock.now())
    assert lone_desk.acts("take", reference, version=version).status_code == 409
    assert lone_desk.enquiry(reference).stage is Stage.NEW


def test_without_the_form_s_token_nothing_happens(lone_desk: Desk) -> None:
    reference = take(clock.now())
    refused = lone_desk.acts("take", reference, csrf_token="x")
    assert refused.status_code == 400
    bare = {"version": "1"}
    path = f"/staff/en/inbox/{reference}/take"
    assert lone_desk.browser.post(path, data=bare, headers=HTMX).status_code == 400
    assert lone_desk.enquiry(reference).stage is Stage.NEW


def test_what_a_stranger_typed_is_text(lone_desk: Desk) -> None:
    reference = take(clock.now(), description="<script>alert(1)</script>", company="<b>Bold")
    page = lone_desk.opens(reference).text
    assert "<script>alert" not in page
    assert "<b>Bold" not in page

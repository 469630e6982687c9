"""Whoever is shown an enquiry leaves a line in the trail, by whatever way it comes to be shown."""

import pytest
from sqlalchemy import func, select

from flexsmt_site import clock, database
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.staff.models import Record
from tests.contact.form import FILLED_IN, take
from tests.inbox.desk import Desk

PROMISE = pytest.mark.promise("P13.3a")


@pytest.fixture
def stranger(desk: Desk) -> Desk:
    """A member who has opened no enquiry yet."""
    take(clock.now(), email="other@example.net")
    return desk


@PROMISE
@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("verb", "typed", "status"),
    [
        *(
            ("take", {"version": 0}, 409),
            ("give-back", {"version": 1}, 409),
            ("release", {"version": 1}, 409),
        ),
        *(("note", {"text": ""}, 422), ("note", {"text": "x" * 2001}, 422)),
    ],
)
def test_a_refusal_that_shows_the_enquiry_is_a_look_at_it(
    stranger: Desk, verb: str, typed: dict[str, object], status: int, *, htmx: bool
) -> None:
    reference = take(clock.now())
    page = stranger.get("account")
    answer = stranger.acts(verb, reference, page, htmx=htmx, **{"version": 1, **typed})
    assert answer.status_code == status
    assert (FILLED_IN["email"] in answer.text) is not htmx
    assert stranger.trail() == [("enquiry.viewed", stranger.enquiry(reference).id)]


@PROMISE
@pytest.mark.parametrize("htmx", [False, True])
def test_what_shows_the_enquiry_after_a_deed_is_told_by_the_line_of_the_deed(
    stranger: Desk, *, htmx: bool
) -> None:
    reference = take(clock.now())
    page = stranger.get("account")
    answer = stranger.acts("take", reference, page, htmx=htmx, version=1, text="half a note")
    assert "half a note</textarea>" in answer.text
    assert stranger.trail() == [("enquiry.taken", stranger.enquiry(reference).id)]


@PROMISE
@pytest.mark.parametrize("htmx", [False, True])
def test_a_second_click_that_does_nothing_but_show_the_enquiry_is_a_look_at_it(
    stranger: Desk, *, htmx: bool
) -> None:
    reference = take(clock.now())
    page = stranger.get("account")
    for _click in range(2):
        stranger.acts("take", reference, page, htmx=htmx, version=1, text="half a note")
    assert [action for action, _subject in stranger.trail()] == ["enquiry.taken", "enquiry.viewed"]


@PROMISE
def test_a_search_is_told_also_where_no_kind_of_file_was_chosen(desk: Desk) -> None:
    take(clock.now())
    assert desk.exports("nothing", q="platine").status_code == 422
    assert desk.trail() == [("enquiry.searched", None)]


@PROMISE
def test_where_the_trail_takes_no_line_nothing_is_shown_and_nothing_done(lone_desk: Desk) -> None:
    reference = take(clock.now())
    page = lone_desk.get("account")
    with database.write() as session:
        session.connection().exec_driver_sql(
            "CREATE TRIGGER no_line BEFORE INSERT ON staff_audit BEGIN SELECT * FROM nowhere; END"
        )
    answers = [
        lone_desk.get(f"inbox/{reference}"),
        lone_desk.get("inbox/export", q="platine"),
        *(lone_desk.acts(verb, reference, page, version=1, text="x") for verb in ("take", "note")),
        lone_desk.acts("take", reference, page, version=0),
    ]
    assert [answer.status_code for answer in answers] == [503] * 5
    assert not any(FILLED_IN["email"] in answer.text for answer in answers)
    with database.read() as session:
        assert session.scalar(select(func.max(Enquiry.version))) == 1
        assert session.scalar(select(func.count(Record.id)).where(Record.action.like("enquiry.%"))) == 0
    assert lone_desk.notes() == []


@pytest.mark.parametrize("written", [str.lower, lambda name: name.replace("-", ""), lambda name: f" {name}"])
def test_a_deed_finds_a_reference_in_any_way_of_writing(desk: Desk, written: type[str]) -> None:
    reference = take(clock.now())
    name = written(reference)
    assert desk.get(f"inbox/{name}").status_code == 200
    page = desk.opens(reference)
    for verb in ("note", "take", "give-back", "answer", "reopen"):
        answer = desk.acts(verb, name, desk.opens(reference), text="Noted" if verb == "note" else "")
        assert (answer.status_code, answer.location) == (303, f"/staff/en/inbox/{reference}")
    assert desk.notes() == ["Noted"]
    refused = desk.acts("take", name, page, text="Half")
    assert refused.status_code == 409
    assert "Half</textarea>" in refused.text

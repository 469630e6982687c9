from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from flexsmt_site import clock, database
from flexsmt_site.contact import desk, handling
from flexsmt_site.contact.models import Note
from tests.contact.form import Form, take

HOUR = timedelta(hours=1)
ANNA, BORIS = 7, 8


def notes(reference: str) -> list[str]:
    return [note.text for note in desk.get_entry(reference).notes]


def count_notes() -> int:
    with database.read() as session:
        return session.scalars(select(func.count(Note.id))).one()


@pytest.mark.parametrize("trap", ["", "x"])
@pytest.mark.usefixtures("form")
def test_notes_are_added_in_order_and_leave_the_version_to_others(trap: str) -> None:
    now = clock.now()
    reference = take(now - HOUR, trap=trap)
    handling.write_note(reference, ANNA, "  Called:\r\nnobody\0 there ", now)
    handling.write_note(reference, BORIS, "Перезвонить", now + HOUR)

    first, second = desk.get_entry(reference).notes
    assert (first.text, first.member_id, first.written) == ("Called:\nnobody there", ANNA, now)
    assert (second.text, second.member_id) == ("Перезвонить", BORIS)
    after = desk.get_entry(reference).enquiry
    assert (after.version, after.last_activity) == (1, now + HOUR)


@pytest.mark.usefixtures("form")
def test_a_note_has_from_one_to_two_thousand_characters() -> None:
    reference = take(clock.now())
    for text in ("", " \r\n\0", "ё" * 2001):
        with pytest.raises(ValueError, match="from 1 to 2000 characters"):
            handling.write_note(reference, ANNA, text, clock.now())
    handling.write_note(reference, ANNA, "ё" * 2000, clock.now())

    assert notes(reference) == ["ё" * 2000]


def test_an_erasure_takes_the_notes_of_that_enquiry_alone(form: Form) -> None:
    gone, stays = take(clock.now()), take(clock.now())
    for reference in (gone, stays):
        handling.write_note(reference, ANNA, reference, clock.now())
    desk.erase(desk.get_entry(gone))

    assert [one.reference for one in form.enquiries()] == [stays]
    assert notes(stays) == [stays]
    assert count_notes() == 1
    with pytest.raises(desk.UnknownEnquiry, match=gone):
        handling.write_note(gone, ANNA, "too late", clock.now())
    assert count_notes() == 1


@pytest.mark.usefixtures("patient")
def test_notes_written_during_an_erasure_are_gone_with_it(form: Form) -> None:
    entry, together = desk.get_entry(take(clock.now())), Barrier(5)

    def write(_number: int) -> None:
        with form.app.app_context():
            together.wait()
            try:
                handling.write_note(entry.enquiry.reference, ANNA, "a note", clock.now())
            except desk.UnknownEnquiry:
                return

    with ThreadPoolExecutor(4) as pool:
        running = pool.map(write, range(4))
        together.wait()
        desk.erase(entry)
        list(running)
    assert form.is_empty()
    assert count_notes() == 0

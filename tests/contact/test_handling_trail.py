"""What is done to an enquiry and its line in the trail are one: neither stands without the other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from flexsmt_site import clock, database
from flexsmt_site.contact import desk, handling
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.contact.rules import Stage
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State
from flexsmt_site.staff.models import Record
from tests.contact.form import Form, take

ANNA = 7
HOUR = timedelta(hours=1)


def _take(reference: str) -> None:
    handling.take(reference, 1, ANNA, clock.now())


def _answer(reference: str) -> None:
    handling.answer(reference, 1, ANNA, clock.now())


def _give_back(reference: str) -> None:
    handling.give_back(reference, 1, ANNA, clock.now())


def _reopen(reference: str) -> None:
    handling.reopen(reference, 1, ANNA, clock.now())


def _write_note(reference: str) -> None:
    handling.write_note(reference, ANNA, "A note", clock.now())


def _release(reference: str) -> None:
    handling.release(reference, 1, ANNA, clock.now())


def _resend(reference: str) -> None:
    handling.resend(reference, desk.get_entry(reference).notices[0].id, ANNA, clock.now())


Deed = Callable[[str], None]
#: The stage in which it can be done (None: held), and the line that tells of it.
DEEDS: list[tuple[Deed, Stage | None, str]] = [
    (_take, Stage.NEW, "enquiry.taken"),
    (_answer, Stage.NEW, "enquiry.answered"),
    (_give_back, Stage.TAKEN, "enquiry.given-back"),
    (_reopen, Stage.ANSWERED, "enquiry.reopened"),
    (_write_note, Stage.NEW, "enquiry.noted"),
    (_release, None, "enquiry.released"),
    (_resend, Stage.NEW, "mail.resent"),
]
EACH_DEED = pytest.mark.parametrize(
    ("deed", "stage", "line"), DEEDS, ids=[deed.__name__.strip("_") for deed, _stage, _line in DEEDS]
)


def prepare(stage: Stage | None) -> str:
    reference = take(clock.now() - HOUR, trap="" if stage else "x")
    with database.write() as session:
        taken_by = ANNA if stage is Stage.TAKEN else None
        session.execute(update(Enquiry).values(stage=stage or Stage.NEW, taken_by=taken_by))
        session.execute(update(Mail).values(state=State.FAILED))
    return reference


def stored(reference: str) -> object:
    entry = desk.get_entry(reference)
    one = entry.enquiry
    marks = (one.stage, one.version, one.taken, one.answered, one.released, one.last_activity)
    return marks, [note.text for note in entry.notes], entry.notices


def lines() -> list[tuple[str, int | None, int | None]]:
    with database.read() as session:
        rows = session.scalars(select(Record).order_by(Record.id))
        return [(row.action, row.member_id, row.subject) for row in rows]


@contextmanager
def without_trail() -> Iterator[None]:
    """Let the database have no table for the trail."""
    _rename("staff_audit", "elsewhere")
    try:
        yield
    finally:
        _rename("elsewhere", "staff_audit")


def _rename(table: str, name: str) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


@pytest.mark.promise("P13.3a")
@EACH_DEED
@pytest.mark.usefixtures("form")
def test_each_deed_leaves_one_line(deed: Deed, stage: Stage | None, line: str) -> None:
    reference = prepare(stage)
    before = stored(reference)
    deed(reference)
    assert stored(reference) != before
    assert lines() == [(line, ANNA, desk.get_entry(reference).enquiry.id)]


@pytest.mark.promise("P13.3a")
@EACH_DEED
@pytest.mark.usefixtures("form")
def test_what_the_trail_can_not_tell_is_not_done(deed: Deed, stage: Stage | None, line: str) -> None:
    reference = prepare(stage)
    before = stored(reference)
    with without_trail(), pytest.raises(database.DatabaseUnavailable):
        deed(reference)
    assert stored(reference) == before
    assert line not in {action for action, _member, _subject in lines()}


@EACH_DEED
@pytest.mark.usefixtures("form")
def test_what_is_refused_leaves_no_line(deed: Deed, stage: Stage | None, line: str) -> None:
    reference = prepare(stage)
    with database.write() as session:
        session.execute(update(Enquiry).values(version=2))
        session.execute(update(Mail).values(state=State.ACCEPTED))
    if deed is _write_note:
        desk.erase(desk.get_entry(reference))
    with pytest.raises((handling.Changed, desk.UnknownEnquiry)):
        deed(reference)
    assert line not in {action for action, _member, _subject in lines()}


@pytest.mark.promise("P13.3a")
def test_a_release_by_command_is_told_of_nobody(form: Form) -> None:
    entry = desk.get_entry(prepare(None))
    for _time in range(2):
        form.app.test_cli_runner().invoke(args=["enquiries", "release", entry.enquiry.reference])
    assert lines() == [("enquiry.released", None, entry.enquiry.id)]

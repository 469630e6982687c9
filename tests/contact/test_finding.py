from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from flexsmt_site import clock
from flexsmt_site.contact import desk, finding
from flexsmt_site.contact.finding import Found, Shelf
from flexsmt_site.contact.notice import KIND
from flexsmt_site.contact.rules import Stage
from flexsmt_site.extensions import db
from flexsmt_site.outbox.rules import State
from tests.contact.form import Form, take
from tests.contact.stored import notify, store

HELD = {"quarantined": clock.now()}


@pytest.fixture
def _site(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def numbers(found: Found) -> list[int]:
    return [enquiry.id for enquiry in found.enquiries]


def shelved(shelf: Shelf | None, text: str = "") -> list[int]:
    return numbers(finding.find(shelf, text))


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent meanwhile; SQLite's BEGIN is none."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.extend([statement] * (statement != "BEGIN"))

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.usefixtures("_site")
@pytest.mark.parametrize("text", ["", "word"])
def test_pages_lead_from_the_newest_to_the_oldest_and_back(text: str) -> None:
    ids = store(*[{"city": "Word"}] * 7)[::-1]
    first = finding.find(None, text, limit=3)
    second = finding.find(None, text, before=first.older, limit=3)
    last = finding.find(None, text, before=second.older, limit=3)
    back = finding.find(None, text, after=last.newer, limit=3)
    top = finding.find(None, text, after=back.newer, limit=3)

    assert [numbers(page) for page in (first, second, last)] == [ids[:3], ids[3:6], ids[6:]]
    assert (first.newer, last.older) == (None, None)
    assert numbers(back) == ids[3:6]
    assert numbers(top) == ids[:3]
    assert (top.newer, top.older) == (None, ids[2])


@pytest.mark.usefixtures("_site")
def test_a_page_that_is_exactly_full_has_none_behind_it() -> None:
    ids = store(*[{}] * 4)
    assert finding.find(None, "", limit=4).older is None
    assert finding.find(None, "", limit=3).older == ids[1]
    assert finding.find(None, "", after=ids[0], limit=3).newer is None


@pytest.mark.usefixtures("_site")
def test_an_empty_page_leads_back_to_what_is_there() -> None:
    ids = store(*[{}] * 2)
    below = finding.find(None, "", before=ids[0])
    above = finding.find(None, "", after=ids[1])

    assert (numbers(below), below.older) == ([], None)
    assert numbers(finding.find(None, "", after=below.newer)) == ids[::-1]
    assert (numbers(above), above.newer) == ([], None)
    assert numbers(finding.find(None, "", before=above.older)) == ids[::-1]


@pytest.mark.usefixtures("_site")
@pytest.mark.parametrize("key", [-(10**30), -1, 0, 2**31, 2**63, 10**30])
def test_a_key_of_any_size_is_a_page(key: int) -> None:
    (number,) = store({"city": "Word"})
    for text in ("", "word"):
        assert shelved(None, text) == [number]
        assert numbers(finding.find(None, text, before=key)) == [number] * (key > number)
        assert numbers(finding.find(None, text, after=key)) == [number] * (key < number)


@pytest.mark.usefixtures("_site")
def test_each_shelf_holds_what_is_in_its_stage_and_what_is_held_has_its_own() -> None:
    held = store({**HELD, "city": "Word"}, {**HELD, "stage": Stage.TAKEN})
    new, taken, answered, released = store(
        {"city": "Word"}, {"stage": Stage.TAKEN}, {"stage": Stage.ANSWERED}, {**HELD, "released": clock.now()}
    )

    assert shelved(Shelf.HELD) == held[::-1]
    assert shelved(Shelf.NEW) == [released, new]
    assert shelved(Shelf.TAKEN) == [taken]
    assert shelved(Shelf.ANSWERED) == [answered]
    assert shelved(None) == [released, answered, taken, new, *held[::-1]]
    assert shelved(None, "word") == [new, held[0]]
    assert shelved(Shelf.NEW, "word") == [new]
    assert shelved(Shelf.HELD, "word") == [held[0]]
    assert shelved(Shelf.TAKEN, "word") == []


@pytest.mark.usefixtures("_site")
@pytest.mark.parametrize("state", State)
def test_undelivered_is_what_stopped_or_waits_for_too_long(state: State) -> None:
    late, recent, other, held = store({}, {}, {"city": "Word"}, HELD)
    notify(late, state)
    notify(late, state)
    notify(recent, state, waited=timedelta(minutes=14))
    notify(other, State.ACCEPTED)
    notify(other, state, kind="another kind")
    notify(held, state)
    stopped = state in {State.FAILED, State.UNCERTAIN, State.DEAD, State.BOUNCED}
    waiting = state in {State.QUEUED, State.SENDING}

    assert shelved(Shelf.UNDELIVERED) == [recent] * stopped + [late] * (stopped or waiting)
    assert shelved(Shelf.UNDELIVERED, "word") == []
    notify(other, State.DEAD)
    assert shelved(Shelf.UNDELIVERED, "word") == [other]


@pytest.mark.usefixtures("_site")
def test_every_shelf_is_counted_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_COUNTED", 3)
    assert set(finding.count().values()) == {0}
    ids = store(*[{}] * 5, {"stage": Stage.TAKEN}, HELD)
    notify(ids[0], State.DEAD)
    notify(ids[0], State.DEAD)

    assert finding.count() == {
        Shelf.NEW: 4,
        Shelf.TAKEN: 1,
        Shelf.ANSWERED: 0,
        Shelf.HELD: 1,
        Shelf.UNDELIVERED: 1,
    }


@pytest.mark.usefixtures("_site")
@pytest.mark.parametrize("text", ["", "word"])
def test_a_walk_gives_everything_and_its_count_says_how_much(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = store(*[{"city": "Word"}] * 7, {"city": "Word", **HELD})
    assert [enquiry.id for enquiry in finding.walk(None, text, chunk=3)] == ids[::-1]
    assert [enquiry.id for enquiry in finding.walk(Shelf.NEW, text, chunk=7)] == ids[6::-1]
    assert (finding.count_all(None, text), finding.count_all(Shelf.NEW, text)) == (8, 7)
    monkeypatch.setattr(finding, "MOST_EXPORTED", 4)
    assert finding.count_all(None, text) == 5


@pytest.mark.usefixtures("_site")
def test_a_walk_leaves_out_what_is_erased_and_keeps_no_transaction() -> None:
    references = [take(clock.now()) for _ in range(6)]
    walked = finding.walk(None, "", chunk=2)
    seen = [next(walked).reference]
    # As somebody else's transaction: SQLite has one at a time.
    for gone in (references[5], references[4], references[3]):
        desk.erase(desk.get_entry(gone))
    seen += [enquiry.reference for enquiry in walked]

    assert seen == [references[number] for number in (5, 4, 2, 1, 0)]


@pytest.mark.usefixtures("_site")
@pytest.mark.parametrize(("text", "sent"), [("", 2), ("word", 3), ("word 7", 3), ("FX-0000-0000", 1)])
def test_a_page_is_as_many_statements_however_many_are_on_it(text: str, sent: int) -> None:
    for more in (1, 60):
        store(*[{"city": "Word 7"}] * more)
        with counted() as statements:
            found = finding.find(Shelf.NEW, text)
        # Where the newest fill the page no index has to be asked.
        assert len(statements) == sent - (text.startswith("word") and len(found.enquiries) == 50)
    with counted() as statements:
        finding.count()
        finding.notices(found.enquiries)
    assert len(statements) == 2


def test_a_page_has_the_standings_of_its_notices_in_one_answer(form: Form) -> None:
    for _ in range(2):
        take(clock.now())
    bare = store({})
    found = finding.find(None, "").enquiries
    stood = finding.notices(found)

    assert list(stood) == [enquiry.id for enquiry in found]
    assert stood[bare[0]] == []
    for number in (1, 2):
        mails = [mail for mail in form.mails() if (mail.kind, mail.subject_key) == (KIND, number)]
        assert [mail.id for mail in stood[number]] == [mail.id for mail in mails]
        assert len(mails) == 2
    assert finding.notices([]) == {}

import csv
import re
import tracemalloc
import zipfile
from io import BytesIO, StringIO

import pytest
from flask import stream_with_context
from sqlalchemy import delete, event, insert
from werkzeug.test import TestResponse

from flexsmt_site import clock, database
from flexsmt_site.contact import desk as contact_desk
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.extensions import db
from flexsmt_site.inbox import files
from flexsmt_site.inbox.service import Wanted
from tests.contact.form import take
from tests.inbox.desk import Desk, words_of


def table(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(StringIO(answer.data.decode("utf-8-sig"), newline=""), strict=True))


def fill(count: int, first: int = 0) -> None:
    """Store many enquiries at once."""
    now = clock.now()
    same = {
        **dict.fromkeys(("source", "first_name", "last_name", "email", "company", "city"), "x"),
        **dict.fromkeys(("subject", "signals", "digest"), ""),
        "language": "en",
        "country": "DE",
        "policy_version": 1,
        "stage": "new",
        "version": 1,
        "received": now,
        "agreed": now,
        "last_activity": now,
        "description": "Text.",
    }
    rows = [
        {**same, "reference": f"FX-{number:09}", "token_nonce": str(number)}
        for number in range(first, first + count)
    ]
    with database.write() as session:
        session.execute(insert(Enquiry), rows)


@pytest.mark.promise("P13.3a")
@pytest.mark.parametrize(
    ("wanted", "said", "lines"),
    [({}, "3 enquiries", []), ({"q": "plata"}, "1 enquiry", [("enquiry.searched", None)])],
)
def test_the_page_says_how_many_enquiries_the_file_will_hold_and_a_search_leaves_a_line(
    desk: Desk, wanted: dict[str, str], said: str, lines: list[tuple[str, None]]
) -> None:
    for company in ("Platine", "Plata", "Other"):
        take(clock.now(), company=company)
    page = desk.get("inbox/export", **wanted)
    assert f"The file will hold {said}." in words_of(page)
    assert desk.trail() == lines


def test_where_there_is_nothing_no_file_is_offered(lone_desk: Desk) -> None:
    page = lone_desk.get("inbox/export")
    assert "There is nothing to export." in words_of(page)
    assert "<form id" not in page.text


@pytest.mark.promise("P13.3a")
def test_a_csv_file_holds_what_was_asked_for_newest_first(desk: Desk) -> None:
    older, newer = take(clock.now(), company="=1+1"), take(clock.now(), country="RU")
    take(clock.now(), trap="x")
    desk.acts("take", older)
    answer = desk.exports("csv")
    day = f"{clock.now():%Y-%m-%d}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="enquiries-{day}.csv"'
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Rows"] == "3"
    held, second, first = table(answer)
    assert (second["Reference"], second["Country"], second["Stage"]) == (newer, "Russia", "New")
    assert (first["Reference"], first["Company"], first["Taken by"]) == (older, "'=1+1", "sales@example.com")
    assert (held["Stage"], held["Mail"]) == ("Quarantined", "Quarantined")
    assert first["Text"] == "Two lines\nof text"
    assert desk.trail()[-1] == ("enquiry.exported", None)


def test_a_file_holds_the_shelf_and_the_words_that_were_asked_for(desk: Desk) -> None:
    wanted, other = take(clock.now(), company="Plata"), take(clock.now())
    desk.acts("take", take(clock.now(), company="Plata"))
    rows = table(desk.exports("csv", shelf="new", q="plata"))
    assert [row["Reference"] for row in rows] == [wanted]
    assert other not in str(rows)


def test_a_workbook_speaks_the_language_of_the_page(desk: Desk) -> None:
    reference = take(clock.now(), country="RU")
    answer = desk.exports("xlsx", "ru")
    assert answer.headers["Content-Disposition"].endswith('.xlsx"')
    with zipfile.ZipFile(BytesIO(answer.data)) as archive:
        part = archive.read("xl/worksheets/sheet1.xml").decode()
    texts = re.findall(r'<t xml:space="preserve">([^<]*)</t>', part)
    assert reference in texts
    assert "Россия" in texts


@pytest.mark.parametrize("kind", ["", "pdf", "CSV"])
def test_a_kind_that_there_is_none_of_is_asked_for_again(lone_desk: Desk, kind: str) -> None:
    take(clock.now())
    answer = lone_desk.exports(kind)
    assert answer.status_code == 422
    assert "Choose a kind of file" in words_of(answer)
    assert lone_desk.trail() == []


def test_no_transaction_is_open_while_rows_are_sent(desk: Desk) -> None:
    fill(1_200)
    with desk.app.test_request_context("/staff/en/inbox/export"):
        rows = files.rows(Wanted(None, ""))
        for _number in range(700):
            next(rows)
        # A write that locks everything goes through, also on SQLite.
        with database.write() as session:
            session.execute(delete(Enquiry).where(Enquiry.reference < "FX-000000300"))
        assert len(list(rows)) == 301


def test_an_enquiry_erased_meanwhile_is_left_out(desk: Desk) -> None:
    names = [take(clock.now(), description=str(number)) for number in range(3)]
    with desk.app.test_request_context("/staff/en/inbox/export"):
        rows = files.rows(Wanted(None, ""))
        next(rows)
        contact_desk.erase(contact_desk.get_entry(names[0]))
        assert [row[0] for row in rows] == names[:0:-1]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_export(lone_desk: Desk, kind: str) -> None:
    def peak() -> int:
        with lone_desk.app.test_request_context("/staff/en/inbox/export"):
            tracemalloc.start()
            for _piece in files.KINDS[kind].write(files.rows(Wanted(None, ""))):
                pass
            _now, highest = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return highest

    fill(1_000)
    peak()
    few = peak()
    fill(3_000, 1_000)
    assert peak() < 1.2 * few


def test_each_chunk_asks_the_database_a_few_times(desk: Desk) -> None:
    fill(1_500)
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    with desk.app.test_request_context("/staff/en/inbox/export"):
        assert len(list(files.rows(Wanted(None, "")))) == 1_501
    event.remove(db.engine, "before_cursor_execute", note)
    assert len([statement for statement in sent if statement.startswith("SELECT")]) <= 12


def test_the_stream_keeps_its_language_after_the_view_has_returned(desk: Desk) -> None:
    take(clock.now(), country="RU")
    with desk.app.test_request_context("/staff/ru/inbox/export"):
        desk.app.preprocess_request()
        stream = stream_with_context(row[13] for row in files.rows(Wanted(None, "")))
        next(stream)
    assert next(stream) == "Россия"

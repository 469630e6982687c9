from datetime import timedelta

import pytest

from flexsmt_site import clock
from flexsmt_site.outbox.rules import State
from tests.contact.form import take
from tests.inbox.desk import HTMX, Desk, listed, words_of

SHELVES = ["", "new", "taken", "answered", "held", "undelivered"]


def test_the_newest_stand_first_with_what_one_needs_to_choose(desk: Desk) -> None:
    older, newer = take(clock.now()), take(clock.now(), company="ООО «Плата»", country="RU")
    answer = desk.get()
    assert listed(answer) == [newer, older]
    for word in ("ООО «Плата»", "Анна Müller", "Russia", "English", "New", "On its way"):
        assert word in words_of(answer)
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_each_shelf_holds_its_own_and_says_how_many(desk: Desk) -> None:
    new, taken, answered, lost = (take(clock.now()) for _ in range(4))
    held = take(clock.now(), trap="x")
    desk.acts("take", taken)
    desk.acts("answer", answered)
    desk.sets_mail(desk.mails(lost)[0], state=State.FAILED)
    shelves = {shelf: listed(desk.get(shelf=shelf)) for shelf in SHELVES}
    assert shelves == {
        "": [held, lost, answered, taken, new],
        "new": [lost, new],
        "taken": [taken],
        "answered": [answered],
        "held": [held],
        "undelivered": [lost],
    }
    counts = words_of(desk.get())
    assert "All enquiries New 2 In progress 1 Answered 1 Quarantined 1 Mail not delivered 1" in counts


def test_a_row_says_who_is_at_it_and_how_its_mail_stands(desk: Desk, colleague: Desk) -> None:
    first, second, third = (take(clock.now()) for _ in range(3))
    held = take(clock.now(), trap="x")
    desk.acts("take", first)
    colleague.acts("answer", second)
    for number in desk.mails(first):
        desk.sets_mail(number, state=State.ACCEPTED)
    desk.sets_mail(desk.mails(second)[0], created=clock.now() - timedelta(hours=1))
    desk.sets_mail(desk.mails(third)[1], state=State.BOUNCED)
    rows = dict(zip(listed(desk.get()), desk.get().text.split("<tr class=")[1:], strict=True))
    assert "With you" in rows[first]
    assert "Delivered" in rows[first]
    assert "Answered by colleague<" in rows[second]
    assert "Late" in rows[second]
    assert "Not delivered" in rows[third]
    assert rows[held].count("Quarantined") == 2


def test_fifty_stand_on_a_page_and_links_lead_on_and_back(desk: Desk) -> None:
    names = [take(clock.now(), description=str(number)) for number in range(53)][::-1]
    first = desk.get()
    assert listed(first) == names[:50]
    assert "Newer" not in first.text
    second = desk.browser.get(link(first.text, "Older"))
    assert listed(second) == names[50:]
    assert "Older" not in second.text
    assert listed(desk.browser.get(link(second.text, "Newer"))) == names[:50]


def link(page: str, label: str) -> str:
    before = page.partition(f">{label}</a>")[0]
    return before.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")


@pytest.mark.parametrize("words", ["platine", "ANNA", "müller", "anna@example.com", "germany", "text lines"])
def test_a_search_finds_by_what_people_remember(desk: Desk, words: str) -> None:
    found = take(clock.now())
    other = {"first_name": "Ivan", "last_name": "Petrov", "email": "ivan@example.net", "company": "Other"}
    take(clock.now(), **other, country="RU", city="Omsk", description="Something else")
    assert listed(desk.get(q=words)) == [found]


def test_a_search_finds_a_reference_in_any_way_of_writing(desk: Desk) -> None:
    found = take(clock.now())
    take(clock.now())
    assert listed(desk.get(q=found.lower().replace("-", " "))) == [found]


def test_a_search_stays_within_its_shelf_and_offers_all(desk: Desk) -> None:
    found = take(clock.now())
    answer = desk.get(q="platine", shelf="answered")
    assert listed(answer) == []
    assert "Nothing was found." in words_of(answer)
    assert listed(desk.browser.get(link(answer.text, "Search in all enquiries"))) == [found]


@pytest.mark.parametrize("shelf", SHELVES)
def test_an_empty_shelf_says_so_and_leads_on(lone_desk: Desk, shelf: str) -> None:
    answer = lone_desk.get(shelf=shelf)
    assert answer.status_code == 200
    assert "<table" not in answer.text
    assert ("Show all enquiries" in answer.text) is bool(shelf)


@pytest.mark.parametrize(
    "query",
    [
        *({"before": text} for text in ("x", "-1", "9" * 30, "１", "2147483647", "0")),
        *({"after": "2147483647"}, {"after": ""}, {"shelf": "nothing"}, {"q": "\0"}, {"q": "%_'\"\\" * 99}),
        {"q": "🙂", "shelf": "held", "before": "7"},
    ],
)
def test_an_address_that_somebody_made_up_is_a_page_as_well(desk: Desk, query: dict[str, str]) -> None:
    take(clock.now())
    assert desk.get(**query).status_code == 200


def test_behind_the_last_page_there_is_a_way_back(desk: Desk) -> None:
    reference = take(clock.now())
    answer = desk.get(before=1)
    assert "There is nothing further on this side." in words_of(answer)
    assert listed(desk.browser.get(link(answer.text, "Go to the newest"))) == [reference]


def test_htmx_gets_the_list_alone_and_its_heading_takes_the_focus(desk: Desk) -> None:
    take(clock.now())
    part = desk.browser.get("/staff/en/inbox?shelf=new", headers=HTMX)
    assert part.text.lstrip().startswith('<section id="inbox-list"')
    assert 'tabindex="-1" autofocus>New</h2>' in part.text
    assert "autofocus" not in desk.get(shelf="new").text


def test_what_a_stranger_typed_is_text(desk: Desk) -> None:
    reference = take(clock.now(), company="<script>alert(1)</script>")
    page = desk.get()
    assert listed(page) == [reference]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert" not in page.text
    sought = desk.get(q="<b>alert</b>").text
    assert sought.count("&lt;b&gt;alert&lt;/b&gt;") == 2
    assert "<b>alert" not in sought


@pytest.mark.promise("P13.3a")
def test_each_look_stands_in_the_trail(desk: Desk) -> None:
    desk.get()
    desk.get(shelf="new")
    desk.get(q="anna")
    assert desk.trail() == [("enquiry.listed", None), ("enquiry.listed", None), ("enquiry.searched", None)]


def test_the_number_of_statements_does_not_grow_with_the_page(desk: Desk, statements: list[str]) -> None:
    take(clock.now())
    desk.get()
    alone = len(statements)
    for number in range(20):
        take(clock.now(), description=str(number))
    statements.clear()
    desk.get()
    assert len(statements) <= alone


def test_the_list_speaks_russian(desk: Desk) -> None:
    reference = take(clock.now())
    answer = desk.get(language="ru")
    assert listed(answer) == [reference]
    assert "Германия" in words_of(answer)
    assert "Английский" in words_of(answer)

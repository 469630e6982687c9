"""What is kept as proof of a consent: every choice once, and nothing of who made it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from flexsmt_site import clock, cookies, ledger
from flexsmt_site.consent import rules
from flexsmt_site.extensions import db
from tests.consent.device import Device, device
from tests.ground.visitors import visit

AT_ONCE = 6


class Clock:
    """A clock that a test puts forward."""

    def __init__(self) -> None:
        self.true = clock.now
        self.off = timedelta()

    def __call__(self) -> datetime:
        return self.true() + self.off


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock, "now", made)
    return made


def everything(app: Flask) -> str:
    """Every value of every table, as text."""
    with app.app_context(), db.engine.connect() as connection:
        tables = [connection.execute(table.select()).all() for table in db.metadata.sorted_tables]
    return repr(tables)


def test_an_acceptance_is_kept_with_what_proves_it(chooser: Device) -> None:
    before = clock.now()
    chooser.headers = {"Sec-GPC": "1"}
    chooser.choose("accept", next="/ru/privacy")

    (receipt,) = chooser.receipts()
    assert receipt.number == chooser.holds()["consent_receipt"]
    assert rules.NUMBER.fullmatch(receipt.number)
    assert before <= receipt.decided <= clock.now()
    assert receipt.granted == ["preferences"]
    assert receipt.version == cookies.register().version
    assert receipt.policy_version == ledger.version().number
    assert (receipt.place, receipt.language, receipt.gpc) == ("banner", "ru", True)
    assert [screen.digest for screen in chooser.screens()] == [receipt.screen]


@pytest.mark.promise("P2.5")
def test_a_withdrawal_is_written_beside_the_acceptance_which_stays(chooser: Device) -> None:
    chooser.choose("accept")
    (accepted,) = chooser.receipts()
    chooser.choose("reject")

    first, second = chooser.receipts()
    assert vars_of(first) == vars_of(accepted)
    assert (second.number, second.granted, second.place) == (first.number, [], "footer")
    assert second.decided >= first.decided
    assert "consent_receipt" not in chooser.holds()


@pytest.mark.parametrize("decision", ["reject", "save"])
def test_a_refusal_needs_no_proof_and_gets_no_number(chooser: Device, decision: str) -> None:
    for _ in range(2):
        chooser.choose(decision)

    assert (chooser.receipts(), chooser.screens()) == ([], [])
    assert set(chooser.holds()) == {"consent"}


def test_a_second_click_within_the_hour_adds_nothing_and_a_later_choice_does(
    chooser: Device, wall: Clock
) -> None:
    chooser.choose("accept")
    number = chooser.holds()["consent_receipt"]
    wall.off = rules.REPEATED_WITHIN - timedelta(seconds=20)
    chooser.choose("save", "preferences")
    assert len(chooser.receipts()) == 1

    wall.off = rules.REPEATED_WITHIN + timedelta(seconds=1)
    chooser.choose("accept")
    assert [receipt.number for receipt in chooser.receipts()] == [number] * 2
    assert chooser.holds()["consent_receipt"] == number


def test_a_withdrawal_clicked_twice_is_one_and_a_consent_after_it_has_another_number(chooser: Device) -> None:
    chooser.choose("accept")
    number = chooser.holds()["consent_receipt"]
    for _ in range(2):
        chooser.choose("reject")
        # A second tab, or a page from before: the device still shows its number.
        chooser.keep("consent_receipt", number)
    assert [receipt.granted for receipt in chooser.receipts()] == [["preferences"], []]

    chooser.choose("accept")
    assert chooser.receipts()[-1].number == chooser.holds()["consent_receipt"] != number


@pytest.mark.usefixtures("own_register")
@pytest.mark.promise("P2.4", "P2.5")
def test_a_changed_choice_is_written_under_the_same_number(chooser: Device) -> None:
    cookies.declare_purpose(cookies.Purpose("statistics", "Statistics", "Statistics: we count."))
    chosen = [["preferences"], ["preferences", "statistics"], ["statistics"]]
    for some in chosen:
        chooser.choose("save", *some)

    assert [receipt.granted for receipt in chooser.receipts()] == chosen
    assert {receipt.number for receipt in chooser.receipts()} == {chooser.holds()["consent_receipt"]}
    assert chooser.holds()["consent"].endswith(".01")


@pytest.mark.parametrize(
    "number", ["", "a" * 22, "%", "\x00" * 22, "😀", "' OR 1=1 --", "ф" * 22, "9" * 8000]
)
def test_a_number_that_nobody_was_given_is_not_taken_over(app: Flask, number: str) -> None:
    header = f"consent_receipt={number}".encode().decode("latin-1")
    forger = Device(app, visit(app, use_cookies=False), {"Cookie": header})
    assert forger.choose("reject").status_code == 303
    assert forger.receipts() == []

    assert forger.choose("accept").status_code == 303
    assert [receipt.number == number for receipt in forger.receipts()] == [False]


def test_nothing_that_is_kept_tells_who_chose(chooser: Device) -> None:
    markers = {
        "User-Agent": "MarkedBrowser/1.0",
        "Accept-Language": "de-x-marked",
        "X-Forwarded-For": "198.51.100.77",
    }
    referer = "http://127.0.0.1:8000/en/privacy?marked=referer"
    chooser.headers = {**markers, "Referer": referer, "Sec-CH-UA": '"Marked";v="1"'}
    chooser.keep("lang", "marked-cookie")
    for decision in ("accept", "reject", "accept"):
        chooser.client.post(
            "/consent",
            data={"decision": decision, "next": "/en/?marked=next", "anything": "marked-field"},
            headers=chooser.headers,
            environ_base={"REMOTE_ADDR": "203.0.113.77"},
        )

    kept = everything(chooser.app)
    assert len(chooser.receipts()) == 3
    assert "consent-banner" in kept
    for trace in ("arked", "203.0.113", "198.51.100", "de-x"):
        assert trace not in kept


def test_rows_are_added_and_deleted_and_never_changed(chooser: Device, wall: Clock) -> None:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        sent.append(statement.split(maxsplit=1)[0].upper())

    with chooser.app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    for decision in ("accept", "accept", "reject", "reject", "accept"):
        chooser.choose(decision)
        wall.off += timedelta(hours=2)
        chooser.get("/consent/en/receipt")
    chooser.post("/consent/en/receipt")
    chooser.app.test_cli_runner().invoke(args=["consent", "prune"])

    assert {"INSERT", "SELECT", "DELETE"} <= set(sent)
    assert set(sent).isdisjoint({"UPDATE", "REPLACE", "MERGE", "UPSERT"})


@pytest.mark.usefixtures("patient")
def test_several_who_are_the_first_to_see_a_screen_all_get_their_receipt(app: Flask) -> None:
    together, before_insert = Barrier(AT_ONCE), Barrier(AT_ONCE)

    def hold(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        # On PostgreSQL all have looked for the screen when the first stores it; SQLite lets one in at a time.
        if statement.startswith("INSERT INTO consent_screen"):
            with suppress(BrokenBarrierError):
                before_insert.wait(0.5)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", hold)

    def accept(_number: int) -> tuple[int, str]:
        one = device(app)
        together.wait()
        return one.choose("accept").status_code, one.holds()["consent_receipt"]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(accept, range(AT_ONCE)))

    found = device(app)
    assert {status for status, _ in answers} == {303}
    assert {number for _, number in answers} == {receipt.number for receipt in found.receipts()}
    assert len(found.receipts()) == AT_ONCE
    assert len(found.screens()) == 1


@pytest.mark.usefixtures("patient")
def test_one_device_that_clicks_in_several_tabs_at_once_keeps_one_number(chooser: Device) -> None:
    chooser.choose("accept")
    number = chooser.holds()["consent_receipt"]

    def click(_number: int) -> str:
        tab = device(chooser.app)
        tab.keep("consent_receipt", number)
        tab.choose("accept")
        return tab.holds()["consent_receipt"]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(click, range(AT_ONCE))) == {number}
    assert len(chooser.receipts()) == 1


def vars_of(row: object) -> dict[str, object]:
    """A row's columns."""
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def test_the_numbers_of_receipts_are_not_to_be_guessed(app: Flask) -> None:
    for _ in range(20):
        device(app).choose("accept")
    with app.app_context(), db.engine.connect() as connection:
        numbers = connection.execute(text("SELECT number FROM consent_receipt")).scalars().all()

    assert len(set(numbers)) == 20
    assert len({number[:8] for number in numbers}) == 20

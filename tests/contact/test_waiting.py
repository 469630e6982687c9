from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from flexsmt_site.contact import desk, handling, waiting
from flexsmt_site.outbox import chores, lease
from flexsmt_site.outbox.chores import Round
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.transport import Connection
from flexsmt_site.staff import service as staff
from flexsmt_site.staff.rules import Role
from tests.contact.form import Form, body_of, parsed, take

MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LATE = MONDAY - 3 * DAY
ANNA = 7


def _unused() -> Connection:
    raise AssertionError("to queue a mail needs no mail server")


@pytest.fixture(autouse=True)
def anna(form: Form) -> None:
    assert form
    staff.add("anna@example.com", Role.SALES, LATE)


def tell(now: datetime) -> None:
    waiting.tell(Round(now, "", _unused))


def mails(form: Form) -> list[Mail]:
    return [mail for mail in form.mails() if mail.kind == waiting.KIND]


def test_each_recipient_is_told_in_their_language_what_waits_for_an_answer(form: Form) -> None:
    first = take(LATE, company="Platine <GmbH> & Co")
    second = take(LATE + MINUTE, country="RU", company="Плата")
    handling.take(second, 1, ANNA, LATE + DAY)
    tell(MONDAY)

    english, russian = mails(form)
    assert [english.recipient, russian.recipient] == ["sales-en@example.com", "sales-ru@example.com"]
    assert parsed(english)["Subject"] == "2 enquiries wait for an answer"
    text = body_of(english)
    assert text.index(first) < text.index(second)
    assert "Platine <GmbH> & Co, Germany\nSomebody has taken it: no\n" in text
    assert "Плата, Russia\nSomebody has taken it: yes\n" in text
    assert "2 enquiries came in more than two days ago and are not marked as answered." in text
    assert "Received: 20 November 2026" in text
    assert "Platine &lt;GmbH&gt; &amp; Co" in body_of(english, "html")
    assert "Плата, Россия" in body_of(russian)
    assert "Плата, Россия" in body_of(russian, "html")


def test_it_links_to_each_enquiry_and_to_the_inbox(form: Form) -> None:
    reference = take(LATE)
    tell(MONDAY)

    for mail, language in zip(mails(form), ("en", "ru"), strict=True):
        inbox = f"http://127.0.0.1:8000/staff/{language}/inbox"
        assert f"\n{inbox}/{reference}\n" in body_of(mail)
        assert body_of(mail).rstrip().endswith(f": {inbox}")
        assert f'href="{inbox}/{reference}"' in body_of(mail, "html")
        assert f'href="{inbox}"' in body_of(mail, "html")


def test_it_shows_no_address_of_the_sender_and_answers_go_to_nobody(form: Form) -> None:
    take(LATE)
    tell(MONDAY)

    for mail in mails(form):
        assert "Reply-To" not in parsed(mail)
        assert all("anna@example.com" not in body_of(mail, kind) for kind in ("plain", "html"))


def test_a_request_about_ones_data_stands_out(form: Form) -> None:
    take(LATE, subject="my-data")
    tell(MONDAY)

    for kind in ("plain", "html"):
        assert "The law sets a term for the answer." in body_of(mails(form)[0], kind)


def test_what_is_answered_held_or_not_two_days_old_is_not_missed(form: Form) -> None:
    take(LATE, trap="x")
    take(MONDAY - 2 * DAY)
    handling.answer(take(LATE), 1, ANNA, MONDAY)
    tell(MONDAY)
    assert mails(form) == []

    tell(MONDAY + MINUTE)
    assert "1 enquiry came in more than two days ago" in body_of(mails(form)[0])


def test_what_was_released_or_opened_again_is_missed(form: Form) -> None:
    released, opened = take(LATE, trap="x"), take(LATE)
    handling.release(released, 1, ANNA, LATE)
    handling.reopen(opened, handling.answer(opened, 1, ANNA, LATE), ANNA, LATE)
    tell(MONDAY)

    assert all(name in body_of(mails(form)[0]) for name in (released, opened))


@pytest.mark.parametrize(
    "moment", [MONDAY - MINUTE, MONDAY - DAY, MONDAY + DAY, MONDAY + 6 * DAY, MONDAY.replace(hour=0)]
)
def test_it_comes_on_mondays_from_six_in_the_morning(form: Form, moment: datetime) -> None:
    take(LATE - DAY)
    tell(moment)
    assert mails(form) == []

    tell(MONDAY.replace(hour=23, minute=59))
    assert len(mails(form)) == 2


def test_it_comes_once_a_week_as_long_as_something_waits(form: Form) -> None:
    reference = take(LATE)
    for later in range(4):
        tell(MONDAY + later * timedelta(hours=5))
    assert len(mails(form)) == 2

    tell(MONDAY + 7 * DAY)
    assert len(mails(form)) == 4
    handling.answer(reference, 1, ANNA, MONDAY + 8 * DAY)
    tell(MONDAY + 14 * DAY)
    assert len(mails(form)) == 4


def test_a_mail_that_was_late_on_its_day_does_not_put_off_the_next(form: Form) -> None:
    take(LATE)
    tell(MONDAY.replace(hour=23))
    tell(MONDAY + 7 * DAY)
    assert len(mails(form)) == 4


def test_it_comes_though_the_clock_had_run_ahead(form: Form) -> None:
    take(LATE)
    tell(MONDAY + 28 * DAY)
    tell(MONDAY)
    assert len(mails(form)) == 4


def test_another_clock_that_differs_by_a_minute_makes_no_second_mail(form: Form) -> None:
    take(LATE)
    tell(MONDAY + MINUTE)
    tell(MONDAY)
    assert len(mails(form)) == 2


@pytest.mark.usefixtures("patient")
def test_relays_at_once_make_one_mail_for_each_recipient(form: Form) -> None:
    take(LATE)
    together = Barrier(4)
    found = waiting.list_waiting(MONDAY)

    def run(number: int) -> bool:
        with form.app.app_context():
            together.wait()
            return waiting.put(found, MONDAY + number * timedelta(milliseconds=1))

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(run, range(4))) == [False, False, False, True]
    assert [mail.recipient for mail in mails(form)] == ["sales-en@example.com", "sales-ru@example.com"]


def test_fifty_are_named_the_oldest_first_and_all_are_counted(form: Form) -> None:
    names = [take(LATE + number * timedelta(seconds=1)) for number in range(53)]
    tell(MONDAY)

    text = body_of(mails(form)[0])
    assert [name in text for name in names] == [True] * 50 + [False] * 3
    assert "3 more are not listed here." in text
    assert "3 more are not listed here." in body_of(mails(form)[0], "html")
    assert "53 enquiries came in more than two days ago" in text


def test_a_mail_about_what_is_answered_by_then_is_cancelled(form: Form) -> None:
    answered, erased = take(LATE), take(LATE)
    tell(MONDAY)
    # It came in later: this mail does not tell of it.
    take(MONDAY)
    handling.answer(answered, 1, ANNA, MONDAY)
    desk.erase(desk.get_entry(erased))

    assert {mail.kind for mail in lease.claim("relay", MONDAY)} == {"sales-notice"}
    assert {mail.state for mail in mails(form)} == {State.CANCELLED}
    assert {mail.raw for mail in mails(form)} == {None}


@pytest.mark.usefixtures("form")
def test_notices_go_before_it() -> None:
    take(LATE)
    tell(MONDAY)

    assert [mail.kind for mail in lease.claim("relay", MONDAY)] == ["sales-notice"] * 2 + [waiting.KIND] * 2


@pytest.mark.usefixtures("lone_app")
def test_the_relay_does_it() -> None:
    assert chores._chores[waiting.KIND] is waiting.tell  # noqa: SLF001


def test_nobody_is_told_where_nobody_could_mark_an_enquiry_as_answered(form: Form) -> None:
    take(LATE)
    staff.set_role("anna@example.com", Role.EDITOR, LATE)
    tell(MONDAY)

    assert mails(form) == []

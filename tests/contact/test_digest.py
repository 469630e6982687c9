from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import update

from flexsmt_site import clock, database
from flexsmt_site.contact import desk, digest
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.outbox import chores, lease
from flexsmt_site.outbox.chores import Round
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.transport import Connection
from tests.contact.form import Form, body_of, parsed, take

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def _unused() -> Connection:
    raise AssertionError("to queue a mail needs no mail server")


def tell(now: datetime) -> None:
    digest.tell(Round(now, "", _unused))


def hold(now: datetime, **changes: str) -> str:
    return take(now, trap="x", **changes)


def digests(form: Form) -> list[Mail]:
    return [mail for mail in form.mails() if mail.kind == digest.KIND]


def subjects(form: Form) -> list[str]:
    return [str(parsed(mail)["Subject"]) for mail in digests(form)]


def test_each_recipient_is_told_in_their_language_what_is_held_and_why(form: Form) -> None:
    now = clock.now()
    first = hold(now - 2 * HOUR, company="Platine <GmbH> & Co")
    second = hold(now - HOUR, country="RU", company="Плата", description="https://example.com/ " * 4)
    tell(now)

    english, russian = digests(form)
    assert [english.recipient, russian.recipient] == ["sales-en@example.com", "sales-ru@example.com"]
    assert subjects(form) == [
        "2 enquiries look suspicious and are held",
        "2 обращения вызывают сомнения и отложены",
    ]
    text = body_of(english)
    assert text.index(second) < text.index(first)
    assert "Platine <GmbH> & Co, Germany" in text
    assert "Плата, Russia" in text
    assert "The text holds many links. A field that people do not see was filled in." in text
    assert f"flexsmt enquiries release {second}" in text
    assert "2 enquiries are held in all." in text
    for mail in (english, russian):
        for kind in ("plain", "html"):
            assert all(name in body_of(mail, kind) for name in (first, second))
    assert "Platine &lt;GmbH&gt; &amp; Co" in body_of(english, "html")
    assert "Заполнено поле, которого люди не видят." in body_of(russian)
    assert "Плата, Россия" in body_of(russian)


def test_it_links_to_what_is_held_in_the_inbox(form: Form) -> None:
    hold(clock.now() - HOUR)
    tell(clock.now())

    for mail, language in zip(digests(form), ("en", "ru"), strict=True):
        link = f"http://127.0.0.1:8000/staff/{language}/inbox?shelf=held"
        assert f": {link}\n" in body_of(mail)
        assert f'href="{link}"' in body_of(mail, "html")


def test_it_shows_no_address_of_the_sender_and_answers_go_to_nobody(form: Form) -> None:
    hold(clock.now() - HOUR)
    tell(clock.now())

    for mail in digests(form):
        assert "Reply-To" not in parsed(mail)
        assert all("anna@example.com" not in body_of(mail, kind) for kind in ("plain", "html"))


def test_nothing_held_is_no_mail(form: Form) -> None:
    take(clock.now() - HOUR)
    tell(clock.now())
    assert digests(form) == []


def test_what_was_released_or_erased_before_is_not_told(form: Form) -> None:
    now = clock.now()
    desk.release(desk.get_entry(hold(now - HOUR)), now)
    desk.erase(desk.get_entry(hold(now - HOUR)))
    tell(now)
    assert digests(form) == []


def test_it_comes_once_a_day_and_only_if_something_came_in(form: Form) -> None:
    now = clock.now()
    hold(now - HOUR)
    for later in (0, 1, 2):
        tell(now + later * MINUTE)
    assert len(digests(form)) == 2

    fresh = hold(now + HOUR)
    tell(now + 24 * HOUR - MINUTE)
    assert len(digests(form)) == 2
    tell(now + 24 * HOUR)
    assert len(digests(form)) == 4
    assert fresh in body_of(digests(form)[2])
    assert "1 enquiry looks suspicious" in body_of(digests(form)[2])
    assert "2 enquiries are held in all." in body_of(digests(form)[2])

    tell(now + 72 * HOUR)
    assert len(digests(form)) == 4


def test_each_enquiry_is_in_exactly_one_mail_even_if_it_came_in_with_it(form: Form) -> None:
    now = clock.now()
    earlier = hold(now)
    tell(now)
    with_it = hold(now)
    tell(now + 24 * HOUR)

    first, _, second, _ = digests(form)
    assert earlier in body_of(first)
    assert with_it not in body_of(first)
    assert earlier not in body_of(second)
    assert with_it in body_of(second)


def test_what_is_held_is_told_though_the_clock_had_run_ahead(form: Form) -> None:
    now = clock.now()
    ahead = hold(now + 30 * 24 * HOUR)
    tell(now + 30 * 24 * HOUR)
    held = hold(now)
    tell(now)
    tell(now + MINUTE)

    first, _, second, _ = digests(form)
    assert ahead in body_of(first)
    assert held in body_of(second)
    assert ahead not in body_of(second)


def test_what_was_held_while_the_clock_was_behind_is_told(form: Form) -> None:
    now = clock.now()
    hold(now)
    tell(now)
    behind = hold(now - 30 * 24 * HOUR)
    tell(now + 24 * HOUR)
    assert behind in body_of(digests(form)[2])


def test_another_clock_that_differs_by_a_minute_makes_no_second_mail(form: Form) -> None:
    now = clock.now()
    hold(now)
    tell(now + MINUTE)
    hold(now)
    tell(now)
    assert len(digests(form)) == 2


def test_what_changes_while_the_mail_is_written_is_left_to_the_next_look(form: Form) -> None:
    now = clock.now()
    slow, quick = hold(now), hold(now)
    # On PostgreSQL a lower number can become visible after a higher one.
    with database.write() as session:
        session.execute(update(Enquiry).where(Enquiry.reference == slow).values(told=now))
    seen = digest.list_held()
    with database.write() as session:
        session.execute(update(Enquiry).values(told=None))

    assert [entry.reference for entry in seen.listed] == [quick]
    assert not digest.put(seen, now)
    assert digests(form) == []
    tell(now)
    assert all(name in body_of(digests(form)[0]) for name in (slow, quick))


@pytest.mark.usefixtures("patient")
def test_two_relays_at_once_make_one_mail_for_each_recipient(form: Form) -> None:
    now, together = clock.now(), Barrier(4)
    hold(now - HOUR)

    def run(number: int) -> None:
        with form.app.app_context():
            together.wait()
            # Over midnight or not: what a mail follows names it, not the day.
            tell(now + number * timedelta(milliseconds=1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert [mail.recipient for mail in digests(form)] == ["sales-en@example.com", "sales-ru@example.com"]


def test_a_flood_is_told_in_one_mail_with_its_number(form: Form) -> None:
    now = clock.now()
    names = [hold(now - HOUR + number * timedelta(seconds=1)) for number in range(53)]
    tell(now)

    text, russian = (body_of(mail) for mail in digests(form))
    assert [name in text for name in names] == [False] * 3 + [True] * 50
    assert "3 more are not listed here." in text
    assert "Ещё 3 здесь не перечислены." in russian
    assert "53 enquiries are held in all." in text


def test_a_request_about_ones_data_stands_out(form: Form) -> None:
    hold(clock.now() - HOUR, subject="my-data")
    tell(clock.now())
    for kind in ("plain", "html"):
        assert "The law sets a term for the answer." in body_of(digests(form)[0], kind)


def test_a_mail_about_what_is_held_no_more_is_cancelled(form: Form) -> None:
    now = clock.now()
    held = hold(now - HOUR)
    tell(now)
    desk.erase(desk.get_entry(held))

    assert lease.claim("relay", now) == []
    assert {mail.state for mail in digests(form)} == {State.CANCELLED}
    assert {mail.raw for mail in digests(form)} == {None}


@pytest.mark.usefixtures("form")
def test_notices_go_before_it() -> None:
    now = clock.now()
    hold(now - HOUR)
    tell(now)
    take(now)

    assert [mail.kind for mail in lease.claim("relay", now)] == ["sales-notice"] * 2 + [digest.KIND] * 2


@pytest.mark.usefixtures("lone_app")
def test_the_relay_does_it() -> None:
    assert chores._chores[digest.KIND] is digest.tell  # noqa: SLF001

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import engine

from flexsmt_site import clock, database, networks
from flexsmt_site.config import ROOT, Settings
from flexsmt_site.contact import network, rules, service
from flexsmt_site.contact.models import Arrival
from flexsmt_site.contact.network import TooMany
from flexsmt_site.outbox.chores import Round
from flexsmt_site.outbox.transport import Connection
from tests.contact.form import FILLED_IN, PUBLIC, Form, body_of, parsed, take

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ELSEWHERE = "198.51.100.7"

pytestmark = pytest.mark.usefixtures("form")

Meanwhile = Callable[[Callable[[], object]], None]


def _together(settings: Settings, processes: int, count: int) -> Counter[int]:
    """Let workers send at the same time; returns how often each answer came."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")},
        "FLEXSMT_DATA_DIR": str(settings.data_dir),
        "FLEXSMT_DATABASE_URL": settings.database_url,
        "FLEXSMT_RATE_LIMIT": str(settings.rate_limit),
    }
    command = [sys.executable, "-m", "tests.contact.poster", str(count)]
    pipe = subprocess.PIPE
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=pipe)
        for _ in range(processes)
    ]
    for process in running:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    ended = [process.communicate("go\n", timeout=120) for process in running]
    assert [process.returncode for process in running] == [0] * processes, ended
    return Counter(int(status) for output, _ in ended for status in output.split())


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Do something between the first look and the beginning of the transaction."""
    waiting: list[Callable[[], object]] = []
    writing = database.writing

    def begin() -> AbstractContextManager[engine.Connection]:
        if waiting:
            waiting.pop()()
        return writing()

    monkeypatch.setattr(database, "writing", begin)
    return waiting.append


@pytest.mark.proof
class TestWorkers:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {"RATE_LIMIT": "20"}

    def test_four_workers_at_once_take_exactly_as_many_as_the_limit_and_mark_from_the_sixth_on(
        self, form: Form, settings: Settings
    ) -> None:
        assert _together(settings, 4, 15) == {303: 20, 429: 40}

        stored = form.enquiries()
        assert (len(stored), len(form.arrivals()), len(form.mails())) == (20, 20, 40)
        assert Counter(enquiry.signals for enquiry in stored) == {"": 5, "crowded": 15}


class TestMidnight:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {"RATE_LIMIT": "3"}

    def test_the_hour_is_exact_across_midnight(self, form: Form) -> None:
        for moment in (MIDNIGHT - 30 * MINUTE, MIDNIGHT - MINUTE, MIDNIGHT + 5 * MINUTE):
            take(moment)
        with pytest.raises(TooMany) as refused:
            take(MIDNIGHT + 15 * MINUTE)
        assert refused.value.wait == 15 * MINUTE

        assert take(MIDNIGHT + 30 * MINUTE)
        assert len({row.network for row in form.arrivals()}) == 2

    def test_a_worker_whose_clock_is_ahead_over_midnight_is_counted(self) -> None:
        for _ in range(3):
            take(MIDNIGHT + MINUTE)
        with pytest.raises(TooMany):
            take(MIDNIGHT - MINUTE)

    def test_a_clock_that_ran_ahead_by_an_hour_or_more_locks_no_network_out(self) -> None:
        noon = MIDNIGHT + timedelta(hours=12)
        for _ in range(3):
            take(noon + networks.HOUR)
        assert take(noon)

    def test_days_do_not_add_up(self) -> None:
        for day in range(5):
            assert take(MIDNIGHT + timedelta(days=day))


def test_the_sixth_enquiry_of_a_network_within_an_hour_is_marked_and_mailed(form: Form) -> None:
    now = clock.now()
    for _ in range(6):
        take(now)

    assert [stored.signals for stored in form.enquiries()] == [""] * 5 + ["crowded"]
    mails = form.mails()
    assert len(mails) == 12
    assert str(parsed(mails[10])["Subject"]).startswith("[suspicious]")
    assert "Many enquiries came from the same network within an hour." in body_of(mails[10])
    assert "За час из той же сети пришло много обращений." in body_of(mails[11])


def test_the_sixth_after_an_hour_is_not_marked(form: Form) -> None:
    now = clock.now()
    for minutes in (0, 12, 24, 36, 48, 60):
        take(now + minutes * MINUTE)

    assert {stored.signals for stored in form.enquiries()} == {""}


def test_what_comes_between_the_first_look_and_the_transaction_is_counted_too(
    form: Form, meanwhile: Meanwhile
) -> None:
    now = clock.now()
    for _ in range(4):
        take(now)
    meanwhile(lambda: take(now))
    take(now)

    assert [stored.signals for stored in form.enquiries()] == [""] * 5 + ["crowded"]
    mails = form.mails()
    assert [str(parsed(mail)["Subject"]).startswith("[") for mail in mails] == [False] * 10 + [True] * 2


def test_the_same_form_that_comes_in_between_is_one_enquiry(form: Form, meanwhile: Meanwhile) -> None:
    now, first = clock.now(), []
    meanwhile(lambda: first.append(take(now, ELSEWHERE, nonce="once")))

    assert [take(now, nonce="once")] == first
    assert (len(form.enquiries()), len(form.arrivals())) == (1, 1)


def test_the_same_form_with_other_content_that_comes_in_between_is_asked_about(meanwhile: Meanwhile) -> None:
    now = clock.now()
    meanwhile(lambda: take(now, ELSEWHERE, nonce="once"))

    with pytest.raises(service.AlreadyReceived):
        take(now, nonce="once", city="Bonn")


def test_a_reference_drawn_twice_is_drawn_again(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 8])
    monkeypatch.setattr("secrets.randbits", lambda _bits: next(drawn))
    now = clock.now()

    assert [take(now), take(now)] == [rules.reference(7), rules.reference(8)]
    assert (len(form.enquiries()), len(form.arrivals()), len(form.mails())) == (2, 2, 4)


def test_arrivals_are_forgotten_after_48_hours_with_the_next_enquiry(form: Form) -> None:
    now = clock.now()
    take(now - timedelta(hours=48, seconds=1))
    take(now - timedelta(hours=47))
    take(now, ELSEWHERE)

    assert [row.at for row in form.arrivals()] == [now - timedelta(hours=47), now]


def _unused() -> Connection:
    raise AssertionError("to forget needs no mail server")


def test_arrivals_are_forgotten_after_48_hours_by_the_relay_when_no_enquiry_comes(form: Form) -> None:
    now = clock.now()
    take(now)
    network.forget_old(Round(now + timedelta(hours=48), "", _unused))
    assert len(form.arrivals()) == 1

    network.forget_old(Round(now + timedelta(hours=48, seconds=1), "", _unused))
    assert form.arrivals() == []


def test_arrivals_of_a_clock_that_ran_ahead_are_forgotten_from_48_hours_on(form: Form) -> None:
    now = clock.now()
    take(now + timedelta(hours=48))
    take(now + timedelta(hours=49))
    network.forget_old(Round(now, "", _unused))

    assert [row.at for row in form.arrivals()] == [now + timedelta(hours=48)]


def test_many_old_arrivals_are_forgotten_a_part_at_a_time(form: Form) -> None:
    now = clock.now()
    with database.write() as session:
        session.add_all(Arrival(network="x", at=now - timedelta(days=3)) for _ in range(501))
    take(now)
    assert len(form.arrivals()) == 2
    take(now)
    assert len(form.arrivals()) == 2


def test_a_text_that_somebody_else_sent_within_a_day_is_marked(form: Form) -> None:
    now, text = clock.now(), "We offer you the first place in all searches"
    take(now - timedelta(hours=23), ELSEWHERE, description=text, email="a@example.com")
    take(now, description=f"  {text.upper()} ", email="b@example.com")
    take(now + timedelta(hours=25), description=text, email="c@example.com")

    assert [stored.signals for stored in form.enquiries()] == ["", "repeated", ""]
    assert {mail.subject_key for mail in form.mails()} == {1, 2, 3}


def test_who_sends_the_same_text_again_is_no_spammer(form: Form) -> None:
    now, text = clock.now(), "When will you answer my question?"
    take(now, description=text, email="A@example.com")
    take(now + timedelta(hours=1), description=text, email="a@example.com")

    assert [stored.signals for stored in form.enquiries()] == ["", ""]


def test_short_texts_and_none_at_all_are_no_repetition(form: Form) -> None:
    now = clock.now()
    for text in ("", "", "Please call me", "Please call me"):
        take(now, description=text)

    assert {stored.signals for stored in form.enquiries()} == {""}


def test_what_was_stored_before_is_no_more_than_the_form_says(form: Form) -> None:
    take(clock.now())

    (stored,) = form.enquiries()
    assert stored.text_digest is None
    assert stored.description == FILLED_IN["description"]
    assert PUBLIC not in str(vars(stored))

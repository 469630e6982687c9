import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from flexsmt_site import clock, create_app, database
from flexsmt_site.contact import desk, handling, rules
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State
from tests.conftest import make_settings
from tests.contact.form import FILLED_IN, Form, reference_of, take

Run = Callable[..., tuple[int, str]]
NOBODYS = "FX-0000-0000"


def call(app: Flask, *arguments: str, typed: str = "") -> tuple[int, str, str]:
    found = app.test_cli_runner().invoke(args=["enquiries", *arguments], input=typed)
    return found.exit_code, found.stdout, found.stderr


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda *arguments, **options: call(app, *arguments, **options)[:2]


def _set(number: int, **values: object) -> None:
    with database.write() as session:
        session.execute(update(Mail).where(Mail.id == number).values(**values))


def test_the_list_is_newest_first_and_says_where_each_stands(form: Form, run: Run) -> None:
    now = clock.now().replace(hour=10, minute=5)
    names = [take(now), take(now + timedelta(minutes=1), trap="x"), take(now, trap="x", company="Плата")]
    desk.release(desk.get_entry(names[2]), now)
    _set(1, state=State.ACCEPTED)

    code, output = run("list")
    assert code == 0
    day = f"{now:%Y-%m-%d}"
    assert [re.split(" {2,}", line) for line in output.splitlines()] == [
        [names[2], f"{day} 10:05 UTC", "released: queued", "Плата", "DE"],
        [names[1], f"{day} 10:06 UTC", "held", "Platine GmbH", "DE"],
        [names[0], f"{day} 10:05 UTC", "accepted, queued", "Platine GmbH", "DE"],
    ]
    assert len(form.enquiries()) == 3


def test_the_list_can_be_cut_and_narrowed_to_what_is_held(form: Form, run: Run) -> None:
    names = [take(clock.now(), trap="x" if number % 2 else "") for number in range(4)]
    assert len(form.enquiries()) == 4

    assert [line.split()[0] for line in run("list", "--limit", "2")[1].splitlines()] == [names[3], names[2]]
    assert [line.split()[0] for line in run("list", "--held")[1].splitlines()] == [names[3], names[1]]
    assert run("list", "--limit", "0")[0] == 2


@pytest.mark.usefixtures("form")
def test_an_empty_list_says_so(run: Run) -> None:
    assert run("list") == (0, "no enquiries\n")
    assert run("list", "--held") == (0, "no enquiry is held\n")


def test_show_prints_everything_that_is_stored(form: Form, run: Run) -> None:
    reference = reference_of(form.send("ru", subject="my-data", contact_time="x"))
    (stored,) = form.enquiries()
    code, output = run("show", reference)

    facts, _, text = output.partition("\n\n")
    lines = [line.split(None, 1) for line in facts.splitlines()]
    assert code == 0
    assert text == f"{FILLED_IN['description']}\n"
    moment = f"{stored.received:%Y-%m-%d %H:%M} UTC"
    for fact in (
        *(["reference", reference], ["received", moment], ["held", moment], ["stands", "held"]),
        *(["subject", "my-data"], ["name", "Анна Müller"], ["e-mail", "anna@example.com"]),
        *(["company", "Platine GmbH"], ["language", "en"], ["source", "contact form"]),
        ["suspicious", "A field that people do not see was filled in."],
    ):
        assert fact in lines
    assert "Köln, Germany" in facts
    assert f"version 1 of the policy in en, {moment}" in facts


def test_show_says_where_each_notice_stands_and_what_the_server_said(form: Form, run: Run) -> None:
    reference = take(clock.now(), description="")
    english, russian = form.mails()
    _set(english.id, state=State.BOUNCED, last_code=550, last_text="mailbox\x1b[2J full")
    _set(russian.id, state=State.FAILED)
    output = run("show", reference)[1]

    assert f"notice       {english.recipient} bounced: 550 mailbox[2J full\n" in output
    assert f"notice       {russian.recipient} failed\n" in output
    assert "stands       bounced, failed\n" in output
    assert output.endswith("\n\n(no text)\n")
    assert "subject      none\n" in output


def test_show_says_how_far_the_answer_is_and_what_the_staff_noted(form: Form, run: Run) -> None:
    now = clock.now().replace(hour=10, minute=5)
    reference = take(now - timedelta(hours=1))
    assert "stage        new\n" in run("show", reference)[1]
    handling.take(reference, 1, 7, now)
    handling.answer(reference, 2, 8, now + timedelta(minutes=1))
    handling.write_note(reference, 7, "Called.\nNobody there.", now + timedelta(minutes=2))
    output = run("show", reference)[1]

    day = f"{now:%Y-%m-%d}"
    assert f"taken        {day} 10:05 UTC by staff 7\n" in output
    assert f"answered     {day} 10:06 UTC by staff 8\n" in output
    assert "stage        answered\n" in output
    assert f"note         {day} 10:07 UTC by staff 7: Called.\n             Nobody there.\n" in output
    assert f"last active  {day} 10:07 UTC\n" in output
    assert len(form.mails()) == 2


def test_what_is_held_is_shown_in_no_stage(form: Form, run: Run) -> None:
    reference = take(clock.now(), trap="x")
    handling.write_note(reference, 7, "Spam", clock.now())

    output = run("show", reference)[1]
    assert "stage" not in output
    assert "by staff 7: Spam\n" in output
    assert form.mails() == []


def test_a_release_mails_what_is_held_and_a_second_changes_nothing(form: Form, run: Run) -> None:
    reference = take(clock.now(), trap="x")

    assert run("release", reference) == (0, f"{reference} is released: its notices are queued\n")
    assert run("release", reference) == (0, f"{reference} is not held\n")
    assert len(form.mails()) == 2
    assert "released     " in run("show", reference)[1]


@pytest.mark.parametrize("written", [str.lower, lambda name: name.replace("-", ""), lambda name: f" {name} "])
def test_a_reference_may_be_written_in_other_ways(
    form: Form, run: Run, written: Callable[[str], str]
) -> None:
    reference = take(clock.now(), trap="x")

    assert run("release", written(reference))[1].startswith(f"{reference} is released")
    assert len(form.mails()) == 2


def test_an_erasure_asks_first(form: Form, run: Run) -> None:
    reference = take(clock.now())

    code, output = run("erase", reference, typed="n\n")
    assert code == 1
    assert f"Delete {reference} of Platine GmbH for good?" in output
    assert len(form.enquiries()) == 1

    code, output = run("erase", reference, typed="y\n")
    assert code == 0
    assert f"{reference} is erased, with 2 notices" in output
    assert form.is_empty()


def test_an_erasure_does_not_ask_when_told_so(form: Form, run: Run) -> None:
    reference = take(clock.now())

    assert run("erase", reference, "--yes")[0] == 0
    assert form.is_empty()


@pytest.mark.parametrize("command", ["show", "release", "erase"])
@pytest.mark.parametrize("written", [NOBODYS, "nonsense", "", "9" * 5000])
@pytest.mark.usefixtures("form")
def test_a_reference_that_nobody_has_is_one_line_that_says_where_to_look(
    app: Flask, command: str, written: str
) -> None:
    code, output, errors = call(app, command, written)

    assert (code, output) == (1, "")
    assert errors == f"Error: no enquiry {written}: `flexsmt enquiries list` shows the references\n"


@pytest.mark.parametrize("arguments", ["list", f"show {NOBODYS}", f"release {NOBODYS}", f"erase {NOBODYS}"])
@pytest.mark.parametrize("url", ["", "postgresql+psycopg://x@127.0.0.1:1/x", "sqlite:////nowhere/site.db"])
def test_a_database_without_tables_or_out_of_reach_is_one_line_that_names_the_mend(
    tmp_path: Path, arguments: str, url: str
) -> None:
    app = create_app(make_settings(tmp_path, **({"DATABASE_URL": url} if url else {})))
    code, output, errors = call(app, *arguments.split())

    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert "check FLEXSMT_DATABASE_URL, or run: flexsmt db upgrade" in errors


def test_events_of_a_command_do_not_mix_with_its_words(app: Flask, form: Form) -> None:
    reference = take(clock.now(), trap="x")
    _code, output, errors = call(app, "release", reference)

    assert output.count("\n") == 1
    assert '"enquiry.released"' in errors
    assert rules.REFERENCE.search(output)
    assert Enquiry.__tablename__ not in output
    assert len(form.mails()) == 2

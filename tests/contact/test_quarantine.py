import json
import logging
from datetime import timedelta

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from flexsmt_site import clock
from flexsmt_site.contact import desk
from flexsmt_site.extensions import db
from tests.contact.form import Form, body_of, parsed, reference_of, take, token

SPAM = {"contact_time": "https://spam.example.com"}
ADVERTISING = "https://example.com/ " * 4


def _said(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(record.message) for record in caplog.records if record.name == "flexsmt"]


def _alike(answer: TestResponse) -> tuple[int, dict[str, str], str]:
    reference = answer.headers["Location"].rpartition("/")[2]
    headers = {name: value.replace(reference, "FX") for name, value in answer.headers}
    return answer.status_code, headers, answer.text.replace(reference, "FX")


def test_a_filled_trap_is_stored_and_held_and_nothing_is_mailed(form: Form) -> None:
    before = clock.now()
    reference = reference_of(form.send(**SPAM))

    (stored,) = form.enquiries()
    assert (stored.reference, stored.signals, stored.is_held) == (reference, "trapped", True)
    assert stored.quarantined
    assert before <= stored.quarantined == stored.received
    assert stored.released is None
    assert form.mails() == []
    assert len(form.arrivals()) == 1


def test_signals_of_two_kinds_hold_an_enquiry_and_of_one_kind_only_mark_it(form: Form) -> None:
    hasty = timedelta(seconds=1)
    form.send(form_token=token(age=hasty), description=ADVERTISING)
    form.send(form_token=token(age=timedelta(minutes=1)), description=ADVERTISING, email="b@example.com")

    both, repeated = form.enquiries()
    assert (both.signals, both.is_held) == ("hasty links", True)
    assert (repeated.signals, repeated.is_held) == ("links repeated", False)
    assert {mail.subject_key for mail in form.mails()} == {repeated.id}
    for kind in ("plain", "html"):
        english, russian = (body_of(mail, kind) for mail in form.mails())
        assert "The text holds many links. The same text came from somebody else within a day." in english
        assert "тексте много ссылок. Такой же текст уже пришёл" in russian


def test_what_is_held_is_answered_like_any_other(form: Form) -> None:
    ordinary, held = form.send(), form.send(**SPAM)
    assert _alike(held) == _alike(ordinary)

    pages = [form.client.get(answer.headers["Location"]) for answer in (ordinary, held)]
    references = [reference_of(answer) for answer in (ordinary, held)]
    texts = [page.text.replace(name, "FX") for page, name in zip(pages, references, strict=True)]
    assert texts[0] == texts[1]
    assert [page.status_code for page in pages] == [200, 200]


def test_htmx_is_answered_alike_too(form: Form) -> None:
    form.headers = {"HX-Request": "true"}
    answers = [form.send(), form.send(**SPAM)]

    assert {answer.status_code for answer in answers} == {200}
    assert all("/contact/received/FX-" in answer.headers["HX-Redirect"] for answer in answers)


def test_the_same_held_form_sent_again_gives_the_same_reference(form: Form) -> None:
    once = token()
    assert len({reference_of(form.send(form_token=once, **SPAM)) for _ in range(3)}) == 1
    assert len(form.enquiries()) == 1


def test_a_release_queues_the_notices_once(form: Form) -> None:
    reference = take(clock.now(), trap="x")
    entry = desk.get_entry(reference)
    now = clock.now()

    assert desk.release(entry, now)
    assert not desk.release(entry, now)
    assert not desk.release(desk.get_entry(reference), now)
    (stored,) = form.enquiries()
    assert (stored.released, stored.is_held) == (now, False)
    english, russian = form.mails()
    assert str(parsed(english)["Subject"]).startswith(f"[suspicious] Enquiry {reference}")
    assert "A field that people do not see was filled in." in body_of(english, "html")
    assert "Заполнено поле, которого люди не видят." in body_of(russian)


def test_what_was_never_held_can_not_be_released(form: Form) -> None:
    entry = desk.get_entry(take(clock.now()))

    assert not desk.release(entry, clock.now())
    assert len(form.mails()) == 2
    assert form.enquiries()[0].released is None


def test_a_release_that_fails_leaves_the_enquiry_held(form: Form) -> None:
    entry = desk.get_entry(take(clock.now(), trap="x"))

    def fail(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO outbox"):
            raise ZeroDivisionError

    event.listen(db.engine, "before_cursor_execute", fail)
    with pytest.raises(ZeroDivisionError):
        desk.release(entry, clock.now())
    assert form.enquiries()[0].is_held
    assert form.mails() == []


def test_an_enquiry_erased_meanwhile_is_not_released(form: Form) -> None:
    entry = desk.get_entry(take(clock.now(), trap="x"))
    desk.erase(entry)

    assert not desk.release(entry, clock.now())
    assert form.is_empty()


def test_events_name_references_and_signals_and_no_person(
    form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="flexsmt")
    ordinary, held = reference_of(form.send()), reference_of(form.send(**SPAM))
    desk.release(desk.get_entry(held), clock.now())
    desk.erase(desk.get_entry(ordinary))

    facts = [{name: fact for name, fact in event.items() if name != "at"} for event in _said(caplog)]
    assert facts == [
        {"event": "enquiry.received", "reference": ordinary, "signals": [], "held": False},
        {"event": "enquiry.received", "reference": held, "signals": ["trapped"], "held": True},
        {"event": "enquiry.held", "reference": held},
        {"event": "enquiry.released", "reference": held},
        {"event": "enquiry.erased", "reference": ordinary, "notices": 2},
    ]


class TestFlood:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {"RATE_LIMIT": "1"}

    def test_a_refusal_is_an_event_without_network_or_reference(
        self, form: Form, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, logger="flexsmt")
        form.address = "203.0.113.7"
        form.send()
        form.send()

        last = _said(caplog)[-1]
        assert {name: fact for name, fact in last.items() if name != "at"} == {
            "event": "enquiry.refused",
            "reason": "rate",
        }

    def test_what_is_held_counts_as_well(self, form: Form) -> None:
        form.address = "203.0.113.7"
        assert form.send(**SPAM).status_code == 303
        assert form.send().status_code == 429

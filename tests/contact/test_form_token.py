from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock, create_app, tokens
from flexsmt_site.contact import service
from tests.conftest import make_settings
from tests.contact.form import FILLED_IN, Form, reference_of, token, value_of

KEPT = ("first_name", "last_name", "email", "company", "country", "city", "description")


def _is_kept(answer: object) -> bool:
    return all(value_of(answer, name) == FILLED_IN[name] for name in KEPT)  # type: ignore[arg-type]


@pytest.mark.parametrize("made_up", ["", "nonsense", "eyJhIjoxfQ.AAAA", "я", "." * 5000])
def test_a_forged_token_is_answered_with_the_input_and_a_token_that_works(form: Form, made_up: str) -> None:
    refused = form.client.post("/en/contact", data={**FILLED_IN, "form_token": made_up})

    assert refused.status_code == 422
    assert _is_kept(refused)
    assert form.is_empty()
    assert reference_of(form.send(form_token=value_of(refused, "form_token")))


def test_a_token_for_another_purpose_opens_nothing(lone_form: Form) -> None:
    stolen = tokens.sign("another purpose", {"language": "en", "policy": 1, "issued": "x", "nonce": "x"})

    assert lone_form.send(form_token=stolen).status_code == 422
    assert lone_form.is_empty()


def test_a_changed_token_opens_nothing(lone_form: Form) -> None:
    body, _, signature = token().rpartition(".")

    assert lone_form.send(form_token=f"{body}x.{signature}").status_code == 422
    assert lone_form.is_empty()


@pytest.mark.parametrize("age", [timedelta(hours=24, seconds=5), timedelta(days=400), timedelta(hours=-1)])
def test_a_page_open_for_more_than_a_day_is_shown_again_with_what_was_typed(
    form: Form, age: timedelta
) -> None:
    refused = form.send(form_token=token(age=age))

    assert refused.status_code == 422
    assert _is_kept(refused)
    assert "could not be used any more" in refused.text
    assert form.is_empty()
    assert reference_of(form.send(form_token=value_of(refused, "form_token")))


def test_a_token_of_almost_a_day_is_taken(form: Form) -> None:
    assert reference_of(form.send(form_token=token(age=timedelta(hours=23, minutes=59))))


def test_a_page_after_an_error_keeps_the_time_of_its_first_issue(lone_form: Form) -> None:
    first = token()
    refused = lone_form.send(form_token=first, agree=None)

    assert value_of(refused, "form_token") == first


def test_each_page_has_a_token_of_its_own_with_language_and_version(lone_form: Form) -> None:
    first, second = (
        service.read(value_of(lone_form.client.get("/ru/contact"), "form_token")) for _ in range(2)
    )

    assert first.language == second.language == "ru"
    assert first.nonce != second.nonce
    assert clock.now() - first.issued < timedelta(seconds=30)


def test_another_worker_with_the_same_secret_takes_the_token(tmp_path: Path) -> None:
    secret = "s" * 40
    first, second = (create_app(make_settings(tmp_path, SECRET_KEY=secret)) for _ in range(2))
    with first.app_context():
        signed = token()

    with second.app_context():
        assert service.read(signed).language == "en"


def test_a_worker_with_another_secret_does_not(tmp_path: Path) -> None:
    first, second = (create_app(make_settings(tmp_path, SECRET_KEY=sign * 40)) for sign in "ab")
    with first.app_context():
        signed = token()

    with second.app_context(), pytest.raises(tokens.BadToken):
        service.read(signed)


def test_a_ticket_that_another_version_has_signed_is_shown_again(lone_app: Flask, lone_form: Form) -> None:
    with lone_app.app_context():
        other = tokens.sign("contact form", {"language": "en", "issued": "yesterday"})
    refused = lone_form.send(form_token=other)

    assert refused.status_code == 422
    assert "Error:" in refused.text
    assert lone_form.is_empty()


def test_a_form_shown_again_for_its_age_may_be_sent_at_once(form: Form) -> None:
    refused = form.send(form_token=token(age=timedelta(hours=25)))
    form.send(form_token=value_of(refused, "form_token"))

    (enquiry,) = form.enquiries()
    assert not enquiry.signals


def test_an_old_form_names_every_other_error_too(lone_form: Form) -> None:
    refused = lone_form.send(form_token=token(age=timedelta(hours=25)), city="", email="anna@")

    assert "Enter your city" in refused.text
    assert "Enter an e-mail address" in refused.text

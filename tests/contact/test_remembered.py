"""The details for the next enquiry: on this device alone, only after consent, gone when that ends."""

import re

import pytest

from flexsmt_site import cookies, tokens
from flexsmt_site.contact import remembered
from tests.consent.device import HTMX, Device, removed, written
from tests.contact.form import FILLED_IN, Form, token, value_of
from tests.contact.remembering import BOTH, GONE, KEPT, LANGUAGES, OFFER, agreed, send, shown, signed


@pytest.mark.promise("P2.4", "P5.5")
@pytest.mark.parametrize("sent_in", LANGUAGES)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_after_consent_and_an_enquiry_the_form_of_both_languages_is_filled_in(
    chooser: Device, sent_in: str, headers: dict[str, str]
) -> None:
    agreed(chooser)
    assert OFFER not in chooser.get("/en/contact").text
    chooser.headers = headers
    assert set(send(chooser, sent_in)) == BOTH

    chooser.headers = {}
    for language in LANGUAGES:
        page = chooser.get(f"/{language}/contact")
        assert shown(chooser, language) == KEPT
        assert OFFER in page.text
        assert value_of(page, "description") == ""
        assert re.search(r'name="agree"[^>]*>', page.text)
        assert "checked" not in page.text.partition('name="agree"')[2].partition(">")[0]
        # Else the browser's own cache would still know what this device has forgotten.
        assert page.headers["Cache-Control"] == "private, no-store"


@pytest.mark.promise("P2.4", "P5.1")
@pytest.mark.parametrize("decision", ["", "reject", "save"])
@pytest.mark.parametrize("headers", [{}, {"Sec-GPC": "1"}], ids=["plain", "gpc"])
def test_without_consent_nothing_is_remembered(
    chooser: Device, decision: str, headers: dict[str, str]
) -> None:
    chooser.headers = headers
    if decision:
        chooser.choose(decision)

    assert send(chooser) == {}
    assert set(shown(chooser).values()) == {""}
    assert OFFER not in chooser.get("/en/contact").text
    assert set(chooser.holds()) == ({"consent"} if decision else set())


@pytest.mark.promise("P2.4")
@pytest.mark.usefixtures("own_register")
def test_consent_to_something_else_does_not_cover_it(chooser: Device) -> None:
    cookies.declare_purpose(cookies.Purpose("visits", "Visits", "Visits: we count."))
    chooser.choose("save", "visits")

    assert send(chooser) == {}
    assert chooser.holds()["consent"].endswith(".01")


def test_what_is_remembered_is_closed_to_scripts_and_sent_to_the_form_alone(chooser: Device) -> None:
    agreed(chooser)
    with chooser.app.app_context():
        answer = Form(chooser.app, chooser.client).send()

    lines = {line.partition("=")[0]: line.split("; ") for line in answer.headers.getlist("Set-Cookie")}
    for language in LANGUAGES:
        attributes = lines[f"contact_{language}"]
        assert {"HttpOnly", "SameSite=Lax", f"Path=/{language}/contact"} <= set(attributes)
        assert f"Max-Age={184 * 24 * 3600}" in attributes


def test_only_the_details_are_remembered_and_not_what_it_was_about(chooser: Device) -> None:
    values = send(agreed(chooser), description="A secret plan for boards", subject="my-data")

    with chooser.app.app_context():
        for value in values.values():
            assert tokens.read(remembered._TOKEN, value) == KEPT  # noqa: SLF001
    assert list(KEPT) == ["first_name", "last_name", "email", "company", "country", "city"]


def test_an_enquiry_that_is_not_taken_changes_nothing(chooser: Device) -> None:
    agreed(chooser)
    with chooser.app.app_context():
        refused = Form(chooser.app, chooser.client).send(agree=None)

    assert refused.status_code == 422
    assert written(refused) == {}
    assert set(shown(chooser).values()) == {""}


def test_the_newest_enquiry_is_the_one_that_is_remembered(chooser: Device) -> None:
    send(agreed(chooser))
    send(chooser, "ru", city="Bonn", first_name="Олег")

    assert shown(chooser) == {**KEPT, "city": "Bonn", "first_name": "Олег"}


def test_a_remembered_form_sent_at_once_is_no_haste_that_holds_it(chooser: Device) -> None:
    send(agreed(chooser))
    page = chooser.get("/en/contact")
    answer = chooser.post(
        "/en/contact",
        **shown(chooser),
        description="Please call me about the next boards",
        agree="y",
        contact_time="",
        form_token=value_of(page, "form_token"),
    )

    assert answer.status_code == 303
    with chooser.app.app_context():
        form = Form(chooser.app, chooser.client)
        assert [enquiry.is_held for enquiry in form.enquiries()] == [False, False]
        assert len(form.mails()) == 4


@pytest.mark.promise("P2.4", "P2.5")
@pytest.mark.parametrize("consent", [None, "reject", "aaaaa.1"], ids=["none", "refused", "another version"])
def test_details_that_are_seen_without_consent_are_not_used_and_leave_the_device(
    lone_chooser: Device, consent: str | None
) -> None:
    if consent == "reject":
        lone_chooser.choose(consent)
    elif consent:
        lone_chooser.keep("consent", consent)
    for name in BOTH:
        lone_chooser.keep(name, signed(lone_chooser, **KEPT))
    page = lone_chooser.get("/ru/contact")

    assert {value_of(page, name) for name in remembered.FIELDS} == {""}
    assert removed(page) == GONE
    assert not BOTH & set(lone_chooser.holds())


@pytest.mark.promise("P2.5")
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_withdrawal_takes_the_details_of_both_languages(chooser: Device, headers: dict[str, str]) -> None:
    send(agreed(chooser))
    chooser.headers = headers
    answer = chooser.choose("reject")

    assert removed(answer) >= GONE
    assert set(chooser.holds()) == {"consent"}
    chooser.headers = {}
    assert set(shown(chooser).values()) == {""}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_button_beside_the_form_forgets_the_details_and_keeps_the_consent(
    chooser: Device, language: str
) -> None:
    send(agreed(chooser))
    answer = chooser.post(f"/{language}/contact/forget")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/{language}/contact")
    assert removed(answer) == GONE
    assert set(chooser.holds()) == {"consent", "consent_receipt"}
    assert set(shown(chooser, language).values()) == {""}


@pytest.mark.parametrize("language", LANGUAGES)
def test_htmx_forgets_in_place_so_that_what_is_typed_stays(lone_chooser: Device, language: str) -> None:
    lone_chooser.headers = HTMX
    answer = lone_chooser.post(f"/{language}/contact/forget")

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<p id="contact-forgotten"')
    assert 'role="status" tabindex="-1" autofocus' in answer.text
    assert "<html" not in answer.text
    assert removed(answer) == GONE
    assert answer.headers["Content-Language"] == language
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_correction_of_an_enquiry_is_filled_in_too(chooser: Device) -> None:
    send(agreed(chooser))
    page = chooser.get("/en/contact?reference=FX-0000-0000&subject=my-data")

    assert value_of(page, "email") == KEPT["email"]
    assert value_of(page, "description").startswith("About my enquiry FX-0000-0000:")


def test_a_switch_of_language_keeps_what_was_typed_over_what_is_remembered(chooser: Device) -> None:
    send(agreed(chooser))
    with chooser.app.app_context():
        typed = {**FILLED_IN, "city": "Bonn", "form_token": token(), "language": "ru"}
    page = chooser.post("/ru/contact", **typed)

    assert value_of(page, "city") == "Bonn"
    assert OFFER not in page.text

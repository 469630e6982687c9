import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from flexsmt_site import clock, ledger
from flexsmt_site.contact import rules
from tests.contact.form import FILLED_IN, Form, body_of, parsed, reference_of, token, value_of
from tests.ground.visitors import visit


def test_a_valid_enquiry_is_answered_303_with_an_unguessable_address(form: Form) -> None:
    answer = form.send()

    assert rules.REFERENCE.fullmatch(reference_of(answer))
    assert answer.headers["Location"].startswith("/en/contact/received/")
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.promise("P7.3")
def test_the_enquiry_is_stored_with_the_version_language_and_time_of_the_consent(form: Form) -> None:
    before = clock.now()
    reference = reference_of(form.send("ru", form_token=token("ru")))

    (stored,) = form.enquiries()
    assert {name: getattr(stored, name) for name in rules.LIMITS} == {
        name: FILLED_IN[name] for name in rules.LIMITS
    }
    assert (stored.reference, stored.country, stored.source) == (reference, "DE", "contact form")
    assert (stored.language, stored.policy_version) == ("ru", ledger.version().number)
    assert before <= stored.agreed <= clock.now()
    assert stored.agreed == stored.received == stored.last_activity
    assert not stored.signals


@pytest.mark.promise("P7.3")
def test_after_a_switch_of_language_the_consent_is_recorded_in_the_language_that_was_read(form: Form) -> None:
    switched = form.client.post("/ru/contact", data=form.filled_in(language="ru"))
    form.send("ru", form_token=value_of(switched, "form_token"))

    assert [stored.language for stored in form.enquiries()] == ["ru"]


def test_each_recipient_gets_one_notice_in_their_own_language(form: Form) -> None:
    reference = reference_of(form.send())

    mails = form.mails()
    (stored,) = form.enquiries()
    assert [mail.recipient for mail in mails] == ["sales-en@example.com", "sales-ru@example.com"]
    assert {mail.subject_key for mail in mails} == {stored.id}
    english, russian = (str(parsed(mail)["Subject"]) for mail in mails)
    assert english == f"Enquiry {reference}: Platine GmbH, Germany"
    assert reference in russian
    assert "Германия" in russian


@pytest.mark.promise("P7.4")
def test_an_answer_to_the_notice_goes_to_the_visitor_and_nothing_goes_to_the_visitor_directly(
    form: Form,
) -> None:
    form.send()

    assert len(form.mails()) == len(form.app.extensions["flexsmt_settings"].sales_to)
    for mail in form.mails():
        assert [address.addr_spec for address in parsed(mail)["Reply-To"].addresses] == ["anna@example.com"]
        assert mail.recipient.startswith("sales-")


def test_the_notice_says_everything_that_was_typed(form: Form) -> None:
    form.send()

    for mail in form.mails():
        text = body_of(mail)
        for name in ("first_name", "last_name", "email", "company", "city", "description"):
            assert FILLED_IN[name] in text


def test_the_notice_links_to_the_page_of_the_enquiry_in_the_inbox(form: Form) -> None:
    reference = reference_of(form.send())

    for mail, language in zip(form.mails(), ("en", "ru"), strict=True):
        link = f"http://127.0.0.1:8000/staff/{language}/inbox/{reference}"
        assert f": {link}\n" in body_of(mail)
        assert f'href="{link}"' in body_of(mail, "html")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_received_page_names_the_reference_and_nothing_personal(form: Form, language: str) -> None:
    answer = form.client.get(form.send(language, form_token=token(language)).headers["Location"])

    (stored,) = form.enquiries()
    assert answer.status_code == 200
    assert stored.reference in answer.text
    assert f'lang="{language}"' in answer.text
    for name in ("first_name", "last_name", "email", "company", "city"):
        assert FILLED_IN[name] not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]


@pytest.mark.promise("P0.8")
def test_the_received_page_leads_to_a_correction_that_names_the_enquiry(form: Form) -> None:
    reference = reference_of(form.send())
    page = form.client.get(f"/en/contact/received/{reference}").text
    link = re.search(r'href="(/en/contact\?reference=[^"]+)"', page)

    assert link
    assert reference in value_of(form.client.get(link[1]), "description")


@pytest.mark.parametrize(
    "reference", ["FX-0000-0000", "FX-ILOU-0000", "nonsense", "FX-0000-0000%00", "..%2F"]
)
def test_a_reference_that_nobody_has_is_404(client: FlaskClient, reference: str) -> None:
    assert client.get(f"/en/contact/received/{reference}").status_code == 404


def test_a_correction_link_with_a_made_up_reference_fills_in_nothing(lone_form: Form) -> None:
    answer = lone_form.client.get("/en/contact?reference=%3Cscript%3E")

    assert value_of(answer, "description") == ""
    assert "<script>" not in answer.text


def test_a_form_sent_too_fast_is_stored_and_mailed_with_a_marked_subject(form: Form) -> None:
    assert form.send(form_token=token(age=timedelta(seconds=1))).status_code == 303

    english, russian = form.mails()
    assert [stored.signals for stored in form.enquiries()] == ["hasty"]
    assert str(parsed(english)["Subject"]).startswith("[suspicious]")
    for kind in ("plain", "html"):
        assert "It was sent faster than a person types." in body_of(english, kind)
        assert "быстрее, чем человек успевает" in body_of(russian, kind)
    assert str(parsed(russian)["Subject"]).startswith("[")


def test_a_request_about_ones_data_is_marked_as_such(form: Form) -> None:
    reference = reference_of(form.send(subject="my-data"))

    assert [stored.subject for stored in form.enquiries()] == ["my-data"]
    assert str(parsed(form.mails()[0])["Subject"]).startswith(f"My data: {reference}")


def test_an_unknown_subject_is_left_out(form: Form) -> None:
    form.send(subject="x" * 300)

    assert [stored.subject for stored in form.enquiries()] == [""]


@pytest.mark.promise("P5.5")
def test_the_whole_way_to_an_enquiry_sets_no_cookie_and_needs_none(form: Form) -> None:
    form.client = visit(form.app, use_cookies=False)
    page = form.client.get("/en/contact")
    sent = form.send(form_token=value_of(page, "form_token"))
    received = form.client.get(sent.headers["Location"])

    assert received.status_code == 200
    assert not any(answer.headers.getlist("Set-Cookie") for answer in (page, sent, received))
    assert len(form.enquiries()) == 1

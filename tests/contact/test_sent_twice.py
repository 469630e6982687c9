from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from flexsmt_site.contact.rules import TokenAge
from flexsmt_site.contact.service import read
from tests.contact.form import FILLED_IN, Form, reference_of, token, value_of
from tests.ground.visitors import visit

AT_ONCE = 6


def test_the_same_form_sent_again_gives_the_same_reference_and_no_second_enquiry(form: Form) -> None:
    once = token()
    references = {reference_of(form.send(form_token=once)) for _ in range(3)}

    assert len(references) == 1
    assert len(form.enquiries()) == 1
    assert len(form.mails()) == 2


@pytest.mark.usefixtures("patient")
def test_the_same_form_sent_at_once_by_several_workers_is_one_enquiry(form: Form) -> None:
    once, together = token(), Barrier(AT_ONCE)
    filled_in = form.filled_in(form_token=once)

    def send(_number: int) -> str:
        client = visit(form.app)
        together.wait()
        return reference_of(client.post("/en/contact", data=filled_in))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        references = set(pool.map(send, range(AT_ONCE)))

    assert len(references) == 1
    assert len(form.enquiries()) == 1
    assert len(form.mails()) == 2


@pytest.mark.usefixtures("patient")
def test_different_forms_sent_at_once_are_all_stored(form: Form) -> None:
    filled_in = [form.filled_in(form_token=token(), city=f"City {number}") for number in range(AT_ONCE)]
    together = Barrier(AT_ONCE)

    def send(number: int) -> str:
        client = visit(form.app)
        together.wait()
        return reference_of(client.post("/en/contact", data=filled_in[number]))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        references = set(pool.map(send, range(AT_ONCE)))

    assert {stored.reference for stored in form.enquiries()} == references
    assert len(references) == AT_ONCE
    assert len(form.mails()) == 2 * AT_ONCE


def test_the_same_form_with_other_content_asks_first_and_then_takes_it(form: Form) -> None:
    once = token()
    reference = reference_of(form.send(form_token=once))
    asked = form.send(form_token=once, city="Bonn")

    assert asked.status_code == 422
    assert f"You have already written to us as {reference}." in asked.text
    assert value_of(asked, "city") == "Bonn"
    assert value_of(asked, "company") == FILLED_IN["company"]
    assert len(form.enquiries()) == 1

    second = reference_of(form.send(form_token=value_of(asked, "form_token"), city="Bonn"))
    assert second != reference
    assert [stored.city for stored in form.enquiries()] == ["Köln", "Bonn"]


def test_a_quick_click_after_that_question_is_no_haste(form: Form) -> None:
    once = token(age=timedelta(minutes=5))
    form.send(form_token=once)
    fresh = value_of(form.send(form_token=once, city="Bonn"), "form_token")

    assert read(fresh).issued == read(once).issued
    assert read(fresh).nonce != read(once).nonce
    form.send(form_token=fresh, city="Bonn")
    assert TokenAge.HASTY.value not in form.enquiries()[1].signals

import pytest

from tests.contact.form import Form

HTMX = {"HX-Request": "true"}


def test_htmx_gets_the_form_alone(lone_form: Form) -> None:
    lone_form.headers = HTMX
    answer = lone_form.send(agree=None)

    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<form id="contact-form"')
    assert "<html" not in answer.text
    assert 'id="error-summary"' in answer.text


def test_htmx_is_led_on_by_a_header_and_not_by_a_redirect(form: Form) -> None:
    form.headers = HTMX
    answer = form.send()

    (stored,) = form.enquiries()
    assert (answer.status_code, answer.text) == (200, "")
    assert answer.headers["HX-Redirect"] == f"/en/contact/received/{stored.reference}"
    assert "Location" not in answer.headers
    assert "HX-Request" in answer.vary


@pytest.mark.parametrize("further", ["HX-Boosted", "HX-History-Restore-Request"])
def test_a_boosted_request_and_a_restored_page_get_the_whole_page(lone_form: Form, further: str) -> None:
    lone_form.headers = {**HTMX, further: "true"}

    assert "<html" in lone_form.send(agree=None).text
    assert lone_form.send().status_code == 303


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_form_varies_with_what_htmx_says(lone_form: Form, headers: dict[str, str]) -> None:
    answer = lone_form.client.get("/en/contact", headers=headers)

    assert {"HX-Request", "Cookie", "Sec-GPC", "Accept-Encoding"} <= set(answer.vary)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert ("<html" in answer.text) == (not headers)


def test_a_refusal_by_htmx_leaves_what_was_typed_in_place(lone_form: Form) -> None:
    lone_form.headers = {**HTMX, "Sec-Fetch-Site": "cross-site"}
    answer = lone_form.send()

    assert answer.status_code == 403
    assert answer.headers["HX-Reswap"] == "none"

import pytest

from tests.contact.form import Form

OWN = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "anything"},
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://[::1"},
        {"Origin": f"{OWN}/"},
        {"Origin": "http://127.0.0.1:8001"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:8000.evil.example.com"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example.com"},
        {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
    ],
)
@pytest.mark.parametrize(("language", "reason"), [("en", "another site"), ("ru", "другой сайт")])
@pytest.mark.promise("P13.1")
def test_a_form_that_another_site_sends_is_refused_with_the_reason(
    lone_form: Form, headers: dict[str, str], language: str, reason: str
) -> None:
    lone_form.headers = headers
    answer = lone_form.send(language)

    assert answer.status_code == 403
    assert reason in answer.text
    assert lone_form.is_empty()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": OWN},
        {"Origin": "http://localhost:8000"},
        {"Sec-Fetch-Site": "same-origin", "Origin": OWN},
    ],
)
def test_our_own_page_and_clients_that_say_nothing_are_taken(
    lone_form: Form, headers: dict[str, str]
) -> None:
    lone_form.headers = headers

    assert lone_form.send().status_code == 303


def test_a_link_from_another_site_still_opens_the_form(lone_form: Form) -> None:
    answer = lone_form.client.get("/en/contact", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200

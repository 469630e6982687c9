"""Where a visitor goes on after a choice: back to the page, and never to another site."""

import pytest

from tests.consent.device import Device

OWN = "http://127.0.0.1:8000"
#: What looks like a path of this site and is none.
FOREIGN = [
    *("https://evil.example.com/en/", "//evil.example.com/en/", "///evil.example.com", "/\\evil.example.com"),
    *("\\\\evil.example.com", "http:/evil.example.com", "javascript:alert(1)", "/\t/evil.example.com"),
    *(
        "/\n/evil.example.com",
        "/en/\r\nSet-Cookie: a=b",
        " //evil.example.com",
        "en/",
        "/en/\u2028",
        "evil",
        "?a",
    ),
]


@pytest.mark.parametrize("target", FOREIGN)
def test_a_choice_leads_to_no_other_site(lone_chooser: Device, target: str) -> None:
    answers = [lone_chooser.choose(decision, next=target) for decision in ("reject", "accept")]

    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [(303, "/en/")] * 2


@pytest.mark.parametrize(
    ("referer", "expected"),
    [
        (f"{OWN}/ru/privacy?x=1#c5", "/ru/privacy?x=1"),
        (f"{OWN}/en/", "/en/"),
        ("http://localhost:8000/ru/contact", "/ru/contact"),
        (f"{OWN}//evil.example.com/", "/en/"),
        (OWN, "/en/"),
        ("https://evil.example.com/ru/privacy", "/en/"),
        ("http://127.0.0.1:8001/ru/privacy", "/en/"),
        ("http://127.0.0.1:8000@evil.example.com/ru/", "/en/"),
        ("/ru/privacy", "/en/"),
        ("", "/en/"),
        ("nonsense", "/en/"),
        ("http://[bad/ru/", "/en/"),
    ],
)
def test_without_a_target_the_page_it_came_from_counts_if_it_is_ours(
    lone_chooser: Device, referer: str, expected: str
) -> None:
    lone_chooser.headers = {"Referer": referer}

    assert lone_chooser.choose("reject", next="").headers["Location"] == expected
    assert lone_chooser.choose("reject", next="//evil.example.com").headers["Location"] == expected


def test_what_the_form_names_counts_more_than_the_page_it_came_from(lone_chooser: Device) -> None:
    lone_chooser.headers = {"Referer": f"{OWN}/en/contact"}

    assert lone_chooser.choose("reject", next="/ru/privacy").headers["Location"] == "/ru/privacy"


@pytest.mark.parametrize(("accepted", "home"), [("ru", "/ru/"), ("en", "/en/")])
def test_home_is_in_the_language_of_the_visitor(lone_chooser: Device, accepted: str, home: str) -> None:
    lone_chooser.headers = {"Accept-Language": accepted}

    assert lone_chooser.choose("reject", next="").headers["Location"] == home


@pytest.mark.parametrize(("target", "language"), [("/ru/promises", "ru"), ("/en/", "en"), ("/de/", "en")])
def test_the_page_that_is_gone_on_to_says_the_language(
    lone_chooser: Device, target: str, language: str
) -> None:
    answer = lone_chooser.choose("maybe", next=target)

    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["Content-Language"] == language


def test_a_path_in_other_letters_is_written_in_plain_ones(lone_chooser: Device) -> None:
    answer = lone_chooser.choose("reject", next="/ru/политика?о=я")

    assert answer.headers["Location"] == (
        "/ru/%D0%BF%D0%BE%D0%BB%D0%B8%D1%82%D0%B8%D0%BA%D0%B0?%D0%BE=%D1%8F"
    )


def test_the_answer_speaks_the_language_of_a_receipt_too(lone_chooser: Device) -> None:
    lone_chooser.headers = {"HX-Request": "true", "Accept-Language": "en"}
    answer = lone_chooser.choose("reject", next="/consent/ru/receipt#main")

    assert answer.headers["Content-Language"] == "ru"

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flexsmt_site.contact.models import Enquiry
from flexsmt_site.inbox import reply

REFERENCE = "FX-7K3M-92QD"
Link = Callable[..., str]


@pytest.fixture
def link(lone_app: Flask) -> Link:
    def made(**values: Any) -> str:
        known = {"reference": REFERENCE, "email": "anna@example.com", "language": "en", "description": ""}
        with lone_app.test_request_context("/staff/en/inbox"):
            return reply.link(Enquiry(**{**known, **values}))

    return made


def read(address: str) -> tuple[str, str, str]:
    """Whom it goes to, its subject and its text, as a mail program reads them."""
    parts = urlsplit(address)
    assert parts.scheme == "mailto"
    query = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    return unquote(parts.path), query["subject"][0], query["body"][0]


def test_an_answer_names_the_reference_and_quotes_the_text(link: Link) -> None:
    to, subject, body = read(link(description="Hello\n\n100 % & more?"))
    assert (to, subject) == ("anna@example.com", f"Your enquiry {REFERENCE}")
    assert body == "\r\n\r\nYou wrote to us:\r\n> Hello\r\n>\r\n> 100 % & more?"


def test_an_answer_to_an_empty_text_quotes_nothing(link: Link) -> None:
    assert read(link())[2] == ""


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=3000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_fits_what_mail_programs_take_and_is_cut_where_one_sees_it(link: Link, text: str) -> None:
    address = link(description=text)
    assert len(address) <= reply.LONGEST
    assert address.isascii()
    quoted = read(address)[2].partition(":\r\n> ")[2]
    whole = "\r\n> ".join(text.split("\n")).rstrip()
    assert quoted.rstrip() == whole or (quoted.endswith(" …") and whole.startswith(quoted[:-2].rstrip()))


def test_as_much_is_quoted_as_fits(link: Link) -> None:
    assert len(link(description="слово " * 900)) > reply.LONGEST - 20


@pytest.mark.parametrize("email", ["o'brien+x@example.com", "a&b?c=d@example.com", "a%b#c@example.com"])
def test_an_address_with_signs_of_its_own_stays_the_address(link: Link, email: str) -> None:
    assert read(link(email=email))[0] == email

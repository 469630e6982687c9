"""Every page and mail is rendered once in both languages; a name that nobody defined is an error."""

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail
from tests.ground.visitors import Visitor

TYPED = {
    "first_name": "Anna",
    "last_name": "Petrova",
    "email": "anna@example.com",
    "company": "Example",
    "country": "RU",
    "city": "Kazan",
    "description": "A line.",
    "agree": "y",
}
LANGUAGES = ("en", "ru")


@pytest.fixture
def visitor(site: Flask) -> FlaskClient:
    site.test_client_class = Visitor
    return site.test_client()


def addresses(site: Flask) -> list[str]:
    """Every address that asks for nothing but a language."""
    found = []
    for rule in site.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.arguments <= {"lang"}:
            values = [{"lang": lang} for lang in LANGUAGES] if rule.arguments else [{}]
            found += [built[1] for built in map(rule.build, values) if built]
    return found


def test_every_address_answers(site: Flask, visitor: FlaskClient) -> None:
    found = {}
    for address in addresses(site):
        with visitor.get(address) as answer:
            found[address] = answer.status_code
    assert found == {address: wanted(address) for address in found}


def wanted(address: str) -> int:
    """The status of an address for a stranger: most of the staff's are closed."""
    if address in ("/", "/staff/") or address.endswith("/sign-in/code"):
        return 302
    return 401 if address.startswith("/staff/") and not address.endswith("/sign-in") else 200


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_has_its_page(visitor: FlaskClient, lang: str) -> None:
    form = f"/{lang}/contact"
    assert visitor.get(f"/{lang}/nowhere").status_code == 404
    assert visitor.put(form).status_code == 405
    assert (
        visitor.post(form, data={"language": "en"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code
        == 403
    )
    assert visitor.post(form, data={"description": "x" * 70_000}).status_code == 413
    assert visitor.post(form, json={}).status_code == 415
    assert visitor.get(f"/{lang}/", base_url="http://elsewhere.example").status_code == 400


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_form_is_shown_refused_and_taken(site: Flask, visitor: FlaskClient, lang: str) -> None:
    form = f"/{lang}/contact"
    token = re.search(r'name="form_token"\s+value="([^"]+)"', visitor.get(f"{form}?subject=my-data").text)
    assert token is not None
    refused = visitor.post(form, data={"form_token": token[1]}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    typed = {**TYPED, "form_token": token[1], "subject": "my-data"}
    taken = visitor.post(form, data=typed)
    assert taken.status_code == 303
    assert visitor.get(urlsplit(taken.location).path).status_code == 200
    with site.app_context(), db.session.begin():
        assert db.session.query(Mail).count() >= len(LANGUAGES)

"""The form as most visitors get it is kept finished; what is one visitor's own is never in what is kept."""

import pytest
from flask import Flask

from flexsmt_site.contact import service
from tests.consent.device import device
from tests.contact.form import value_of
from tests.contact.remembering import KEPT, agreed, send, shown
from tests.ground.visitors import visit

PAGES = ("/en/contact", "/ru/contact")


@pytest.mark.parametrize("path", PAGES)
def test_everybody_gets_a_token_of_their_own_in_the_language_of_the_page(
    lone_app: Flask, rendered: list[str], path: str
) -> None:
    pages = [visit(lone_app).get(path) for _ in range(20)]
    tokens = [value_of(page, "form_token") for page in pages]

    assert rendered.count("contact/form.html") == 1
    assert len(set(tokens)) == 20
    with lone_app.app_context():
        assert {service.read(token).language for token in tokens} == {path[1:3]}
    rests = {page.text.replace(token, "") for page, token in zip(pages, tokens, strict=True)}
    assert len(rests) == 1
    assert {page.headers["Cache-Control"] for page in pages} == {"private, no-cache"}


@pytest.mark.parametrize("path", PAGES)
def test_what_is_kept_is_the_page_that_flask_renders(lone_app: Flask, path: str) -> None:
    whole = visit(lone_app).get(path)
    kept = visit(lone_app).get(path)
    # A query that the site does not know is rendered each time.
    fresh = visit(lone_app).get(f"{path}?x=1")

    texts = [page.text.replace(value_of(page, "form_token"), "") for page in (whole, kept, fresh)]
    assert texts[0] == texts[1]
    assert texts[1] == texts[2].replace(f"{path}?x=1", path).replace("/contact?x=1", "/contact")


def test_a_form_with_a_subject_or_a_reference_is_not_kept_for_others(lone_app: Flask) -> None:
    visitor = visit(lone_app)
    blank = visitor.get("/en/contact").text
    about = visitor.get("/en/contact?reference=FX-0000-0000").text
    mine = visitor.get("/en/contact?subject=my-data").text

    assert "FX-0000-0000" in about
    assert 'value="my-data"' in mine
    again = visitor.get("/en/contact").text
    assert len(again.splitlines()) == len(blank.splitlines())
    assert "FX-0000-0000" not in again
    assert 'value="my-data"' not in again


@pytest.mark.promise("P2.4")
def test_details_that_one_device_remembers_are_shown_to_no_other(lone_app: Flask) -> None:
    first, second = agreed(device(lone_app)), agreed(device(lone_app))
    send(first)

    for _ in range(2):
        assert shown(first) == KEPT
        assert set(shown(second).values()) == {""}

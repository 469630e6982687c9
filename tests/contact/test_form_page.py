import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import create_app
from flexsmt_site.contact import service
from flexsmt_site.contact.forms import ContactForm
from tests.conftest import make_settings
from tests.contact.form import FILLED_IN, Form, errors_of, reference_of, token, value_of
from tests.ground.visitors import Visitor, visit

ASKED = ("first_name", "last_name", "email", "company", "country", "city", "description", "agree")
HIDDEN = {"form_token", "contact_time", "next"}
CONTROL = re.compile(r'<(?:input|select|textarea)\b[^>]*\bname="(\w+)"[^>]*>')


def _control(page: str, name: str) -> str:
    return next(found[0] for found in CONTROL.finditer(page) if found[1] == name)


@pytest.mark.promise("P7.5")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_form_asks_for_what_clause_7_lists_and_hides_only_token_and_trap(
    visitor: Visitor, language: str
) -> None:
    form = visitor.get(f"/{language}/contact").text.partition('id="contact-form"')[2]
    names = [found[1] for found in CONTROL.finditer(form)]

    assert tuple(name for name in names if name not in HIDDEN) == ASKED
    assert set(names) - set(ASKED) == HIDDEN


@pytest.mark.promise("P7.5")
def test_clause_7_lists_the_fields_of_the_form(visitor: Visitor) -> None:
    clause = re.search(
        r'<section class="clause" id="c7".*?</section>', visitor.get("/en/privacy").text, re.DOTALL
    )
    assert clause
    listed = re.findall(r"<li>(.*?)</li>", clause[0])

    assert listed == [
        *(
            f"{name} (compulsory)"
            for name in ("first name", "last name", "e-mail", "company", "country", "city")
        ),
        "description (optional)",
    ]


@pytest.mark.promise("P7.2")
@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", ASKED)
def test_an_entry_is_marked_as_compulsory_if_and_only_if_it_is_refused_empty(
    lone_form: Form, language: str, name: str
) -> None:
    page = lone_form.client.get(f"/{language}/contact").text
    label = re.search(rf'<label for="{name}">(.*?)</label>', page)
    is_refused = name in errors_of(lone_form.send(language, **{name: ""}))
    is_optional = any(word in (label[1] if label else "") for word in ("(optional)", "(необязательно)"))

    assert (" required" in _control(page, name)) == is_refused
    assert is_optional == (not is_refused)


@pytest.mark.promise("P7.3")
def test_the_box_is_not_ticked_beforehand(visitor: Visitor) -> None:
    for language in ("en", "ru"):
        assert " checked" not in _control(visitor.get(f"/{language}/contact").text, "agree")


@pytest.mark.promise("P7.4")
def test_the_form_has_no_field_for_title_address_or_phone(lone_app: Flask) -> None:
    with lone_app.test_request_context():
        names = {field.name for field in ContactForm(formdata=None)}

    assert not {name for name in names if re.search("title|address|phone|street|post|tel", name)}


@pytest.mark.promise("P10.1", "P10.2")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_compulsory_field_says_why_it_is_asked(visitor: Visitor, language: str) -> None:
    page = visitor.get(f"/{language}/contact").text
    for name in ASKED[:6]:
        hint = re.search(rf'<p class="hint" id="{name}-hint">(.+?)</p>', page)
        assert hint
        assert hint[1].strip()
        assert f'aria-describedby="{name}-hint"' in _control(page, name)


@pytest.mark.promise("P0.7")
@pytest.mark.parametrize(
    ("language", "hint", "notice"),
    [
        ("en", "details about other people", "If you give details of other people, tell them first"),
        ("ru", "других люд", "других люд"),
    ],
)
def test_the_form_says_what_to_do_with_other_peoples_data(
    visitor: Visitor, language: str, hint: str, notice: str
) -> None:
    page = unescape(visitor.get(f"/{language}/contact").text).replace("\u00a0", " ")
    said = re.search(r'id="description-hint">(.*?)</p>', page)

    assert said
    assert hint in said[1]
    assert 'aria-describedby="description-hint"' in _control(page, "description")
    assert notice in page.partition('class="before"')[2]


@pytest.mark.promise("P13.4")
@pytest.mark.parametrize(
    ("language", "notice"), [("en", "No transmission over the internet"), ("ru", "интернет")]
)
def test_the_form_says_that_transmission_is_never_safe(visitor: Visitor, language: str, notice: str) -> None:
    before = visitor.get(f"/{language}/contact").text.partition('class="before"')[2]

    assert notice in before.partition("</form>")[0]


@pytest.mark.promise("P7.1")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_e_mail_and_phone_stand_next_to_the_form_where_they_are_set(tmp_path: Path, language: str) -> None:
    (tmp_path / "company.toml").write_text('email = "post@example.com"\nphone = "+49 (30) 12-34"\n')
    page = visit(create_app(make_settings(tmp_path))).get(f"/{language}/contact").text

    assert 'href="mailto:post@example.com"' in page
    assert 'href="tel:+49301234"' in page


def test_without_them_nothing_empty_stands_there(visitor: Visitor) -> None:
    page = visitor.get("/en/contact").text

    assert "mailto:" not in page
    assert "tel:" not in page


@pytest.mark.promise("P0.8")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_person_can_write_about_their_own_data(lone_form: Form, language: str) -> None:
    page = lone_form.client.get(f"/{language}/contact?subject=my-data")

    assert page.status_code == 200
    assert value_of(page, "subject") == "my-data"
    assert (
        '<input type="hidden" name="subject"'
        not in lone_form.client.get(f"/{language}/contact?subject=x").text
    )


def test_the_switch_of_language_carries_what_was_typed_and_stores_nothing(lone_form: Form) -> None:
    typed = lone_form.filled_in(agree=None, language="ru", next="/en/contact")
    switched = lone_form.client.post("/language", data=typed)

    assert switched.status_code == 307
    assert switched.headers["Location"] == "/ru/contact"
    shown = lone_form.client.post("/ru/contact", data=typed)
    assert shown.status_code == 200
    assert 'lang="ru"' in shown.text
    assert {name: value_of(shown, name) for name in ASKED[:7]} == {
        name: FILLED_IN[name] for name in ASKED[:7]
    }
    assert not errors_of(shown)
    assert lone_form.is_empty()


def test_a_switched_form_is_still_the_same_form(lone_form: Form) -> None:
    once = token("en")
    shown = lone_form.client.post("/ru/contact", data=lone_form.filled_in(form_token=once, language="ru"))
    before, after = service.read(once), service.read(value_of(shown, "form_token"))

    assert (after.nonce, after.issued, after.language) == (before.nonce, before.issued, "ru")
    assert reference_of(lone_form.send("ru", form_token=value_of(shown, "form_token")))


def test_a_switched_form_with_a_forged_token_stays_forged(lone_form: Form) -> None:
    shown = lone_form.client.post("/ru/contact", data=lone_form.filled_in(form_token="x", language="ru"))

    assert shown.status_code == 200
    assert lone_form.send("ru", form_token=value_of(shown, "form_token")).status_code == 422

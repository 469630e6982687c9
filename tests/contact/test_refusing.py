from io import BytesIO
from urllib.parse import urlencode

import pytest

from flexsmt_site.contact import rules
from tests.contact.form import FILLED_IN, Form, errors_of, reference_of, value_of

COMPULSORY = ("first_name", "last_name", "email", "company", "country", "city", "agree")
FORM = "application/x-www-form-urlencoded"


def test_everything_that_is_wrong_is_said_at_once(lone_form: Form) -> None:
    filled_in = lone_form.filled_in()
    answer = lone_form.client.post("/en/contact", data={"form_token": filled_in["form_token"]})

    assert answer.status_code == 422
    assert tuple(errors_of(answer)) == COMPULSORY
    assert "<title>Error: " in answer.text
    assert answer.text.count('aria-invalid="true"') == len(COMPULSORY)
    for name, words in errors_of(answer).items():
        assert f'<p class="error" id="{name}-error">{words}</p>' in answer.text
    assert lone_form.is_empty()


@pytest.mark.parametrize("name", COMPULSORY)
@pytest.mark.promise("P0.8")
def test_each_compulsory_entry_is_refused_alone_and_the_rest_is_kept(lone_form: Form, name: str) -> None:
    answer = lone_form.send(**{name: "  " if name != "agree" else ""})

    assert answer.status_code == 422
    assert tuple(errors_of(answer)) == (name,)
    kept = set(FILLED_IN) - {name, "agree", "contact_time"}
    assert {field: value_of(answer, field) for field in kept} == {field: FILLED_IN[field] for field in kept}
    assert ("checked" in answer.text) == (name != "agree")
    assert lone_form.is_empty()


@pytest.mark.promise("P7.3")
@pytest.mark.parametrize("tick", [None, "", "false"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_without_the_tick_nothing_is_taken(lone_form: Form, language: str, tick: str | None) -> None:
    answer = lone_form.send(language, agree=tick)

    assert answer.status_code == 422
    assert tuple(errors_of(answer)) == ("agree",)
    assert lone_form.is_empty()


@pytest.mark.parametrize("sign", ["a", "я", "𝒳", "😀"])
@pytest.mark.parametrize("name", [name for name in rules.LIMITS if name != "email"])
def test_a_text_may_be_as_long_as_its_limit_and_not_one_character_longer(
    form: Form, name: str, sign: str
) -> None:
    limit = rules.LIMITS[name]
    longest = form.send(**{name: sign * limit})
    too_long = form.send(**{name: sign * (limit + 1)})

    assert reference_of(longest)
    assert [getattr(stored, name) for stored in form.enquiries()] == [sign * limit]
    assert too_long.status_code == 422
    assert str(limit) in errors_of(too_long)[name].replace(",", "")
    assert value_of(too_long, name) == sign * (limit + 1)


@pytest.mark.parametrize(
    "address",
    [
        *("anna", "anna@", "@example.com", "anna@example", "a b@example.com", "anna@[127.0.0.1]"),
        *("anna@example.com, b@example.com", "anna@example.com\nBcc: b@example.com", "<anna@example.com>"),
        *("анна@example.com", f"anna@{'a' * 250}.com", "=?utf-8?q?a?=@example.com"),
    ],
)
def test_what_is_no_address_is_refused(lone_form: Form, address: str) -> None:
    answer = lone_form.send(email=address)

    assert answer.status_code == 422
    assert tuple(errors_of(answer)) == ("email",)
    assert lone_form.is_empty()


def test_an_address_in_a_russian_domain_is_taken(form: Form) -> None:
    form.send(email="anna@пример.испытание")

    assert [stored.email for stored in form.enquiries()] == ["anna@пример.испытание"]


@pytest.mark.parametrize("country", ["XX", "XK", "de", "DEU", "Germany", "EU", "\u202ede"])
def test_an_unknown_country_is_refused(lone_form: Form, country: str) -> None:
    answer = lone_form.send(country=country)

    assert answer.status_code == 422
    assert tuple(errors_of(answer)) == ("country",)


@pytest.mark.parametrize("name", [name for name in FILLED_IN if name not in ("agree", "contact_time")])
def test_nul_is_refused_and_not_passed_on(lone_form: Form, name: str) -> None:
    answer = lone_form.send(**{name: f"{FILLED_IN[name]}\0"})

    assert answer.status_code == 422
    assert name in errors_of(answer)
    assert lone_form.is_empty()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("name", ["first_name", "last_name", "company", "city"])
def test_a_line_break_in_a_single_line_is_refused(lone_form: Form, name: str, end: str) -> None:
    answer = lone_form.send(**{name: f"Anna{end}Bcc: b@example.com"})

    assert answer.status_code == 422
    assert tuple(errors_of(answer)) == (name,)


def test_control_and_bidi_characters_are_taken_out_before_storing(form: Form) -> None:
    form.send(first_name="An\u202ena\x07\u200f", description="One\u2066 \x1b[31mtwo\r\nthree\u2028four")

    (stored,) = form.enquiries()
    assert stored.first_name == "Anna"
    assert stored.description == "One [31mtwo\nthree\nfour"


def test_a_name_of_hidden_characters_alone_counts_as_empty(lone_form: Form) -> None:
    assert tuple(errors_of(lone_form.send(first_name="\u202e\u200f\x07"))) == ("first_name",)


def test_markup_comes_back_as_text(lone_form: Form) -> None:
    answer = lone_form.send(first_name='"><script>alert(1)</script>', agree=None)

    assert "<script>alert" not in answer.text
    assert value_of(answer, "first_name") == '"><script>alert(1)</script>'


@pytest.mark.parametrize("body", [b"first_name=%FF%FE", b"first_name=\xff", b"%C0%AF=1", b"a=%ED%A0%80"])
def test_broken_utf8_is_400(lone_form: Form, body: bytes) -> None:
    answer = lone_form.client.post("/en/contact", data=body, content_type=FORM)

    assert answer.status_code == 400
    assert lone_form.is_empty()


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "text/plain", ""])
def test_another_kind_of_body_is_415(lone_form: Form, kind: str) -> None:
    answer = lone_form.client.post("/ru/contact", data=b"--x--", content_type=kind)

    assert answer.status_code == 415
    assert 'lang="ru"' in answer.text


def test_more_than_64_kb_is_413(lone_form: Form) -> None:
    assert lone_form.send(description="a" * 70_000).status_code == 413
    assert lone_form.is_empty()


def test_a_text_of_64_kb_is_still_answered_by_the_form(lone_form: Form) -> None:
    body = urlencode(lone_form.filled_in(description=None)) + "&description="
    longest = body + "a" * (64 * 1024 - len(body))
    answers = [
        lone_form.client.post("/en/contact", data=sent, content_type=FORM)
        for sent in (longest, longest + "a")
    ]

    assert [answer.status_code for answer in answers] == [422, 413]


def test_ten_thousand_fields_are_refused(lone_form: Form) -> None:
    body = urlencode(lone_form.filled_in()) + "&a=1" * 10_000
    answer = lone_form.client.post("/en/contact", data=body, content_type=FORM)

    assert answer.status_code == 413
    assert lone_form.is_empty()


@pytest.mark.parametrize("body", [b"", b"&&&&", b"=", b"%", b"%%%", b"a", b"form_token=%00", b"\0"])
def test_a_damaged_body_is_never_our_fault(lone_form: Form, body: bytes) -> None:
    answer = lone_form.client.post("/en/contact", data=body, content_type=FORM)

    assert 400 <= answer.status_code < 500
    assert lone_form.is_empty()


def test_a_field_sent_twice_counts_once(form: Form) -> None:
    body = urlencode(form.filled_in()) + "&first_name=Other"
    answer = form.client.post("/en/contact", data=body, content_type=FORM)

    assert reference_of(answer)
    assert [stored.first_name for stored in form.enquiries()] == [FILLED_IN["first_name"]]


def test_a_body_that_does_not_say_its_length_is_not_cut_and_taken(lone_form: Form) -> None:
    typed = lone_form.filled_in(description="y" * 4_900)
    body = urlencode({"padding": "x" * 64_000, **typed}).encode()

    answer = lone_form.client.post(
        "/en/contact",
        input_stream=BytesIO(body),
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 413
    assert lone_form.is_empty()

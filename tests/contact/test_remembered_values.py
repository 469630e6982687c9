"""What the device holds as details may be anything: only what we signed ourselves is used."""

import json
import random
import zlib

import pytest
from flask import Response
from itsdangerous import URLSafeSerializer

from flexsmt_site import tokens
from flexsmt_site.contact import remembered
from tests.consent.device import Device, removed
from tests.contact.form import value_of
from tests.contact.remembering import BOTH, GONE, KEPT, LANGUAGES, OFFER, agreed, send, shown, signed


def _forged(chooser: Device) -> dict[str, str]:
    """Values that are not ours to use, by what is wrong with them."""
    right = signed(chooser, **KEPT)
    with chooser.app.app_context():
        other_purpose = tokens.sign("contact form", KEPT)
    return {
        "empty": "",
        "junk": "junk",
        "cut": right[:-1],
        "lengthened": f"{right}x",
        "changed": "A" + right[1:],
        "another purpose": other_purpose,
        "another secret": str(URLSafeSerializer("x" * 32, salt=f"flexsmt.{remembered._TOKEN}").dumps(KEPT)),  # noqa: SLF001
        "no table": str(URLSafeSerializer("x" * 32).dumps([1])),
        "no fields": signed(chooser),
        "other fields": signed(chooser, agree="y", description="x", form_token="x"),
        "no texts": signed(chooser, first_name=1, email=None, city=["x"], company={"a": 1}),
        "oversized": "9" * 4000,
        "packed": "." + zlib.compress(json.dumps(KEPT).encode()).hex(),
        "markup": "<script>alert(1)</script>",
    }


def test_a_value_that_is_not_ours_fills_in_nothing_and_leaves_the_device(lone_chooser: Device) -> None:
    agreed(lone_chooser)
    for wrong, value in _forged(lone_chooser).items():
        for language in LANGUAGES:
            lone_chooser.keep("contact_en", value)
            lone_chooser.keep("contact_ru", value)
            page = lone_chooser.get(f"/{language}/contact")

            assert page.status_code == 200, wrong
            assert {value_of(page, name) for name in remembered.FIELDS} == {""}, wrong
            assert removed(page) == GONE, wrong
            assert OFFER not in page.text
            assert "alert(1)" not in page.text


def test_a_value_of_part_of_the_fields_fills_in_these(lone_chooser: Device) -> None:
    agreed(lone_chooser).keep("contact_en", signed(lone_chooser, city='<b>"Bonn"', country="XX", extra="x"))

    assert shown(lone_chooser) == {**dict.fromkeys(KEPT, ""), "city": '<b>"Bonn"'}
    assert "<b>" not in lone_chooser.get("/en/contact").text


LONG = ("first_name", "last_name", "company", "city")


@pytest.mark.parametrize(
    "letters",
    ["ж", "абвгдежзийклмнопрстуфхцчшщъыьэюя", "éü", "漢字仮名交", "".join(map(chr, range(0x1F300, 0x1F600)))],
    ids=["one", "russian", "accents", "chinese", "emoji"],
)
def test_the_longest_names_in_any_script_fit_into_a_cookie(chooser: Device, letters: str) -> None:
    chance = random.Random(7)
    long = {name: "".join(chance.choices(letters, k=100)) for name in LONG}
    long["email"] = f"{'a' * 60}@{'b' * 60}.example.com"
    values = send(agreed(chooser), **long)

    assert set(values) == BOTH
    assert all(len(value) < 4000 for value in values.values())
    assert shown(chooser) == {**KEPT, **long}


def test_what_browsers_would_drop_for_its_size_is_not_set(lone_chooser: Device) -> None:
    chance = random.Random(7)
    details = {**KEPT, "city": "".join(chance.choices("0123456789abcdefghij", k=8000))}
    header = f"consent={agreed(lone_chooser).holds()['consent']}"
    response = Response()
    with lone_chooser.app.test_request_context(headers={"Cookie": header}):
        remembered.keep(response, details)
        assert "Set-Cookie" not in response.headers
        remembered.keep(response, KEPT)

    assert len(response.headers.getlist("Set-Cookie")) == 2

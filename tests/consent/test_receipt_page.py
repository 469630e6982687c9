"""A visitor sees, takes along and erases the own receipt; what is no receipt is said and removed."""

import re

import pytest

from flexsmt_site import cookies, pages
from tests.consent.device import Device, device, hidden, removed, written

LANGUAGES = ["en", "ru"]
NOBODYS = ["a" * 22, "x", "", "9" * 4000, "' OR 1=1 --", "<script>", "%", "A" * 21, "A" * 23]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_every_choice_of_the_device_and_its_number(chooser: Device, language: str) -> None:
    screen = hidden(chooser.get(f"/{language}/settings").text, "consent-choices", "screen")
    chooser.choose("accept", screen=screen, next=f"/{language}/")
    page = chooser.get(f"/consent/{language}/receipt")

    (receipt,) = chooser.receipts()
    assert page.status_code == 200
    assert f'<p class="reference">{receipt.number}</p>' in page.text
    rows = re.findall(r"<tr>.*?</tr>", page.text.partition("<tbody>")[2], re.DOTALL)
    (row,) = rows
    assert f"{receipt.version}-{receipt.screen}" in row
    assert str(receipt.decided.year) in row
    with chooser.app.test_request_context(), pages.speaking(language):
        assert all(str(purpose.title) in row for purpose in cookies.register().purposes)
    assert {"en": "English", "ru": "Русский"}[language] in row
    assert 'name="robots" content="noindex"' in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in page.headers


def test_nobody_sees_the_receipt_of_another_device(chooser: Device) -> None:
    chooser.choose("accept")
    number = chooser.holds()["consent_receipt"]
    other = device(chooser.app)
    other.choose("accept")

    assert number not in other.get("/consent/en/receipt").text
    assert number not in other.get("/consent/en/receipt.json").text
    other.post("/consent/en/receipt")
    assert [receipt.number for receipt in chooser.receipts()] == [number]


def test_the_file_holds_the_choices_and_what_was_on_the_screen(chooser: Device) -> None:
    chooser.headers = {"Sec-GPC": "1"}
    chooser.choose("accept", next="/ru/")
    answer = chooser.get("/consent/en/receipt.json")

    (receipt,), (screen,) = chooser.receipts(), chooser.screens()
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="consent-receipt.json"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.json == [
        {
            "receipt": receipt.number,
            "decided": receipt.decided.isoformat(),
            "agreed_to": ["preferences"],
            "version": receipt.version,
            "policy_version": receipt.policy_version,
            "place": "banner",
            "language": "ru",
            "gpc": True,
            "screen": {"sha256_begins": screen.digest, "html": screen.html},
        }
    ]


@pytest.mark.promise("P2.5")
@pytest.mark.parametrize("language", LANGUAGES)
def test_erasing_the_receipt_ends_the_consent_too(chooser: Device, language: str) -> None:
    chooser.choose("accept")
    chooser.keep(f"contact_{language}", "x")
    answer = chooser.post(f"/consent/{language}/receipt")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/consent/{language}/receipt")
    assert chooser.receipts() == []
    assert set(chooser.holds()) == {"consent"}
    assert chooser.holds()["consent"].endswith(".0")
    assert "consent-withdraw" not in chooser.get(f"/{language}/").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_device_without_a_receipt_is_told_so(chooser: Device, language: str) -> None:
    page = chooser.get(f"/consent/{language}/receipt")

    assert page.status_code == 200
    assert 'class="reference"' not in page.text
    assert f'href="/{language}/settings"' in page.text
    assert "Set-Cookie" not in page.headers
    assert chooser.get(f"/consent/{language}/receipt.json").json == []


@pytest.mark.parametrize("path", ["/consent/en/receipt", "/consent/en/receipt.json"])
def test_a_number_that_nobody_was_given_is_no_receipt_and_leaves_the_device(
    chooser: Device, path: str
) -> None:
    device(chooser.app).choose("accept")

    for number in NOBODYS:
        chooser.keep("consent_receipt", number)
        answer = chooser.get(path)
        assert answer.status_code == 200
        assert (written(answer), removed(answer)) == ({}, {("consent_receipt", "/consent")})
        said = answer.text == "[]\n" or "There is no receipt on this device" in answer.text
        assert said, number
    assert len(chooser.receipts()) == 1


def test_erasing_with_a_number_that_nobody_was_given_touches_no_receipt(chooser: Device) -> None:
    device(chooser.app).choose("accept")

    for number in NOBODYS:
        chooser.keep("consent_receipt", number)
        assert chooser.post("/consent/en/receipt").status_code == 303
        assert set(chooser.holds()) == {"consent"}
    assert len(chooser.receipts()) == 1


def test_a_withdrawn_receipt_that_comes_back_shows_its_withdrawal(chooser: Device) -> None:
    chooser.choose("accept")
    number = chooser.holds()["consent_receipt"]
    chooser.choose("reject")
    chooser.keep("consent_receipt", number)

    page = chooser.get("/consent/en/receipt").text
    rows = re.findall(r"<tr>.*?</tr>", page.partition("<tbody>")[2], re.DOTALL)
    assert len(rows) == 2
    assert ["Remembering your details" in row for row in rows] == [False, True]


@pytest.mark.usefixtures("own_register")
def test_a_purpose_that_is_gone_is_still_named_on_an_old_receipt(chooser: Device) -> None:
    cookies.declare_purpose(cookies.Purpose("statistics", "Statistics", "Statistics: we count."))
    chooser.choose("accept")
    cookies._purposes.pop("statistics")  # noqa: SLF001
    cookies.register.cache_clear()

    assert "Remembering your details, statistics" in chooser.get("/consent/en/receipt").text

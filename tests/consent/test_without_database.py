"""A database in trouble: what can be decided without it is decided, and nothing is half done."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import cookies
from tests.conftest import make_settings
from tests.consent.device import GONE, HTMX, Device, another, device, removed, written

NUMBER = "a" * 22


@pytest.fixture(params=GONE, ids=["postgresql", "sqlite"])
def stranded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Device]:
    """A device before a site whose database does not answer."""
    with another(make_settings(tmp_path, DATABASE_URL=request.param)) as app:
        yield device(app)


def _agreed(stranded: Device) -> Device:
    with stranded.app.app_context():
        register = cookies.register()
    stranded.keep("consent", f"{register.version}.1")
    stranded.keep("consent_receipt", NUMBER)
    stranded.keep("contact_en", "x")
    return stranded


def _events(said: str) -> list[str]:
    return [json.loads(line)["event"] for line in said.splitlines() if line.startswith("{")]


@pytest.mark.promise("P5.3", "P5.5")
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_pages_and_a_refusal_need_no_database(stranded: Device, headers: dict[str, str]) -> None:
    stranded.headers = headers
    for decision in ("reject", "save"):
        answer = stranded.choose(decision)

        assert answer.status_code == (200 if headers else 303)
        assert written(answer) == {"consent": f"{cookies.register().version}.0"}
    assert [stranded.get(path).status_code for path in ("/en/", "/ru/settings", "/en/privacy")] == [200] * 3


@pytest.mark.parametrize("screen", ["", "0123456789abcdef"])
@pytest.mark.parametrize(("language", "words"), [("en", "could not be recorded"), ("ru", "/ru/settings")])
def test_an_agreement_that_can_not_be_recorded_is_none(
    stranded: Device, language: str, words: str, screen: str
) -> None:
    answer = stranded.choose("accept", next=f"/{language}/", screen=screen)

    assert answer.status_code == 503
    assert f'<html lang="{language}">' in answer.text
    assert words in answer.text
    assert 'role="alert"' in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_htmx_shows_why_instead_of_leaving_the_page_as_it_is(stranded: Device) -> None:
    stranded.headers = HTMX
    answer = stranded.choose("accept", next="/en/privacy")

    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<section id="consent-banner"')
    assert "could not be recorded" in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.promise("P2.5")
@pytest.mark.parametrize("decision", ["reject", "save"])
def test_a_withdrawal_ends_the_consent_and_operators_learn_that_it_is_not_recorded(
    stranded: Device, decision: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = _agreed(stranded).choose(decision)

    assert answer.status_code == 303
    # The number stays, so that the withdrawal can be written with the next choice.
    assert written(answer) == {"consent": f"{cookies.register().version}.0", "consent_receipt": NUMBER}
    assert {name for name, _ in removed(answer)} == {"contact_en", "contact_ru"}
    said = capsys.readouterr().err
    assert "consent.withdrawal_unrecorded" in _events(said)
    assert NUMBER not in said


@pytest.mark.promise("P2.5")
def test_everything_can_be_forgotten_all_the_same(
    stranded: Device, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = _agreed(stranded).post("/consent/en/forget")

    assert answer.status_code == 303
    assert stranded.holds() == {}
    assert "consent.withdrawal_unrecorded" in _events(capsys.readouterr().err)


@pytest.mark.parametrize("path", ["/consent/en/receipt", "/consent/ru/receipt.json"])
def test_a_receipt_that_can_not_be_read_is_503_and_stays_on_the_device(stranded: Device, path: str) -> None:
    answer = _agreed(stranded).get(path)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "Set-Cookie" not in answer.headers


def test_an_erasure_that_can_not_be_done_is_503_and_the_receipt_stays_on_the_device(stranded: Device) -> None:
    answer = _agreed(stranded).post("/consent/en/receipt")

    assert answer.status_code == 503
    assert "Set-Cookie" not in answer.headers
    assert stranded.holds()["consent_receipt"] == NUMBER


def test_a_device_without_a_receipt_is_told_so_without_asking_the_database(stranded: Device) -> None:
    assert stranded.get("/consent/en/receipt").status_code == 200
    assert stranded.get("/consent/en/receipt.json").json == []


def test_a_database_that_goes_between_two_choices_is_no_more_trouble(tmp_path: Path, lone_app: Flask) -> None:
    visitor = device(lone_app)
    visitor.choose("accept")
    (tmp_path / "site.db").unlink()

    assert visitor.choose("accept").status_code == 503
    assert visitor.choose("reject").status_code == 303
    assert visitor.holds()["consent"] == f"{cookies.register().version}.0"


@pytest.mark.promise("P2.5")
def test_a_withdrawal_is_written_with_the_next_choice_when_the_database_is_back(
    app: Flask, tmp_path: Path
) -> None:
    visitor = device(app)
    visitor.choose("accept")
    with another(make_settings(tmp_path, DATABASE_URL=GONE[0])) as broken:
        away = device(broken)
        away.client = visitor.client
        visitor.client.application = broken
        away.choose("reject")
    visitor.client.application = app
    assert [receipt.granted for receipt in visitor.receipts()] == [["preferences"]]
    visitor.choose("reject")

    assert [receipt.granted for receipt in visitor.receipts()] == [["preferences"], []]
    assert set(visitor.holds()) == {"consent"}

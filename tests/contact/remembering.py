"""A device that remembers a visitor's details for the next enquiry."""

from flexsmt_site import tokens
from flexsmt_site.contact import remembered
from tests.consent.device import Device, written
from tests.contact.form import FILLED_IN, Form, value_of

LANGUAGES = ["en", "ru"]
BOTH = {"contact_en", "contact_ru"}
GONE = {("contact_en", "/en/contact"), ("contact_ru", "/ru/contact")}
KEPT = {name: FILLED_IN[name] for name in remembered.FIELDS}
OFFER = 'id="contact-remembered"'


def agreed(chooser: Device) -> Device:
    chooser.choose("accept")
    return chooser


def send(chooser: Device, language: str = "en", **changes: str | None) -> dict[str, str]:
    """Send an enquiry; return the cookies that its answer sets."""
    with chooser.app.app_context():
        answer = Form(chooser.app, chooser.client, chooser.headers).send(language, **changes)
    assert answer.status_code == (200 if "HX-Request" in chooser.headers else 303), answer.text
    return written(answer)


def signed(chooser: Device, **values: object) -> str:
    with chooser.app.app_context():
        return tokens.sign(remembered._TOKEN, values)  # noqa: SLF001


def shown(chooser: Device, language: str = "en") -> dict[str, str]:
    page = chooser.get(f"/{language}/contact")
    return {name: value_of(page, name) for name in remembered.FIELDS}

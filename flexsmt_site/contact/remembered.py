"""The details for the next enquiry, remembered on the visitor's own device and nowhere else."""

from flask import Response, request

from flexsmt_site import cookies, pages, tokens
from flexsmt_site.config import LANGUAGES
from flexsmt_site.contact import privacy
from flexsmt_site.ledger import keeps

FIELDS = ("first_name", "last_name", "email", "company", "country", "city")
_TOKEN = "contact details"  # noqa: S105 (the purpose of a token, not a secret)
#: Browsers drop a cookie of more than 4,096 bytes without a word; its attributes count too.
_MOST_BYTES = 3900


def find() -> dict[str, str]:
    """Return the visitor's details as last sent from this device; empty where none may be used."""
    value = request.cookies.get(privacy.details_cookie(pages.language()))
    if value is None or not cookies.is_granted(privacy.PREFERENCES.key):
        return {}
    try:
        found = tokens.read(_TOKEN, value)
    except tokens.BadToken:
        return {}
    return {name: text for name in FIELDS if isinstance(text := found.get(name), str)}


@keeps("P2.4")
def keep(response: Response, details: dict[str, str]) -> None:
    """Leave the details on the device for the form of either language, if the visitor has agreed to that."""
    value = tokens.sign(_TOKEN, {name: details[name] for name in FIELDS})
    if cookies.is_granted(privacy.PREFERENCES.key) and len(value) <= _MOST_BYTES:
        for language in LANGUAGES:
            cookies.put(response, privacy.details_cookie(language), value)


def forget(response: Response) -> None:
    """Take the details from the device."""
    cookies.remove(response, *map(privacy.details_cookie, LANGUAGES))


def is_leftover() -> bool:
    """Tell whether the device holds details that may not, or can not, be used."""
    return privacy.details_cookie(pages.language()) in request.cookies and not find()

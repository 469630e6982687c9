"""What a choice leaves on the visitor's device."""

from flask import Response

from flexsmt_site import cookies, itself
from flexsmt_site.consent import privacy, rules
from flexsmt_site.ledger import keeps


def receipt_number() -> str:
    """Return the number that the device holds; empty for none, and for what is no number."""
    number = itself.request().cookies.get(privacy.RECEIPT.sent_name, "")
    return number if rules.NUMBER.fullmatch(number) else ""


@keeps("P5.3")
def keep(response: Response, granted: frozenset[str], number: str) -> None:
    """Set the consent cookie, and take what serves a purpose that is not agreed to.

    It is taken unseen: browsers show cookies of other paths to those alone.
    """
    register = cookies.register()
    cookies.put(response, privacy.CHOICE.name, rules.written(register.version, register.keys, granted))
    if number:
        cookies.put(response, privacy.RECEIPT.name, number)
    else:
        drop_receipt(response)
    for key in register.keys:
        if key not in granted:
            _remove_all(response, cookies.declared(key))


def drop_receipt(response: Response) -> None:
    """Take the number of a receipt, or what stands in its place, from the device."""
    if privacy.RECEIPT.sent_name in itself.request().cookies:
        cookies.remove(response, privacy.RECEIPT.name)


def forget(response: Response) -> None:
    """Take every cookie of this site from the device, whether the request showed it or not."""
    _remove_all(response, cookies.declared())


def _remove_all(response: Response, gone: tuple[cookies.Cookie, ...]) -> None:
    cookies.remove(response, *(cookie.name for cookie in gone))

"""Every address of the staff, who may open it, and how a test calls it."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from werkzeug.test import TestResponse

from flexsmt_site.language.edit_rules import key_of
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import Visitor
from tests.staff.entrance import SIGN_IN
from tests.staff.members import token_on

ACCOUNT = "/staff/en/account"
ANYBODY: frozenset[Role] = frozenset()
STAFF = frozenset(Role)
SALES = frozenset({Role.SALES, Role.ADMIN})
EDITOR = frozenset({Role.EDITOR, Role.PUBLISHER, Role.ADMIN})
PUBLISHER = frozenset({Role.PUBLISHER, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})

#: Who may open what; an address that nobody has listed here fails a test.
WHO = {
    "GET staff_entrance.enter": ANYBODY,
    "GET staff.sign_in": ANYBODY,
    "POST staff.ask": ANYBODY,
    "GET staff.code": ANYBODY,
    "POST staff.code": ANYBODY,
    "GET staff.link": ANYBODY,
    "POST staff.link": ANYBODY,
    "POST staff.passkey": ANYBODY,
    "GET staff.home": STAFF,
    "POST staff.sign_out": STAFF,
    "GET account.page": STAFF,
    "GET account.new_passkey": STAFF,
    "POST account.new_passkey": STAFF,
    "POST account.remove_passkey": STAFF,
    "POST account.end_others": STAFF,
    "GET account.trail": ADMIN,
    "GET inbox.page": SALES,
    "GET inbox.enquiry": SALES,
    "POST inbox.act": SALES,
    "GET inbox.export": SALES,
    "POST inbox.download": SALES,
    "GET inbox.figures": SALES,
    "GET editor.page": EDITOR,
    "GET editor.text": EDITOR,
    "POST editor.act": EDITOR,
    "POST editor.typed": EDITOR,
    "GET editor_policy.page": PUBLISHER,
    "POST editor_policy.act": PUBLISHER,
    "GET editor_previews.page": EDITOR,
    "GET editor_preview.shown": EDITOR,
    "GET editor_preview.mail": EDITOR,
    "GET editor_changes.page": EDITOR,
    "GET editor_exchange.page": EDITOR,
    "POST editor_exchange.bring": EDITOR,
    "GET editor_exchange.download": EDITOR,
    "GET editor_publishing.page": PUBLISHER,
    "POST editor_publishing.publish": PUBLISHER,
    "GET editor_publishing.releases": PUBLISHER,
    "GET editor_publishing.release": PUBLISHER,
    "POST editor_publishing.roll_back": PUBLISHER,
    "GET editor_project.page": PUBLISHER,
    "POST editor_project.go_back": PUBLISHER,
}
_VALUES = {
    "lang": "en",
    "token": "x" * 43,
    "number": 1,
    "reference": "FX-0000-0000",
    "verb": "note",
    "domain": "messages",
    "of": "en",
    "key": key_of(None, "Skip to the content", None),
    "kind": "zip",
    "page": "privacy",
    "name": "sign-in",
}


@dataclass(frozen=True)
class Call:
    """One way to call the site: a method and a path; ``named`` is its name in ``WHO``."""

    named: str
    method: str
    path: str

    def send(self, browser: Visitor, token: str = "", **headers: str) -> TestResponse:
        """Call it with a form's token."""
        data = {"csrf_token": token, "text": "A note"} if self.method == "POST" else None
        return browser.open(self.path, method=self.method, data=data, headers=headers)


def calls(app: Flask) -> Iterator[Call]:
    """Every address of the staff by every method."""
    adapter = app.url_map.bind("127.0.0.1:8000")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/staff"):
            values = {name: _VALUES[name] for name in rule.arguments}
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                path = adapter.build(rule.endpoint, values, method)
                yield Call(f"{method} {rule.endpoint}", method, path)


def closed(app: Flask) -> list[Call]:
    """Those that are for members of the staff alone."""
    return [call for call in calls(app) if WHO[call.named]]


def token_of(browser: Visitor) -> str:
    """A token of whoever is signed in in a browser, or of nobody."""
    account = browser.get(ACCOUNT)
    return token_on(account.text if account.status_code == 200 else browser.get(SIGN_IN).text)

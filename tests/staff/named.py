"""Browsers that open the site by a name, where passkeys are good."""

import json
from html import unescape

from flask import Flask
from werkzeug.test import TestResponse

from tests.ground.visitors import Visitor
from tests.staff.authenticator import Json, Passkey
from tests.staff.entrance import SIGN_IN, hidden

#: The only name of this machine under which browsers take passkeys.
NAMED = "http://localhost:8000"
NEW = "/staff/en/account/passkey"
ACCOUNT = "/staff/en/account"


class Named(Visitor):
    """A browser that opens the site by its name."""

    def open(self, *args: object, **kwargs: object) -> TestResponse:
        return super().open(*args, **{"base_url": NAMED, **kwargs})


def named(app: Flask) -> Named:
    return Named(app, app.response_class)


def enter(app: Flask, address: str) -> Named:
    made = app.test_cli_runner().invoke(args=["staff", "link", address])
    browser, link = named(app), made.stdout.strip().partition(":8000")[2]
    assert browser.post(link, data=hidden(browser.get(link).text)).status_code == 303
    return browser


def offered(page: TestResponse) -> tuple[Json, dict[str, str]]:
    """The options that a page gives its script, and the hidden fields of its form."""
    assert page.status_code in (200, 401), page.text
    form = page.text.partition('id="passkey"')[2].partition("</form>")[0]
    options = json.loads(unescape(form.partition('data-options="')[2].partition('"')[0]))
    return options, hidden(form)


def register(browser: Visitor, key: Passkey, name: str = "laptop", **changed: str) -> TestResponse:
    options, fields = offered(browser.get(NEW))
    data = {**fields, "name": name, "answer": json.dumps(key.create(options, **changed))}
    return browser.post(NEW, data=data)


def use(browser: Visitor, key: Passkey, **changed: str) -> TestResponse:
    options, fields = offered(browser.get(SIGN_IN))
    data = {**fields, "answer": json.dumps(key.get(options, **changed))}
    return browser.post(f"{SIGN_IN}/passkey", data=data)


def is_in(browser: Visitor) -> bool:
    return browser.get(ACCOUNT).status_code == 200

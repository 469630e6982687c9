"""A visitor's device as it meets the choice about cookies, and what the database holds afterwards."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any

import pytest
from flask import Flask
from jinja2 import StrictUndefined
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flexsmt_site import cookies, create_app
from flexsmt_site.config import Settings
from flexsmt_site.consent.models import Receipt, Screen
from flexsmt_site.extensions import db
from tests.ground.visitors import Visitor, visit

HTMX = {"HX-Request": "true"}
HOST = "127.0.0.1"
#: Databases that nobody answers from, by their addresses.
GONE = ("postgresql+psycopg://nobody@127.0.0.1:1/nothing", "sqlite:////dev/null/site.db")
_FORM = "application/x-www-form-urlencoded"


@dataclass
class Device:
    """One visitor's browser; ``choose`` sends what a form of the site would."""

    app: Flask
    client: Visitor
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, **data: Any) -> TestResponse:
        # Browsers name the type of a form without fields, too.
        return self.client.post(path, data=data, headers=self.headers, content_type=_FORM)

    def choose(self, decision: str, *chosen: str, **more: str) -> TestResponse:
        return self.post("/consent", **{"decision": decision, "purpose": [*chosen], "next": "/en/", **more})

    def keep(self, name: str, value: str) -> None:
        """Put a cookie on the device as if the site had set it."""
        with self.app.app_context():
            cookie = next(one for one in cookies.declared() if one.name == name)
            self.client.set_cookie(cookie.sent_name, value, domain=HOST, path=cookie.path)

    def holds(self) -> dict[str, str]:
        """The site's cookies on the device."""
        with self.app.app_context():
            declared = {one.name: (one.sent_name, HOST, one.path) for one in cookies.declared()}
        found = {name: self.client.get_cookie(*place) for name, place in declared.items()}
        return {name: cookie.value for name, cookie in found.items() if cookie}

    def receipts(self) -> list[Receipt]:
        return _all(self.app, Receipt)

    def screens(self) -> list[Screen]:
        return _all(self.app, Screen)


@contextmanager
def register_apart() -> Iterator[None]:
    """Give a register in which a test may declare what it likes: none of it is left afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cookies, "_purposes", dict(cookies._purposes))  # noqa: SLF001
        patch.setattr(cookies, "_declared", dict(cookies._declared))  # noqa: SLF001
        cookies.register.cache_clear()
        yield
    cookies.register.cache_clear()


@pytest.fixture
def chooser(app: Flask) -> Device:
    """A device before a site on an empty database of each kind; a name that no page is given is an error."""
    app.jinja_env.undefined = StrictUndefined
    return device(app)


@pytest.fixture
def lone_chooser(lone_app: Flask) -> Device:
    """The same where nothing is to be stored."""
    lone_app.jinja_env.undefined = StrictUndefined
    return device(lone_app)


@pytest.fixture
def own_register() -> Iterator[None]:
    with register_apart():
        yield


@contextmanager
def another(settings: Settings) -> Iterator[Flask]:
    """Give a further process of the site, which ends with the context."""
    made = create_app(settings)
    yield made
    with made.app_context():
        db.engine.dispose()


def device(app: Flask, **headers: str) -> Device:
    """Return a fresh device."""
    return Device(app, visit(app), {name.replace("_", "-"): value for name, value in headers.items()})


def _all(app: Flask, kind: type[Any]) -> list[Any]:
    # A session of its own: what a request leaves open changes nothing here.
    with app.app_context(), Session(db.engine) as session:
        (key,) = kind.__table__.primary_key
        return list(session.scalars(select(kind).order_by(key)))


def written(answer: TestResponse) -> dict[str, str]:
    """The cookies that an answer sets, by the names that browsers know."""
    return {name: one.value for name, one in _sent(answer).items() if one["max-age"] != "0"}


def removed(answer: TestResponse) -> set[tuple[str, str]]:
    """Name and path of the cookies that an answer takes from the device."""
    return {(name, one["path"]) for name, one in _sent(answer).items() if one["max-age"] == "0"}


def _sent(answer: TestResponse) -> dict[str, Any]:
    lines = answer.headers.getlist("Set-Cookie")
    found = {name: one for line in lines for name, one in SimpleCookie(line).items()}
    assert len(found) == len(lines), lines
    return found


def hidden(page: str, form: str, name: str) -> str:
    """What a hidden field of a form holds."""
    inside = re.search(rf'<(\w+) id="{form}".*?</\1>', page, re.DOTALL)
    assert inside, f"no {form} on the page"
    found = re.search(rf'type="hidden"\s+name="{name}"\s+value="([^"]*)"', inside[0])
    assert found, f"no {name} in {form}"
    return unescape(found[1])


def is_asked(page: str) -> bool:
    """Tell whether a page shows the banner."""
    return 'id="consent-banner"' in page

"""Members of the staff for tests: made as commands make them, signed in as a browser signs in."""

import re
from dataclasses import dataclass

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.staff import service, signin
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import Visitor, visit

_TOKEN = re.compile(r'name="csrf_token"\s+value="([^"]+)"')


def token_on(html: str) -> str:
    """The token of the forms on a page."""
    found: list[str] = _TOKEN.findall(html)
    return found[-1]


@dataclass
class Staff:
    """The staff of one site."""

    app: Flask

    def add(self, role: Role, address: str = "") -> str:
        """Give somebody an account; returns its address."""
        with self.app.app_context():
            return service.add(address or f"{role}@example.com", role, clock.now()).address

    def signed_in(self, role: Role, address: str = "", language: str = "en") -> Visitor:
        """A browser in which a new member of this role is signed in, by a link."""
        return self.enter(self.add(role, address), language)

    def enter(self, address: str, language: str = "en") -> Visitor:
        """A browser in which a member is signed in."""
        browser = visit(self.app)
        with self.app.app_context():
            link = f"/staff/{language}/sign-in/link/{signin.make_link(address, clock.now())}"
        answer = browser.post(link, data={"csrf_token": token_on(browser.get(link).text)})
        assert answer.status_code == 303, answer.text
        return browser


@pytest.fixture
def staff(app: Flask) -> Staff:
    """The staff of a site on each database."""
    return Staff(app)


@pytest.fixture
def lone_staff(lone_app: Flask) -> Staff:
    """The staff of a site on SQLite."""
    return Staff(lone_app)


@pytest.fixture
def sales(staff: Staff) -> Visitor:
    """A browser in which somebody of sales is signed in."""
    return staff.signed_in(Role.SALES)

"""A publisher before the page of the policy's versions."""

import re
from html import unescape

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flexsmt_site.extensions import db
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.staff.models import Record
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import Visitor
from tests.policy.publishing import NOTE, start
from tests.staff.members import Staff, token_on

PATH = "/staff/en/policy"
ABOUT = Text("policy", "en", "About this policy")
TYPED = {"note_en": NOTE["en"], "note_ru": NOTE["ru"], "weight": "material", "effective": ""}


def come(staff: Staff) -> Visitor:
    """Sign in somebody who publishes, the second member of the staff, on a site with a first version."""
    start(staff.app)
    staff.add(Role.EDITOR)
    return staff.signed_in(Role.PUBLISHER)


def main(answer: TestResponse) -> str:
    """The page as one reads it."""
    found = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found)).split())


def send(browser: Visitor, do: str, seen: TestResponse | None = None, **typed: object) -> TestResponse:
    """Press a button of the form, on the page as it was shown."""
    page = (seen or browser.get(PATH)).text
    digest = re.findall(r'name="seen" value="(\w*)"', page)
    data = {"csrf_token": token_on(page), "seen": digest, "do": do, **TYPED, **typed}
    return browser.post(PATH, data=data)


def trail(app: Flask) -> list[tuple[int | None, int | None]]:
    """Who published which version."""
    with app.app_context(), Session(db.engine) as session:
        lines = select(Record.member_id, Record.subject).where(Record.action == "policy.published")
        return [(row.member_id, row.subject) for row in session.execute(lines)]

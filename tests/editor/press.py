"""The pages on which words go live, before somebody of the staff, and what the database holds behind them."""

import re
from collections.abc import Mapping
from io import BytesIO

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from flexsmt_site import clock, database
from flexsmt_site.extensions import db
from flexsmt_site.language import edits, standing
from flexsmt_site.language.edit_rules import Strings, Text
from flexsmt_site.language.standing import Standing
from flexsmt_site.staff.models import Member, Record
from tests.editor.words_desk import LINK, WordsDesk
from tests.ground.visitors import Visitor, visit
from tests.staff.members import token_on

#: Part of a mail, which needs a second pair of eyes.
MAIL = Text("mail", "en", "An enquiry has come in by the contact form.")
#: Another text of a page.
COUNTRY = Text("messages", "en", "Country")


class Press(WordsDesk):
    """One member's browser before the pages on publishing."""

    def number(self) -> int:
        """The member who is signed in."""
        address = re.findall(r'<span class="who">([^<]+@[^<]+)</span>', self.get("account").text)[0]
        with Session(db.engine) as session:
            return session.scalars(select(Member.id).where(Member.address == address)).one()

    @staticmethod
    def head(text: Text) -> int:
        """The newest edit of a text, 0 for none."""
        with database.read() as session:
            found = standing.find_head(session, text)
        return found.id if found else 0

    def writes(self, *strings: str, text: Text = LINK, hand_in: bool = False) -> Standing:
        """Keep a draft over whatever there is."""
        me, now = self.number(), clock.now()
        draft = edits.save(edits.Proposal(text, strings, self.head(text), me), now)
        return edits.move(draft.id, "review", author=me, now=now) if hand_in else draft

    def posts(self, path: str, page: TestResponse, **typed: object) -> TestResponse:
        """Send a form of a page as it was seen."""
        hidden = dict(re.findall(r'name="(seen)" value="([^"]*)"', page.text))
        return self.browser.post(
            f"/staff/en/{path}", data={"csrf_token": token_on(page.text), **hidden, **typed}
        )

    def publishes(
        self, *drafts: Standing | int, seen: TestResponse | None = None, **typed: object
    ) -> TestResponse:
        """Tick drafts and press the button."""
        numbers = [draft if isinstance(draft, int) else draft.id for draft in drafts]
        return self.posts("publish", seen or self.get("publish"), edit=numbers, **{"text": "", **typed})

    def rolls_back(self, number: int, seen: TestResponse | None = None, **typed: object) -> TestResponse:
        page = seen or self.get(f"releases/{number}")
        token = page if "csrf_token" in page.text.partition("<main")[2] else self.get("publish")
        data = {"csrf_token": token_on(token.text), "text": "", **typed}
        hidden = dict(re.findall(r'name="(seen)" value="([^"]*)"', page.text))
        return self.browser.post(f"/staff/en/releases/{number}/roll-back", data={**hidden, **data})

    def goes_back(self, seen: TestResponse | None = None, **typed: object) -> TestResponse:
        """Press the button that gives visitors the texts of the project."""
        return self.posts("releases/project", seen or self.get("releases/project"), **{"text": "", **typed})

    def brings(self, raw: bytes, name: str = "messages.po", of: str = "") -> TestResponse:
        """Choose a file to import."""
        token = token_on(self.get("exchange").text)
        return send_file(
            self.browser, {"csrf_token": token, "of": of, "file": FileStorage(BytesIO(raw), name)}
        )

    def confirms(self, table: TestResponse, **changed: str) -> TestResponse:
        """Press the button under the table of an import."""
        (field,) = re.findall(r'name="proposals" value="([^"]*)"', table.text)
        return send_file(self.browser, {"csrf_token": token_on(table.text), "proposals": field, **changed})

    def reads(self, path: str = "/en/") -> str:
        """What a visitor gets."""
        return visit(self.app).get(path).text

    def live(self) -> dict[Text, Strings]:
        with database.read() as session:
            return {found.text: found.strings for found in standing.list_live(session)}

    def trail(self) -> list[tuple[str, int | None]]:
        with Session(db.engine) as session:
            rows = session.execute(select(Record.action, Record.subject).order_by(Record.id)).all()
        return [(row.action, row.subject) for row in rows if row.action.startswith("words.")]


def send_file(
    browser: Visitor, values: Mapping[str, object], path: str = "/staff/en/exchange"
) -> TestResponse:
    """Send a form with files; a test client would leave large ones open on disk."""
    boundary, body = encode_multipart(values)
    return browser.post(path, data=body, content_type=f'multipart/form-data; boundary="{boundary}"')


def boxes(page: TestResponse) -> dict[int, bool]:
    """The drafts that can be ticked, and whether they are."""
    found = re.findall(r'name="edit" value="(\d+)"( checked)?', page.text)
    return {int(number): bool(checked) for number, checked in found}

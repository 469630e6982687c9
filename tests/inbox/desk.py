"""The inbox as somebody of sales meets it in a browser, and what the database holds behind it."""

import re
from dataclasses import dataclass
from html import unescape

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flexsmt_site import database
from flexsmt_site.contact.models import Enquiry, Note
from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail
from flexsmt_site.staff.models import Record
from tests.ground.visitors import Visitor
from tests.staff.members import token_on

HTMX = {"HX-Request": "true"}


def words_of(answer: TestResponse) -> str:
    """The page as one reads it: its main part without tags."""
    main = answer.text.partition("<main")[2] or answer.text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def listed(answer: TestResponse) -> list[str]:
    """The references in the list, in order."""
    return re.findall(r'<th scope="row"><a href="[^"]+">(FX-[^<]+)</a>', answer.text)


@dataclass
class Desk:
    """One member's browser before the inbox."""

    app: Flask
    browser: Visitor

    def get(self, path: str = "inbox", language: str = "en", **query: object) -> TestResponse:
        return self.browser.get(f"/staff/{language}/{path}", query_string=query or None)

    def opens(self, reference: str) -> TestResponse:
        """Open the page of an enquiry."""
        answer = self.get(f"inbox/{reference}")
        assert answer.status_code == 200, answer.text
        return answer

    def acts(
        self,
        verb: str,
        reference: str,
        seen: TestResponse | None = None,
        *,
        htmx: bool = False,
        **typed: object,
    ) -> TestResponse:
        """Press a button on the page of an enquiry, as it was seen; another page has no version."""
        page = (seen or self.opens(reference)).text
        version = re.findall(r'name="version" value="(\d+)"', page)[-1:]
        data = {"csrf_token": token_on(page), "version": version, "text": "", **typed}
        path = f"/staff/en/inbox/{reference}/{verb}"
        return self.browser.post(path, data=data, headers=HTMX if htmx else {})

    def exports(self, kind: str, language: str = "en", **wanted: str) -> TestResponse:
        path = f"/staff/{language}/inbox/export"
        token = token_on(self.browser.get(path).text)
        return self.browser.post(path, data={"csrf_token": token, "kind": kind, **wanted})

    def enquiry(self, reference: str) -> Enquiry:
        with Session(db.engine) as session:
            return session.scalars(select(Enquiry).where(Enquiry.reference == reference)).one()

    def notes(self) -> list[str]:
        with Session(db.engine) as session:
            return list(session.scalars(select(Note.text).order_by(Note.id)))

    def trail(self) -> list[tuple[str, int | None]]:
        """What the trail says since signing in."""
        with Session(db.engine) as session:
            rows = session.execute(select(Record.action, Record.subject).order_by(Record.id)).all()
        return [(row.action, row.subject) for row in rows if row.action.startswith(("enquiry.", "mail."))]

    def mails(self, reference: str) -> list[int]:
        with Session(db.engine) as session:
            about = select(Mail.id).join(Enquiry, Enquiry.id == Mail.subject_key)
            return list(session.scalars(about.where(Enquiry.reference == reference).order_by(Mail.id)))

    def sets(self, reference: str, **values: object) -> None:
        with database.write() as session:
            session.execute(update(Enquiry).where(Enquiry.reference == reference).values(**values))

    def sets_mail(self, number: int, **values: object) -> None:
        with database.write() as session:
            session.execute(update(Mail).where(Mail.id == number).values(**values))

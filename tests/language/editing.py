"""Editors at work: words are saved, published and looked at."""

from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select

from flexsmt_site import clock, database
from flexsmt_site.language import edits, overlay, releases, standing, sync
from flexsmt_site.language.edit_rules import Strings, Text
from flexsmt_site.language.making import Published, Signature
from flexsmt_site.language.models import Step
from flexsmt_site.language.standing import Standing
from flexsmt_site.language.sync import Synced
from tests.language.publishing import SKIP

#: Texts of the site: of every page, and one with plural forms.
LINK = Text("messages", "en", SKIP)
RUSSIAN = Text("messages", "ru", SKIP)
ANN, BEN = 1, 2


def steps(edit_id: int) -> list[Step]:
    """What became of an edit, oldest first."""
    with database.read() as session:
        return list(session.scalars(select(Step).where(Step.edit_id == edit_id).order_by(Step.id)))


@dataclass(frozen=True)
class Editors:
    """Two who change the words of one site."""

    app: Flask

    def save(
        self, *strings: str, text: Text = LINK, author: int = ANN, parent: int | None = None
    ) -> Standing:
        """Write a draft on the newest edit, or on one that was seen earlier."""
        with self.app.app_context():
            if parent is None:
                parent = self.head(text)
            return edits.save(edits.Proposal(text, strings, parent, author, "why"), clock.now())

    def publish(self, *drafts: Standing, ended: tuple[int, ...] = (), note: str = "") -> Published:
        with self.app.app_context():
            order = releases.Order(tuple(draft.id for draft in drafts), ended)
            return releases.publish_edits(order, Signature(clock.now(), BEN, note))

    def show(self, *strings: str, text: Text = LINK) -> Standing:
        """Write and publish."""
        draft = self.save(*strings, text=text)
        self.publish(draft)
        return draft

    def roll_back(self, number: int) -> Published:
        with self.app.app_context():
            return releases.roll_back(number, Signature(clock.now(), BEN))

    def sync(self) -> Synced:
        with self.app.app_context():
            return sync.sync(clock.now())

    def fates(self) -> list[str]:
        """What becomes of each edit, without changing anything."""
        with self.app.app_context():
            return ["returns" if one.returns else one.fate.value for one in sync.look()]

    def head(self, text: Text = LINK) -> int:
        with self.app.app_context(), database.read() as session:
            found = standing.find_head(session, text)
            return found.id if found else 0

    def states(self, text: Text = LINK) -> list[tuple[str, str]]:
        """Each edit of a text with its state, oldest first."""
        with self.app.app_context():
            return [(found.strings[0], found.state) for found in edits.history(text)[::-1]]

    def live(self) -> dict[Text, Strings]:
        with self.app.app_context(), database.read() as session:
            return {found.text: found.strings for found in standing.list_live(session)}

    def repository(self, text: Text = LINK) -> Strings:
        with self.app.app_context():
            return overlay.get(text).strings

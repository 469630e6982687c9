"""Whatever editors, developers and operators do, in whatever order: visitors read what they should."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from flexsmt_site import proof
from flexsmt_site.extensions import db
from flexsmt_site.language import edits, packing, releases, words
from flexsmt_site.language.models import Edit, Release, Step
from tests.language.editing import LINK, Editors
from tests.language.publishing import SKIP, Desk, copied, file_of

_DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["save", "publish", "end", "roll back", "git", "deploy", "restart"]),
        st.integers(0, 3),
    ),
    max_size=14,
)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


class World:
    """One text, and what everybody does to it."""

    def __init__(self, app: Flask, desk: Desk) -> None:
        self.editors, self.desk = Editors(app), desk
        self.version, self.written = "0", 0

    def save(self, choice: int) -> None:
        self.editors.save(f"To the text {choice}")
        self.written = max(self.written, self.editors.head())

    def publish(self, _choice: int) -> None:
        draft = self._now().draft
        if draft:
            self.editors.publish(draft)
            assert self.visible() == draft.strings[0]

    def end(self, _choice: int) -> None:
        live = self._now().live
        if live:
            self.editors.publish(ended=(live.id,))
            assert self.visible() == self.editors.repository()[0]

    def roll_back(self, choice: int) -> None:
        with self.editors.app.app_context():
            made = releases.history()[::-1]
        if made:
            target = made[choice % len(made)]
            self.editors.roll_back(target.number)
            if target.version == self.version:
                raw = file_of(self.editors.app).read_bytes()
                assert packing.name_of(raw) == target.sum

    def git(self, choice: int) -> None:
        self.desk.change(f"To the text {choice}" if choice else SKIP)

    def deploy(self, choice: int) -> None:
        self.version = str(choice)
        self.restart(choice)

    def restart(self, _choice: int) -> None:
        before = self.editors.live()
        self.editors.sync()
        repository = self.editors.repository()
        # Only what the repository says as well is live no more.
        after = self.editors.live()
        assert after == before or before.get(LINK) == repository or not before
        again = self.editors.sync().release
        assert again is None or not again.is_new
        if before.get(LINK):
            assert self.visible() == before[LINK][0]

    def visible(self) -> str | None:
        """What visitors read: the words in the file, or the repository's where that is of another version."""
        with self.editors.app.app_context():
            found = packing.read(file_of(self.editors.app).read_bytes())
        if found.version != self.version:
            return self.editors.repository()[0]
        return str(found.catalogues["messages", "en"].ugettext(SKIP))

    def check(self) -> None:
        states = self.editors.states()
        assert sum(state == "published" for _words, state in states) <= 1
        assert self.editors.head() == self.written

    def _now(self) -> edits.Listed:
        with self.editors.app.app_context():
            return next(found for found in edits.list_texts("messages", "en") if found.text == LINK)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=15,
    # A failing case is readable as it is, and each takes a second.
    phases=[Phase.explicit, Phase.generate],
)
@given(deeds=_DEEDS)
def test_nothing_is_lost_in_any_order(lone_app: Flask, desk: Desk, deeds: list[tuple[str, int]]) -> None:
    world = World(lone_app, desk)
    world.git(0)
    _empty(lone_app)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(proof, "version", lambda: world.version)
        for deed, choice in deeds:
            getattr(world, deed.replace(" ", "_"))(choice)
            world.check()


def _empty(app: Flask) -> None:
    with app.app_context(), db.engine.execution_options(write=True).begin() as connection:
        for table in (Step, Edit, Release):
            connection.execute(delete(table))
    file_of(app).unlink(missing_ok=True)

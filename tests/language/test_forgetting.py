"""Numbers of members go when their time has come, and the words stay."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, func, insert, select

from flexsmt_site import clock, database
from flexsmt_site.extensions import db
from flexsmt_site.language import edits, forgetting, privacy, words
from flexsmt_site.language.models import Edit, Release, Step
from flexsmt_site.staff import rules
from tests.language.editing import ANN, LINK, Editors
from tests.language.publishing import Desk, copied
from tests.staff.test_trail import work


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def editors(app: Flask) -> Editors:
    return Editors(app)


def signed(app: Flask) -> list[int]:
    """How many edits, steps and releases still name a member."""
    with app.app_context(), database.read() as session:
        counts = [session.scalar(select(func.count(table.author))) for table in (Edit, Step, Release)]
    return [count or 0 for count in counts]


def test_the_words_stay_and_what_is_younger_keeps_its_author(editors: Editors) -> None:
    draft = editors.save("To the text")
    editors.publish(draft)
    with editors.app.app_context():
        forgetting.forget_authors(draft.made)
        assert signed(editors.app) == [1, 1, 1]
        forgetting.forget_authors(clock.now())
        (found,) = edits.history(LINK)

    assert signed(editors.app) == [0, 0, 0]
    assert (found.strings, found.state) == (("To the text",), "published")
    assert (found.author, found.mover) == (None, None)


@pytest.mark.parametrize(("days", "left"), [(729, 1), (732, 0)])
def test_a_relay_forgets_them_after_24_months(
    editors: Editors, monkeypatch: pytest.MonkeyPatch, days: int, left: int
) -> None:
    editors.show("To the text")
    later = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: later)
    work(editors.app)

    assert signed(editors.app) == [left] * 3


def test_a_round_changes_no_more_than_500_rows_and_none_where_nothing_is_due(app: Flask) -> None:
    with app.app_context():
        shared = {"domain": "messages", "locale": "en", "key": LINK.key, "msgid": LINK.msgid, "author": ANN}
        made = {
            "strings": "[]",
            "base": "",
            "base_strings": "[]",
            "reason": "",
            "made": clock.now(),
        }
        with database.write() as session:
            session.execute(insert(Edit), [{**shared, **made, "parent": number} for number in range(501)])
        forgetting.forget_authors(clock.now())
        assert signed(app) == [1, 0, 0]
        forgetting.forget_authors(clock.now())
        assert signed(app) == [0, 0, 0]
        sent: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
        forgetting.forget_authors(clock.now())

    assert not [statement for statement in sent if not statement.startswith(("SELECT", "BEGIN"))]
    assert sum(statement.startswith("SELECT") for statement in sent) == 3


def test_it_happens_when_the_register_says_so() -> None:
    assert rules.AUDIT_MONTHS == privacy.KEPT_MONTHS

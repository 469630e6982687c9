"""Whoever publishes a version before an announced one sees all that takes effect with it."""

import pytest
from flask import Flask

from tests.editor.policy_desk import ABOUT, come, main, send
from tests.language.editing import Editors
from tests.policy.publishing import clauses, hand_in, name, publish, quick
from tests.staff.members import Staff


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish without a look at all catalogues."""
    quick(monkeypatch)


def test_words_that_were_announced_are_shown_with_a_version_that_comes_before(
    lone_app: Flask, lone_staff: Staff
) -> None:
    publisher = come(lone_staff)
    publish(lone_app, "2037-03-01", edits=[hand_in(lone_app, ABOUT, "About our policy")])
    name(lone_app, "Another")
    tried = send(publisher, "try")
    assert "What was changed on this site for it takes effect with this version" in main(tried)
    assert "[removed: this end] [added: our end] policy" in main(tried)
    later = send(publisher, "try", effective="2037-04-01T00:00")
    assert "takes effect with this version" not in main(later)
    assert "[added: our" not in main(later)
    send(publisher, "publish", tried)

    assert "About our policy" in clauses(lone_app)
    assert Editors(lone_app).states(ABOUT) == [("About our policy", "published")]

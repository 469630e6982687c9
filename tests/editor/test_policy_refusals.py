"""What is not published as a version of the policy: what was not shown, not allowed, or not well typed."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask

from flexsmt_site import clock, proof
from flexsmt_site.editor import policy_desk
from flexsmt_site.editor.policy_desk import Waiting
from flexsmt_site.language import edits
from flexsmt_site.language.edit_rules import State
from flexsmt_site.staff.rules import Role
from tests.editor.policy_desk import ABOUT, PATH, come, main, send, trail
from tests.ground.visitors import Visitor, visit
from tests.policy.publishing import NOTE, footer, hand_in, name, publish, quick, start
from tests.staff.members import Staff

_ANEW: tuple[State, ...] = ("draft", "review")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish without a look at all catalogues."""
    quick(monkeypatch)


@pytest.fixture
def publisher(staff: Staff) -> Visitor:
    """Somebody who publishes, on each database."""
    return come(staff)


@pytest.fixture
def lone_publisher(lone_staff: Staff) -> Visitor:
    """Somebody who publishes, on SQLite."""
    return come(lone_staff)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"note_en": ""}, "Say in a sentence what changes for readers"),
        ({"note_ru": "  "}, "Say in a sentence what changes for readers"),
        ({"note_ru": "x" * 501}, "Shorten this to at most 500 characters"),
        ({"note_en": "a\u202eb"}, "Write it on one line"),
        ({"effective": "2001-01-01T00:00"}, "Give a day and a time that has not passed"),
        ({"effective": "tomorrow"}, "Give a day and a time that has not passed"),
        ({"weight": "none"}, "Choose a kind of change"),
    ],
)
@pytest.mark.parametrize("do", ["try", "publish"])
def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(
    lone_app: Flask, lone_publisher: Visitor, typed: dict[str, str], said: str, do: str
) -> None:
    edit = hand_in(lone_app, ABOUT, "About our policy")
    answer = send(lone_publisher, do, None, **{"edit": edit, "note_en": "Kept note", **typed})

    assert answer.status_code == 422
    assert said in main(answer)
    assert re.search(rf'value="{edit}"[^>]* checked', answer.text)
    for field, value in {"note_ru": NOTE["ru"], **typed}.items():
        assert field == "weight" or f'value="{value}"' in answer.text
    assert footer(lone_app) == 1


def test_what_the_policy_refuses_stands_above_the_form(lone_app: Flask, lone_publisher: Visitor) -> None:
    hand_in(lone_app, ABOUT, "About our policy")
    nothing = send(lone_publisher, "try")
    assert nothing.status_code == 409
    assert "Nothing was published nothing differs from version 1" in main(nothing)
    lost = send(lone_publisher, "publish", edit="77", note_en="Kept note")

    assert "not in review any more: 77" in main(lost)
    assert 'value="Kept note"' in lost.text


def test_an_edit_that_somebody_hands_in_anew_meanwhile_is_looked_at_again(
    lone_app: Flask, lone_publisher: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = hand_in(lone_app, ABOUT, "About our policy")
    look, page = policy_desk.list_waiting, lone_publisher.get(PATH)

    def meanwhile(publisher: int) -> list[Waiting]:
        found = look(publisher)
        for state in _ANEW:
            edits.move(edit, state, author=publisher, now=clock.now())
        return found

    monkeypatch.setattr(policy_desk, "list_waiting", meanwhile)
    refused = send(lone_publisher, "try", page, edit=edit)

    assert refused.status_code == 409
    assert "Somebody has changed these texts meanwhile" in main(refused)


def test_to_publish_asks_who_one_is_where_that_is_long_ago(
    lone_app: Flask, lone_publisher: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = hand_in(lone_app, ABOUT, "About our policy")
    later = clock.now() + timedelta(minutes=20)
    monkeypatch.setattr(clock, "now", lambda: later)
    tried = send(lone_publisher, "try", edit=edit)
    assert tried.status_code == 200
    typed = unescape(re.findall(r'name="text" value="([^"]+)"', tried.text)[0])
    asked = send(lone_publisher, "publish", tried, edit=edit, text=typed)

    assert asked.status_code == 401
    assert f"{NOTE['en']} {NOTE['ru']}" in main(asked)
    assert (footer(lone_app), trail(lone_app)) == (1, [])


def test_what_was_not_stored_is_not_said_to_be_published(
    lone_app: Flask, lone_publisher: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = hand_in(lone_app, ABOUT, "About our policy")
    tried = send(lone_publisher, "try", edit=edit)

    def unreadable(*_folders: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(proof, "code_sum", unreadable)
    assert send(lone_publisher, "publish", tried, edit=edit).status_code == 500
    assert (footer(lone_app), trail(lone_app)) == (1, [])


@pytest.mark.parametrize("role", [Role.EDITOR, Role.SALES])
def test_others_of_the_staff_do_not_publish(lone_app: Flask, lone_staff: Staff, role: Role) -> None:
    start(lone_app)
    assert lone_staff.signed_in(role).get(PATH).status_code == 403
    assert visit(lone_app).get(PATH).status_code == 401


def test_nothing_is_published_that_was_not_shown(lone_app: Flask, lone_publisher: Visitor) -> None:
    edit = hand_in(lone_app, ABOUT, "About our policy")
    tried = send(lone_publisher, "try", edit=edit)
    name(lone_app, "Another")
    again = send(lone_publisher, "publish", tried, edit=edit)

    assert again.status_code == 200
    assert "What version 2 would change" in main(again)
    assert "12. " in main(again)
    assert (footer(lone_app), trail(lone_app)) == (1, [])
    assert send(lone_publisher, "publish", again, edit=edit).status_code == 303


@pytest.mark.parametrize(
    "changed",
    [
        {"note_en": "Two recipients."},
        {"note_ru": "Два получателя."},
        {"weight": "editorial"},
        {"effective": "2037-03-01T12:30"},
    ],
)
def test_nothing_is_said_of_a_version_that_was_not_tried(
    app: Flask, publisher: Visitor, changed: dict[str, str]
) -> None:
    edit = hand_in(app, ABOUT, "About our policy")
    tried = send(publisher, "try", edit=edit)
    again = send(publisher, "publish", tried, edit=edit, **changed)

    assert again.status_code == 200
    assert "What version 2 would change" in main(again)
    assert (footer(app), trail(app)) == (1, [])
    done = send(publisher, "publish", again, edit=edit, **changed)
    assert (done.status_code, done.location) == (303, f"{PATH}?done=2")


def test_a_second_click_with_another_note_is_not_called_published(app: Flask, publisher: Visitor) -> None:
    edit = hand_in(app, ABOUT, "About our policy")
    tried = send(publisher, "try", edit=edit)
    assert send(publisher, "publish", tried, edit=edit).status_code == 303
    refused = send(publisher, "publish", tried, note_en="Two recipients.")

    assert refused.status_code == 409
    assert "nothing differs from version 2" in main(refused)


def test_what_somebody_else_published_meanwhile_is_not_called_one_s_own(
    app: Flask, publisher: Visitor
) -> None:
    name(app, "Another")
    tried = send(publisher, "try", weight="material")
    publish(app, is_material=False)
    refused = send(publisher, "publish", tried, weight="material")

    assert refused.status_code == 409
    assert '<p lang="en">nothing differs from version 2' in refused.text


@pytest.mark.parametrize("typed", [{}, {"effective": "2037-03-01T12:30"}, {"note_en": "  Spaces.  "}])
def test_a_second_click_is_known_by_all_that_was_filled_in(
    lone_app: Flask, lone_publisher: Visitor, typed: dict[str, str]
) -> None:
    name(lone_app, "Another")
    tried = send(lone_publisher, "try", None, **typed)
    first, second = (send(lone_publisher, "publish", tried, **typed) for _ in range(2))

    assert first.location == second.location == f"{PATH}?done=2"
    assert trail(lone_app) == [(2, 2)]


def test_who_wrote_or_handed_in_words_does_not_publish_them(app: Flask, publisher: Visitor) -> None:
    edit = hand_in(app, ABOUT, "About our policy", author=2)
    page = publisher.get(PATH)
    assert re.search(rf'value="{edit}"[^>]* disabled', page.text)
    assert "somebody else publishes it" in main(page)
    name(app, "Another")
    for do in ("try", "publish"):
        refused = send(publisher, do, edit=edit)
        assert refused.status_code == 409
        assert "Nothing was published About this policy: " in main(refused)

    assert (footer(app), trail(app)) == (1, [])

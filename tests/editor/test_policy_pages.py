"""The page on which a version of the policy is tried and published."""

import re
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site.language import overlay
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.staff import audit
from flexsmt_site.staff.rules import Role
from tests.editor.policy_desk import ABOUT, PATH, come, main, send, trail
from tests.ground.visitors import Visitor
from tests.language.editing import Editors
from tests.policy.publishing import clauses, file_of, footer, hand_in, name, publish, quick
from tests.staff.members import Staff

FUTURE = "2037-03-01T12:30"


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


def test_a_version_is_tried_then_published_with_the_chosen_words(app: Flask, publisher: Visitor) -> None:
    edit = hand_in(app, ABOUT, "About our policy")
    page = publisher.get(PATH, query_string={"edit": edit})
    assert re.search(rf'value="{edit}"[^>]* checked', page.text)
    assert "there is nothing to publish" not in main(page)
    tried = send(publisher, "try", edit=edit)
    assert tried.status_code == 200
    assert "What version 2 would change Nothing is published yet." in main(tried)
    assert "[removed: this end] [added: our end] policy" in main(tried)
    assert (footer(app), trail(app)) == (1, [])
    done = send(publisher, "publish", tried, edit=edit)

    assert (done.status_code, done.location) == (303, f"{PATH}?done=2")
    after = publisher.get(done.location)
    assert "Version 2 is published." in main(after)
    assert "The policy reads as version 2 does" in main(after)
    assert "About our policy" in clauses(app)
    assert trail(app) == [(2, 2)]
    assert audit.WORDS["policy.published"]


def test_a_second_click_publishes_nothing_and_leads_to_the_same_page(app: Flask, publisher: Visitor) -> None:
    edit = hand_in(app, ABOUT, "About our policy")
    tried = send(publisher, "try", edit=edit)
    first, second = (send(publisher, "publish", tried, edit=edit) for _ in range(2))

    assert first.location == second.location == f"{PATH}?done=2"
    assert (footer(app), trail(app)) == (2, [(2, 2)])


def test_the_page_tells_of_clauses_that_the_site_would_write_otherwise(
    lone_app: Flask, lone_publisher: Visitor
) -> None:
    assert "The policy reads as version 1 does" in main(lone_publisher.get(PATH))
    name(lone_app, "Another")
    page = lone_publisher.get(PATH)

    assert "these clauses would read otherwise now. Clause 12" in main(page)
    assert 'href="/en/privacy#c12"' in page.text


def test_a_version_may_be_announced_and_tells_what_it_comes_before(
    lone_app: Flask, lone_publisher: Visitor
) -> None:
    name(lone_app, "Another")
    publish(lone_app, FUTURE)
    name(lone_app, "Yet another")
    tried = send(lone_publisher, "try", effective="2037-02-01T00:00")
    assert "Version 2, announced for 1 March 2037, 12:30 UTC, would never take effect" in main(tried)
    assert "It would be in force from 1 February 2037." in main(tried)
    done = send(lone_publisher, "publish", tried, effective="2037-02-01T00:00")
    page = lone_publisher.get(done.location)

    assert "Version 3 is published. It takes effect on 1 February 2037." in main(page)
    assert re.findall(r'data-label="Standing">([^<]+)<', page.text) == [
        "announced",
        "never in force",
        "in force",
    ]
    assert footer(lone_app) == 1


def test_drafts_that_nobody_handed_in_are_counted_with_a_way_to_them(
    lone_app: Flask, lone_publisher: Visitor
) -> None:
    assert "not handed in yet" not in main(lone_publisher.get(PATH))
    Editors(lone_app).save("About our policy", text=ABOUT)
    page = lone_publisher.get(PATH)

    assert "1 draft of the policy is not handed in yet" in main(page)
    assert 'href="/staff/en/words?in=policy&amp;show=draft"' in page.text


def test_a_host_that_can_not_store_a_version_says_so(lone_app: Flask, lone_publisher: Visitor) -> None:
    edit = hand_in(lone_app, ABOUT, "About our policy")
    tried = send(lone_publisher, "try", edit=edit)
    file_of(lone_app).unlink()
    file_of(lone_app).mkdir()
    done = send(lone_publisher, "publish", tried, edit=edit)
    page = main(lone_publisher.get(done.location))

    assert "Version 2 is published." in page
    assert "This host does not show version 2 yet" in page


def test_a_broken_file_of_words_does_not_close_the_page(
    lone_app: Flask, lone_publisher: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lone_app, edits=[hand_in(lone_app, ABOUT, "About our policy")])
    name(lone_app, "Another")

    def broken(*_arguments: object) -> None:
        raise overlay.BrokenCatalogue(Path("policy.po"), ValueError("a test"))

    monkeypatch.setattr(overlay, "compiled", broken)
    page = lone_publisher.get(PATH)

    assert (page.status_code, "All versions" in main(page)) == (200, True)


def test_before_the_first_version_there_is_nothing_to_publish(lone_app: Flask, lone_staff: Staff) -> None:
    page = lone_staff.signed_in(Role.PUBLISHER).get(PATH)

    assert "There is none yet" in main(page)
    assert 'name="do"' not in page.text
    assert footer(lone_app) == 1


def test_the_page_speaks_russian(lone_app: Flask, lone_publisher: Visitor) -> None:
    hand_in(lone_app, Text("policy", "ru", ABOUT.msgid), "О нашей политике")
    page = lone_publisher.get(PATH.replace("/en/", "/ru/"))

    assert page.status_code == 200
    assert '<html lang="ru"' in page.text
    assert "политике" in main(page)

"""Who comes second learns who did what, from the line that the trail has of it."""

from collections.abc import Callable

import pytest

from flexsmt_site import clock, database
from flexsmt_site.contact import desk as contact_desk
from flexsmt_site.staff import service as staff
from flexsmt_site.staff.models import Record
from tests.contact.form import take
from tests.inbox.desk import Desk, words_of

#: By the verb of whoever came first: what is done before, and what is told of it.
FIRST = {
    "take": ([], "took it:"),
    "give-back": (["take"], "gave it back:"),
    "answer": ([], "marked it as answered:"),
    "reopen": (["answer"], "opened it again:"),
    "release": ([], "released it from quarantine:"),
}
FASTER = "Nothing was changed: somebody else was faster."
OLDER = "Nothing was changed: the enquiry is no longer as your page showed it."


def prepare(desk: Desk, verb: str) -> str:
    reference = take(clock.now(), trap="x" if verb == "release" else "")
    for earlier in FIRST[verb][0]:
        desk.acts(earlier, reference)
    return reference


def other(verb: str) -> str:
    """A verb that is not what the first one did."""
    return "answer" if verb != "answer" else "take"


@pytest.mark.parametrize("verb", FIRST)
def test_who_comes_second_is_told_who_did_what(desk: Desk, colleague: Desk, verb: str) -> None:
    reference = prepare(colleague, verb)
    seen = colleague.opens(reference)
    desk.acts(verb, reference)
    desk.acts("note", reference, text="Later, and no change")
    refused = colleague.acts(other(verb), reference, seen)
    assert refused.status_code == 409
    assert FASTER in words_of(refused)
    assert f"sales@example.com {FIRST[verb][1]}" in words_of(refused)


@pytest.mark.parametrize("verb", FIRST)
def test_who_did_it_in_another_tab_is_told_so(desk: Desk, colleague: Desk, verb: str) -> None:
    reference = prepare(colleague, verb)
    seen = desk.opens(reference)
    desk.acts(verb, reference)
    refused = desk.acts(other(verb), reference, seen)
    assert refused.status_code == 409
    assert OLDER in words_of(refused)
    assert f"You {FIRST[verb][1]}" in words_of(refused)
    assert f"sales@example.com {FIRST[verb][1]}" not in words_of(refused)


def _by_command(reference: str) -> None:
    assert contact_desk.release(contact_desk.get_entry(reference), clock.now())


def _forgotten(reference: str) -> None:
    _by_command(reference)
    with database.write() as session:
        session.query(Record).delete()


@pytest.mark.parametrize(
    ("release", "said"),
    [(_by_command, "It was released from quarantine:"), (_forgotten, OLDER)],
)
def test_a_release_by_command_names_nobody_and_what_no_line_tells_is_not_guessed(
    desk: Desk, release: Callable[[str], None], said: str
) -> None:
    reference = take(clock.now(), trap="x")
    seen = desk.opens(reference)
    release(reference)
    refused = desk.acts("release", reference, seen)
    assert refused.status_code == 409
    assert said in words_of(refused)
    assert ("It was released" in words_of(refused)) is (release is _by_command)


def test_a_member_who_is_gone_is_not_named(desk: Desk, colleague: Desk) -> None:
    reference = take(clock.now())
    seen = desk.opens(reference)
    colleague.acts("take", reference)
    staff.remove("colleague@example.com", clock.now())
    assert "somebody who is gone took it:" in words_of(desk.acts("answer", reference, seen))


def test_lines_about_other_records_of_the_same_number_are_not_taken_for_it(
    desk: Desk, colleague: Desk
) -> None:
    first, second = take(clock.now()), take(clock.now())
    seen = colleague.opens(first)
    desk.acts("answer", first)
    desk.acts("take", second)
    with database.write() as session:
        session.add(
            Record(at=clock.now(), member_id=None, action="member.changed", subject=desk.enquiry(first).id)
        )
    said = words_of(colleague.acts("take", first, seen))
    assert "sales@example.com marked it as answered:" in said

"""Which text an edit is of, and what becomes of it when the repository changes."""

import pytest

from flexsmt_site.language import edit_rules
from flexsmt_site.language.edit_rules import BadStrings, Fate, State, Text, digest

MINE, BASE, OTHER = ("mine",), ("base",), ("other",)


@pytest.mark.parametrize(
    ("current", "fate"),
    [(BASE, Fate.STAYS), (MINE, Fate.LANDED), (OTHER, Fate.CONFLICT), (None, Fate.GONE)],
)
def test_an_edit_is_held_against_what_the_repository_says(
    current: tuple[str, ...] | None, fate: Fate
) -> None:
    assert edit_rules.fate(MINE, digest(BASE), current) is fate


def test_a_retired_edit_is_needed_again_where_the_repository_says_what_it_said_before() -> None:
    needed = [edit_rules.comes_back(MINE, digest(BASE), current) for current in (BASE, MINE, OTHER, None)]
    assert needed == [True, False, False, False]


def test_what_gettext_takes_for_different_texts_has_different_keys() -> None:
    texts = [
        Text("messages", "ru", "File"),
        Text("messages", "ru", "File", context="menu"),
        Text("messages", "ru", "File", context=""),
        Text("messages", "ru", "File", plural="Files"),
        Text("messages", "ru", "Files", context="menu"),
    ]
    assert len({text.key for text in texts}) == len(texts)
    assert texts[0].key == Text("mail", "en", "File").key
    assert [texts[0].forms, texts[3].forms, Text("mail", "en", "File", "Files").forms] == [1, 3, 2]


def test_people_hand_in_take_back_and_withdraw() -> None:
    states: tuple[State, ...] = ("draft", "review", "published", "replaced", "withdrawn", "retired")
    assert {(one, to) for one in states for to in states if edit_rules.may_move(one, to)} == {
        *(("draft", "review"), ("draft", "withdrawn")),
        *(("review", "draft"), ("review", "withdrawn")),
    }


@pytest.mark.parametrize(
    ("strings", "reason", "says"),
    [
        (("a", "b"), "", "2 forms instead of 3"),
        (("a", "b", "c\0"), "", "NUL"),
        (("a", "b", "\ud800"), "", "half of a pair"),
        (("a", "b", "c" * 20_001), "", "20001 characters"),
        (("a", "b", "c"), "r" * 501, "a reason of 501"),
    ],
)
def test_what_can_not_be_kept_is_refused(strings: tuple[str, ...], reason: str, says: str) -> None:
    with pytest.raises(BadStrings, match=says):
        edit_rules.check(Text("messages", "ru", "%(num)s thing", "%(num)s things"), strings, reason)


def test_a_draft_may_be_unfinished() -> None:
    edit_rules.check(Text("messages", "ru", "a", "b"), ("", "", ""))

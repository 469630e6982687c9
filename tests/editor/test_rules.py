import pytest

from flexsmt_site.editor import rules
from flexsmt_site.editor.rules import Hindrance
from flexsmt_site.language.gate_entry import PLURAL_FORMS

ANN, BEN = 1, 2


@pytest.mark.parametrize(
    ("domain", "state", "authors", "expected"),
    [
        ("messages", "draft", {ANN}, None),
        ("messages", "review", {ANN}, None),
        ("mail", "draft", {BEN}, Hindrance.UNREVIEWED),
        ("mail", "draft", {ANN}, Hindrance.UNREVIEWED),
        ("mail", "review", {ANN}, Hindrance.OWN),
        ("mail", "review", {ANN, BEN}, Hindrance.OWN),
        ("mail", "review", {BEN}, None),
        ("mail", "review", {None}, None),
        ("policy", "review", {BEN, None}, None),
        ("policy", "review", {ANN, None}, Hindrance.OWN),
    ],
)
def test_a_second_pair_of_eyes_is_somebody_elses(
    domain: str, state: str, authors: set[int | None], expected: Hindrance | None
) -> None:
    assert rules.hindrance(domain, state, authors, ANN) is expected


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Ещё ёлка", "ЕЩЕ"),
        ("Еще елка", "ёлк ещё"),
        ("Контактная\u00a0форма", "контактная форма"),
        ("one\ntwo", "two  one"),
        ("the contact form", "act for"),
        ("Ｆlex", "flex"),
        ("anything", "  "),
    ],
)
def test_words_are_found_whatever_their_case_and_spaces(text: str, wanted: str) -> None:
    assert rules.is_found(rules.sought(text), rules.sought(wanted))


@pytest.mark.parametrize(("text", "wanted"), [("the form", "form page"), ("елка", "палка"), ("", "a")])
def test_every_word_has_to_be_there(text: str, wanted: str) -> None:
    assert not rules.is_found(rules.sought(text), rules.sought(wanted))


def test_each_plural_form_is_labelled() -> None:
    assert {lang: len(numbers) for lang, numbers in rules.NUMBERS.items()} == PLURAL_FORMS

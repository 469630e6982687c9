import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.contact import rules
from flexsmt_site.contact.rules import Submission, TokenAge

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUBMISSION = Submission("Anna", "Müller", "anna@example.com", "Platine", "DE", "Köln", "Hello")


@given(st.text(), st.booleans())
def test_clean_text_is_in_nfc_without_hidden_characters_or_outer_space(text: str, lines: bool) -> None:  # noqa: FBT001
    cleaned = rules.cleaned(text, lines=lines)

    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()
    allowed = {"\t", "\n"} if lines else {"\t"}
    hidden = {sign for sign in cleaned if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")}
    assert hidden <= allowed
    assert not set(cleaned) & set(
        "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    )


@given(st.text(), st.booleans())
def test_cleaning_twice_changes_nothing_more(text: str, lines: bool) -> None:  # noqa: FBT001
    once = rules.cleaned(text, lines=lines)

    assert rules.cleaned(once, lines=lines) == once


@given(st.text(st.sampled_from("абвёй ,.АЯ«»—09\n")))
def test_ordinary_russian_text_stays_letter_for_letter(text: str) -> None:
    assert rules.cleaned(text, lines=True) == text.strip()


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_end_becomes_one(end: str) -> None:
    assert rules.cleaned(f"a{end}b", lines=True) == "a\nb"
    assert rules.cleaned(f"a{end}b", lines=False) == "a b"


@pytest.mark.parametrize(
    ("text", "lines", "sendable"),
    [
        *(("Anna", False, True), ("a\0b", True, False), ("a\nb", False, False), ("a\nb", True, True)),
        *(("Anna\n", False, True), ("", False, True)),
    ],
)
def test_what_nobody_types_is_not_sendable(text: str, lines: bool, sendable: bool) -> None:  # noqa: FBT001
    assert rules.is_sendable(text, lines=lines) is sendable


@pytest.mark.parametrize(
    ("text", "visible"),
    [("Anna", True), (".", True), ("\u200b", False), ("\u00ad\u2060", False), ("\ue000", False), ("", False)],
)
def test_a_name_that_nobody_can_see_is_none(text: str, visible: bool) -> None:  # noqa: FBT001
    assert rules.is_visible(text) is visible


@given(st.integers(0, 2**40 - 1))
def test_a_reference_can_be_read_out_over_the_phone(chance: int) -> None:
    reference = rules.reference(chance)

    assert rules.REFERENCE.fullmatch(reference)
    assert not set(reference[3:]) & set("ILOU")


@given(st.integers(0, 2**40 - 1), st.integers(0, 2**40 - 1))
def test_different_chance_gives_different_references(one: int, other: int) -> None:
    assert (rules.reference(one) == rules.reference(other)) == (one == other)


@pytest.mark.parametrize(
    ("age", "judged"),
    [
        (timedelta(seconds=-4), TokenAge.STALE),
        (timedelta(seconds=-3), TokenAge.HASTY),
        (timedelta(0), TokenAge.HASTY),
        (timedelta(seconds=2.9), TokenAge.HASTY),
        (timedelta(seconds=3), TokenAge.FRESH),
        (timedelta(hours=24), TokenAge.FRESH),
        (timedelta(hours=24, seconds=1), TokenAge.STALE),
    ],
)
def test_a_form_is_judged_by_its_age(age: timedelta, judged: TokenAge) -> None:
    assert rules.token_age(NOON - age, NOON) is judged


@given(st.integers(0, 2**40 - 1), st.sampled_from([str.lower, str.upper]), st.sampled_from(["-", "", " "]))
def test_a_reference_is_read_as_people_write_it(
    chance: int, case: Callable[[str], str], between: str
) -> None:
    reference = rules.reference(chance)

    assert rules.read_reference(case(reference).replace("-", between)) == reference


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *(("fx-o1il-0000", "FX-0111-0000"), ("FX-0000-000", None), ("FX-0000-00000", None)),
        *(("FY-0000-0000", None), ("FX-0000-000U", None), ("", None), ("FX", None)),
    ],
)
def test_what_was_misheard_is_mended_and_the_rest_is_no_reference(written: str, read: str | None) -> None:
    assert rules.read_reference(written) == read


def test_the_digest_tells_fields_apart() -> None:
    swapped = Submission("Müller", "Anna", "anna@example.com", "Platine", "DE", "Köln", "Hello")

    assert SUBMISSION.digest == Submission(*vars(SUBMISSION).values()).digest
    assert SUBMISSION.digest != swapped.digest

from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site import pages
from flexsmt_site.contact import notice, rules
from flexsmt_site.contact.rules import TokenAge, Traits

QUIET = Traits(TokenAge.FRESH, "", "A question about boards", is_crowded=False, is_repeated=False)
LINK = "https://example.com/a "


def test_an_ordinary_enquiry_gives_no_signal() -> None:
    assert rules.signals(QUIET) == ()


@pytest.mark.parametrize(
    ("change", "signal"),
    [
        ({"age": TokenAge.HASTY}, "hasty"),
        ({"is_crowded": True}, "crowded"),
        ({"description": LINK * 4}, "links"),
        ({"is_repeated": True}, "repeated"),
        ({"trap": "x"}, "trapped"),
    ],
)
def test_each_signal_comes_alone_from_what_it_is_about(change: dict[str, object], signal: str) -> None:
    assert rules.signals(replace(QUIET, **change)) == (signal,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "is_many"),
    [
        (LINK * 3, False),
        (LINK * 4, True),
        ("HTTP://a.example www.b.example http://c.example WWW.d.example", True),
        ("https://www.a.example https://www.b.example", False),
        ("Наш сайт flexsmt.example, почта info@example.com, телефон +7 000 000-00-00", False),
        ("Плата SMT-7, разъём USB Type-C, прошивка v2.1 (OEM, ODM): Ваш ответ пришлите on Monday", False),
    ],
)
def test_more_than_three_links_are_a_signal_and_mixed_alphabets_are_none(text: str, is_many: bool) -> None:  # noqa: FBT001
    assert rules.signals(replace(QUIET, description=text)) == (("links",) if is_many else ())


@given(st.sets(st.sampled_from(sorted(rules.GROUPS))))
def test_two_kinds_of_evidence_or_a_filled_trap_hold_an_enquiry(signals: set[str]) -> None:
    kinds = {rules.GROUPS[name] for name in signals}

    assert rules.is_quarantined(signals) == ("trapped" in signals or len(kinds) >= 2)


@pytest.mark.parametrize(
    ("signals", "is_held"),
    [
        *(((), False), (("hasty",), False), (("crowded",), False), (("links", "repeated"), False)),
        *((("trapped",), True), (("hasty", "links"), True), (("crowded", "repeated"), True)),
        (("hasty", "crowded"), True),
    ],
)
def test_signals_of_one_kind_are_not_independent(signals: tuple[str, ...], is_held: bool) -> None:  # noqa: FBT001
    assert rules.is_quarantined(signals) is is_held


@given(st.text(min_size=20, max_size=60), st.sampled_from([" ", "\n", "\t  "]))
def test_the_same_text_is_known_again_whatever_its_spaces(text: str, space: str) -> None:
    words = text.split()

    assert rules.text_digest(space.join(words)) == rules.text_digest(f"  {' '.join(words)}\n")


@pytest.mark.parametrize(
    ("one", "other"),
    [("ПРИШЛИТЕ ПРЕДЛОЖЕНИЕ НА ПЛАТЫ", "Пришлите предложение на платы"), ("STRASSE " * 4, "Straße " * 4)],
)
def test_the_same_text_is_known_again_whatever_its_case(one: str, other: str) -> None:
    assert rules.text_digest(one) == rules.text_digest(other) is not None


def test_a_short_text_is_the_same_by_chance_and_not_remembered() -> None:
    assert rules.text_digest("x" * 19) is None
    assert rules.text_digest("x" * 20) is not None
    assert rules.text_digest("x" * 20) != rules.text_digest("y" * 20)


@pytest.mark.parametrize(
    ("is_held", "is_released", "states", "words"),
    [
        (True, False, [], "held"),
        (False, True, ["queued", "queued"], "released: queued"),
        (False, False, ["accepted", "bounced", "accepted"], "accepted, bounced"),
        (False, False, [], "no notices"),
    ],
)
def test_where_an_enquiry_stands_is_said_in_a_few_words(
    is_held: bool,  # noqa: FBT001
    is_released: bool,  # noqa: FBT001
    states: list[str],
    words: str,
) -> None:
    assert rules.standing(is_held=is_held, is_released=is_released, notices=states) == words


@pytest.mark.parametrize("spoken", ["en", "ru"])
def test_every_signal_has_its_words_in_both_languages(lone_app: Flask, spoken: str) -> None:
    with lone_app.app_context(), pages.speaking(spoken):
        said = {name: str(words) for name, words in notice.REASONS.items()}

    assert set(said) == set(rules.GROUPS)
    assert len(set(said.values())) == len(said)
    assert all(words[0].isascii() == (spoken == "en") for words in said.values())

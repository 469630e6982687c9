from pathlib import Path

import pytest

from flexsmt_site.language import countries

FROZEN = Path(__file__).parent


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_the_order_is_that_of_icu(locale: str) -> None:
    frozen = (FROZEN / f"countries.{locale}.txt").read_text(encoding="utf-8").splitlines()

    assert [f"{code} {name}" for code, name in countries.names(locale).items()] == frozen


def test_both_languages_have_the_same_249_countries() -> None:
    english, russian = countries.names("en"), countries.names("ru")

    assert len(english) == 249
    assert english.keys() == russian.keys()
    assert set(countries.codes()) == set(english)


@pytest.mark.parametrize(
    "code", ["AC", "CP", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ", "XK"]
)
def test_territories_that_are_no_country_are_left_out(code: str) -> None:
    with pytest.raises(countries.UnknownCountry, match=code):
        countries.country_name(code, "en")


def test_a_country_has_its_name_in_the_language() -> None:
    assert countries.country_name("CI", "en") == "Côte d’Ivoire"
    assert countries.country_name("CI", "ru") == "Кот-д’Ивуар"


@pytest.mark.parametrize("code", ["", "ru", "R", "001", "XX"])
def test_what_is_no_code_has_no_name(code: str) -> None:
    with pytest.raises(countries.UnknownCountry):
        countries.country_name(code, "ru")


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_choices_are_made_once_for_each_language(locale: str) -> None:
    assert countries.names(locale) is countries.names(locale)


@pytest.mark.parametrize(
    ("first", "second"), [("Ёлка", "ель"), ("Йемен", "Кения"), ("Иордания", "Йемен"), ("Åland", "Albania")]
)
def test_letters_with_marks_sort_where_a_reader_looks_for_them(first: str, second: str) -> None:
    assert countries.fold(first) < countries.fold(second)

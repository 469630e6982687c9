import unicodedata

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text as sql

from flexsmt_site.contact import finding, words
from flexsmt_site.extensions import db
from tests.contact.stored import row, store

PERSON = {
    "reference": "FX-7K3M-92QD",
    "first_name": "Жан-Поль",
    "last_name": "Королёв",
    "company": "Ångström & Söhne GmbH",
    "email": "j.korolev@mail.example.com",
    "country": "AT",
    "city": "Йошкар-Ола",
    "description": 'Нужна плата 4 слоя, IPC-6012.\nO\'Brien said: "50% off", snake_case; часы ΣΊΣΥΦΟΣ 日本語',
}
#: Others, who are found by none of it.
OTHERS = (
    {"reference": "FX-1111-1111", "last_name": "Doe", "country": "JP"},
    {"reference": "FX-2222-2222", "last_name": "Roe", "country": "US"},
)

FOUND = [
    *("FX-7K3M-92QD", "fx7k3m92qd", " fx 7k3m 92qd ", "FX-7K3M", "7k3m", "92QD", "7K3", "fx-7k3m-92qd плата"),
    *("Королёв", "королев", "КОРОЛЁВ", "корол", "жан", "Поль Королев", "korolev", "поль жан"),
    *("Ångström", "angstrom", "sohne", "SÖHNE", "ångström & söhne", "gmbh"),
    *("j.korolev@mail.example.com", "J.KOROLEV", "mail.example.com", "@example.com", "<korolev@"),
    *("Йошкар", "йошкар-ола", "ола"),
    *("Австрия", "австр", "Austria", "AT", "at", "королёв austria"),
    *(
        "плата",
        "ПЛАТА слоя",
        "4",
        "ipc-6012",
        "6012",
        "o'brien",
        "O’Brien",
        '"50% off"',
        "50%",
        "snake_case",
        "плат_",
    ),
    *("Σίσυφος", "σισυφοσ", "日本", "  нужна\n\tплата  "),
    "королёв | korolev & !плата:* (50% off) NOT_".removesuffix(" NOT_"),
]
LOST = [
    *("FX-7K3M-92QE", "7K3M-92QE", "Иошкар", "илла", "оролев", "королевы", "германия", "JP"),
    *("плата дорожка", "korolev AND", "плата OR", "ångström NEAR söhne", "slata", "%", "_", "пл_та", "пл%та"),
    *(
        "'",
        '"',
        "''",
        '""',
        "*",
        ":*",
        "!",
        "&",
        "|",
        "-",
        "()",
        "\\",
        "--",
        ";",
        "\x00",
        "🙂",
        "…",
        "x" * 10_000,
    ),
    *("word " * 2000, "' OR '1'='1", '") OR 1=1 --', "enquiry_word", "\x00\x01", "\u202e", "₽", "\ud800"),
]


@pytest.fixture
def _person(app: Flask) -> None:
    with app.app_context():
        store(*OTHERS, PERSON)


def found(text: str) -> list[str]:
    return [enquiry.last_name for enquiry in finding.find(None, text).enquiries]


def kept(number: int) -> set[str]:
    """The words that the database itself keeps of an enquiry."""
    from_table = "SELECT word FROM enquiry_word WHERE enquiry_id = :number"
    from_column = "SELECT unnest(tsvector_to_array(words)) FROM enquiry WHERE id = :number"
    with db.engine.connect() as connection:
        query = from_table if db.engine.dialect.name == "sqlite" else from_column
        return set(connection.scalars(sql(query), {"number": number}))


@pytest.mark.usefixtures("_person")
def test_people_are_found_by_everything_that_they_wrote_and_by_nothing_else(app: Flask) -> None:
    with app.app_context():
        assert [text for text in FOUND if found(text) != ["Королёв"]] == []
        assert [text for text in LOST if "Королёв" in found(text)] == []
        assert [text for text in LOST if found(text)] == ["JP"]


@pytest.mark.usefixtures("_person")
def test_who_asks_for_nothing_or_for_what_all_have_gets_everything(app: Flask) -> None:
    with app.app_context():
        for text in ("", " \n\t", "FX", "fx-"):
            assert len(found(text)) == 3, text
        assert finding.count_all(None, "!!!") == 0
        assert finding.count_all(None, "FX-7K3M-92QD") == 1


@pytest.mark.usefixtures("_person")
def test_a_changed_text_is_found_by_its_words_as_they_are(app: Flask) -> None:
    with app.app_context(), db.engine.execution_options(write=True).begin() as connection:
        connection.execute(sql("UPDATE enquiry SET city = 'Wien', stage = 'taken' WHERE country = 'AT'"))
        connection.execute(sql("UPDATE enquiry SET country = 'DE' WHERE country = 'AT'"))
    with app.app_context():
        assert (found("wien"), found("germany плата")) == (["Королёв"], ["Королёв"])
        assert (found("йошкар"), found("austria")) == ([], [])


def test_a_paragraph_is_found_by_its_first_words(app: Flask) -> None:
    text = " ".join(f"word{number}" for number in range(words.MOST + 10))
    with app.app_context():
        (number,) = store({"description": text})
        assert [one.id for one in finding.find(None, f"{text} and another one").enquiries] == [number]
        assert finding.find(None, f"missing {text}").enquiries == []
        assert [one.id for one in finding.find(None, f"{text} " * 1000).enquiries] == [number]


def test_a_word_of_any_length_is_kept_and_found_by_its_beginning(app: Flask) -> None:
    with app.app_context():
        store(
            {"description": "ы" * 5000, "last_name": "Long"},
            {"description": f"{'ы' * 39}ё", "last_name": "Short"},
        )
        assert found("ы" * 39) == ["Short", "Long"]
        assert found("ы" * 40) == ["Long"]
        assert found("ы" * 10_000) == ["Long"]


#: Signs of every kind, and what is likely to be taken for something else.
SIGNS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TRICKY = st.text(
    st.sampled_from("аЁёйЙиИ\u0306\u0308eéÉßẞıİiIςΣσLłŁ'\"%_-\\:*&|!()<>@ 1½①Ⅳﬁ\u00ad\u200d🙂한글")
)
TEXTS = st.text(SIGNS, max_size=60) | TRICKY


def test_both_databases_keep_the_words_that_a_search_looks_for(app: Flask) -> None:
    @given(TEXTS, TEXTS, st.sampled_from(["DE", "RU", ""]))
    @example("x" * 95, "ё" * 39 + "й" * 45, "DE")
    def check(name: str, description: str, country: str) -> None:
        name = name[:100]
        values = {"last_name": name, "description": description, "country": country}
        one = row(email="a@b.example", **values)
        (number,) = store(one)
        own = words.split(f"{one['reference'][3:]} {name} {description}")
        assert kept(number) == {*own, "a", "b", "example", words.MARK + country.lower()}

    with app.app_context():
        check()


PARTS = st.sampled_from(
    ["плата", "Ivanova", "ёлка", "елка", "йод", "иод", "Straße", "42", "IPC-6012", "FX", "de", "Japan"]
)
SEARCHES = st.lists(PARTS | TEXTS, max_size=4).map(" ".join) | st.text()
STORED = ["плата Иванова 42", "Ёлка, йод; IPC 6012", "иод STRASSE Straße", "ivanov@example.com", "Ⅳ ½ ﬁn"]


def test_any_search_finds_what_has_all_of_its_words_on_both_databases(app: Flask) -> None:
    @given(SEARCHES)
    @example("\ud800")
    def check(search: str) -> None:
        ids = {enquiry.id for enquiry in finding.find(None, search).enquiries}
        assert ids == {number for number, text in stored.items() if is_asked_for(search, text, number)}
        assert finding.count_all(None, search) == len(ids)

    with app.app_context():
        numbered = enumerate(STORED)
        rows = [{"description": text, "country": "JP", "reference": f"FX-000{n}"} for n, text in numbered]
        stored = dict(zip(store(*rows), STORED, strict=True))
        check()


def is_asked_for(search: str, text: str, number: int) -> bool:
    """The same decision by hand: each word begins one of the text's, or one of the country's names."""
    if not search.strip():
        return True
    asked = plain_words(search)
    if asked == ["fx"]:
        return True
    here = [*plain_words(f"{text} 000{number - 1}"), "japan", "япония", "jp"]
    wanted = [word for word in asked if word != "fx"]
    fits = [any(one.startswith(word) for one in here if one != "jp" or word == "jp") for word in wanted]
    return bool(wanted) and all(fits)


def plain_words(text: str) -> list[str]:
    return words.split(unicodedata.normalize("NFC", text))

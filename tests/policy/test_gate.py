"""The gate: what one language promises and the other does not is found, and its place is said."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flexsmt_site import create_app
from flexsmt_site.policy import gate
from tests.conftest import make_settings
from tests.policy.publishing import rendered


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    app = create_app(make_settings(tmp_path_factory.mktemp("gate")))
    return {lang: text.html for lang, text in rendered(app).items()}


def test_the_shipped_text_passes(texts: dict[str, str]) -> None:
    assert gate.compare(texts) == []


@pytest.mark.promise("P14.1")
@pytest.mark.parametrize(
    ("lang", "old", "new", "said"),
    [
        ("ru", r'<section class="clause" id="c14".*?</section>', "", "clause 14 is missing in ru"),
        ("en", r'<section class="clause" id="c3".*?</section>', "", "clause 3 is missing in en"),
        ("ru", 'id="P4.3"', 'id="P4.2"', "clause 4: promise P4.3 is missing in ru"),
        ("ru", "184 дня", "185 дней", "clause 5: numbers differ in ru"),
        ("en", "30 days", "31 days", "clause 8: numbers differ in ru"),
        ("ru", r"<tr><th scope=\"row\"><code>lang.*?</tr>", "", "clause 5: part 11 is a table row"),
        ("ru", 'href="/ru/settings"', 'href="/ru/contact"', "clause 2: link to /<lang>/settings is missing"),
        (
            "ru",
            r"(?<=<p>).{0,9}(?=<span class=\"promise\" id=\"P13.1)",
            "%(name)s",
            "%(name) is not filled in",
        ),
        ("en", r'<h2 id="c9-title">.*?</h2>', "", "clause 9: no title in en"),
        ("ru", ".*", "", "there are no clauses in ru"),
    ],
)
def test_what_differs_is_named_with_its_clause(
    texts: dict[str, str], lang: str, old: str, new: str, said: str
) -> None:
    changed, count = re.subn(old, lambda _found: new, texts[lang], count=1, flags=re.DOTALL)
    assert count == 1

    assert said in "\n".join(gate.compare({**texts, lang: changed}))


def test_another_order_is_found(texts: dict[str, str]) -> None:
    third, fourth = (
        re.findall(rf'<section class="clause" id="c{n}".*?</section>', texts["ru"], re.DOTALL)[0]
        for n in (3, 4)
    )
    changed = texts["ru"].replace(third, "").replace(fourth, fourth + third)

    assert "the clauses stand in another order in ru than in en" in gate.compare({**texts, "ru": changed})


def test_a_text_that_nobody_translated_is_found(texts: dict[str, str]) -> None:
    faults = gate.compare({"en": texts["en"], "ru": texts["en"].replace('"/en/', '"/ru/')})

    assert len(faults) > 50
    assert all("not translated" in fault for fault in faults)


@pytest.mark.parametrize(
    ("english", "russian", "is_same"),
    [
        ("Since 1 March 2027 it holds.", "Действует с 1 марта 2027 г. везде.", True),
        ("Since 1 March 2027 it holds.", "Действует с 1 мая 2027 г. везде.", False),
        ("On 2027-03-01.", "Дата 2027-03-01.", True),
        ("Since 1 Auguſt 2027 it holds.", "Действует с 1 АВГУСТА 2027 г. везде.", True),
        ("Since 1 Auguſt 2027 it holds.", "Действует с 2 августа 2027 г. везде.", False),
        ("Within seven days.", "В течение 7 дней.", True),
        ("Within seven days.", "В течение 7 месяцев.", False),
    ],
)
def test_days_and_periods_are_the_same_in_both_languages(
    english: str,
    russian: str,
    is_same: bool,  # noqa: FBT001
) -> None:
    section = '<section class="clause" id="c1"><h2><span>1</span> {0}</h2><p>{1}</p></section>'
    found = gate.compare({"en": section.format("Title", english), "ru": section.format("Раздел", russian)})

    assert (found == []) == is_same


@given(english=st.text(max_size=200), russian=st.text(max_size=200))
@example(english="1 Auguſt 2027", russian="1 АВГУСТА 2027")
@example(english="31 Aprıl 2027", russian="٣ мая ٢٠٢٧")
def test_no_text_breaks_the_gate(english: str, russian: str) -> None:
    section = '<section class="clause" id="c1"><h2><span>1</span> T</h2><p>{0}</p></section>'
    texts = {"en": section.replace("{0}", english), "ru": section.replace("{0}", russian)}

    assert all(fault.startswith("clause 1: ") for fault in gate.compare(texts))

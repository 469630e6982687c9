import re
from pathlib import Path

import pytest

from flexsmt_site import create_app
from flexsmt_site.environment import SettingError
from flexsmt_site.policy import processors
from flexsmt_site.policy.processors import LegalException, Standard
from tests.conftest import make_settings
from tests.ground.visitors import Visitor, visit
from tests.policy.test_tables import rows_of

ROW = """
[[processor]]
name = "Mail Ltd"
hosts = ["mail.example.com", "db.example.com"]
country = "RU"
purpose = { en = "Delivering e-mail", ru = "Доставка почты" }
standard = "adequate"
contract = 2026-11-22
review = 2027-11-22
"""
MEASURE = 'safeguard = { en = "Encryption", ru = "Шифрование" }\n'


def _register(folder: Path, text: str) -> Path:
    file = folder / "processors.toml"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.promise("P12.1")
@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("SMTP_URL", "smtps://user:word@mail.example.com"),
        ("ALERT_SMTP_URL", "smtps://user:word@mail.example.com"),
        ("DATABASE_URL", "postgresql+psycopg://user:word@db.example.com/x"),
    ],
)
def test_the_site_does_not_start_with_a_host_that_the_register_does_not_name(
    tmp_path: Path, name: str, url: str
) -> None:
    settings = make_settings(tmp_path, **{name: url})
    with pytest.raises(SettingError, match=f"FLEXSMT_{name} is '.*example.com'") as caught:
        create_app(settings)
    assert "word" not in str(caught.value)

    _register(tmp_path, ROW)
    processors.check(settings)


@pytest.mark.promise("P12.1")
@pytest.mark.parametrize("host", ["other.example.com", "mail.example.com.evil.example.com", "192.0.2.1"])
def test_a_listed_provider_does_not_open_the_way_to_another_host(tmp_path: Path, host: str) -> None:
    _register(tmp_path, ROW)

    with pytest.raises(SettingError, match="FLEXSMT_SMTP_URL"):
        create_app(make_settings(tmp_path, SMTP_URL=f"smtps://{host}"))


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:2525", "smtp://localhost:2525", "smtp+plain://[::1]:2525"])
def test_this_machine_needs_no_entry(tmp_path: Path, url: str) -> None:
    processors.check(make_settings(tmp_path, SMTP_URL=url))


@pytest.mark.promise("P12.3")
def test_a_recipient_below_the_standard_needs_the_measure_that_raises_it(tmp_path: Path) -> None:
    raised = ROW.replace('"adequate"', '"raised"')
    with pytest.raises(SettingError, match="entry 1 has the measure"):
        processors.load(_register(tmp_path, raised))

    (kept,) = processors.load(_register(tmp_path, raised + MEASURE))
    assert kept.safeguard == {"en": "Encryption", "ru": "Шифрование"}


@pytest.mark.promise("P12.4")
def test_without_a_measure_only_an_exception_of_the_law_opens_the_way(tmp_path: Path) -> None:
    row = ROW.replace('"adequate"', '"exception"')
    for missing in ("", 'exception = ""\n'):
        with pytest.raises(SettingError, match="entry 1 has an exception: consent, contract"):
            processors.load(_register(tmp_path, row + missing))
    with pytest.raises(SettingError, match="entry 1 has all of its fields"):
        processors.load(_register(tmp_path, row + 'exception = "because"\n'))
    for exception in LegalException:
        (kept,) = processors.load(_register(tmp_path, f'{row}exception = "{exception.name}"\n'))
        assert (kept.standard, kept.exception) == (Standard.exception, exception)


@pytest.mark.promise("P12.4")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_clause_12_lists_the_six_exceptions_of_the_register_in_order(visitor: Visitor, language: str) -> None:
    listed = visitor.get(f"/{language}/privacy").text.partition('id="P12.4"')[2].partition("</ul>")[0]
    items = re.findall(r"<li>(.*?)</li>", listed)
    signs = {
        "en": ("consent", "contract", "claims", "public interest", "public yourself", "integrity"),
        "ru": (
            "согласи",
            "договор",
            "требован|притязан|иск",
            "интерес",
            "общедоступн|обнародова|опублик",
            "здоров|неприкоснов",
        ),
    }

    assert len(items) == len(LegalException)
    for item, sign in zip(items, signs[language], strict=True):
        assert re.search(sign, item)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[processor]", "a readable TOML file"),
        (ROW.replace('name = "Mail Ltd"\n', ""), "entry 1 has all of its fields"),
        (ROW.replace("purpose", "aim"), "entry 1 has all of its fields"),
        (ROW.replace(', ru = "Доставка почты"', ""), "en and in ru"),
        (ROW.replace("Доставка почты", ""), "en and in ru"),
        (ROW.replace('"adequate"', '"good"'), "entry 1 has all of its fields"),
        (ROW + 'extra = "x"\n', "entry 1 has all of its fields"),
        (ROW + ROW.replace('"adequate"', '"raised"'), "entry 2 has the measure"),
        (
            ROW.replace('purpose = { en = "Delivering e-mail", ru = "Доставка почты" }', 'purpose = "x"'),
            "entry 1",
        ),
        ('processor = "x"', "a [[processor]]"),
        ("[processor]\nname = 1", "a [[processor]]"),
        (ROW.replace('"RU"', '"XX"'), "entry 1"),
    ],
)
def test_a_faulty_register_is_refused_with_file_entry_and_fault(tmp_path: Path, text: str, said: str) -> None:
    _register(tmp_path, text)

    with pytest.raises(SettingError, match=r"processors\.toml") as caught:
        create_app(make_settings(tmp_path))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("language", "row"),
    [
        ("en", ["Mail Ltd", "Russia", "Delivering e-mail"]),
        ("ru", ["Mail Ltd", "Россия", "Доставка почты"]),
    ],
)
def test_the_table_of_recipients_is_the_register(tmp_path: Path, language: str, row: list[str]) -> None:
    _register(tmp_path, ROW.replace('"adequate"', '"raised"') + MEASURE)
    page = visit(create_app(make_settings(tmp_path))).get(f"/{language}/privacy").text
    (table,) = rows_of(page, 12)

    assert [cells[:3] for cells in table] == [row]
    assert {"en": "Encryption", "ru": "Шифрование"}[language] in table[0][3]


def test_without_recipients_the_policy_says_so(visitor: Visitor) -> None:
    page = visitor.get("/en/privacy").text

    assert rows_of(page, 12) == []
    assert "At present nobody processes data for us" in page


@pytest.mark.promise("P12.1")
@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg:///x?host=other.example.com",
        "postgresql+psycopg://127.0.0.1/x?hostaddr=192.0.2.1",
        "postgresql+psycopg://127.0.0.1,other.example.com/x",
        "postgresql+psycopg:///x?host=127.0.0.1&host=other.example.com",
    ],
)
def test_a_host_among_the_options_of_an_address_counts_too(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingError, match="FLEXSMT_DATABASE_URL"):
        processors.check(make_settings(tmp_path, DATABASE_URL=url))


def test_a_socket_on_this_machine_needs_no_entry(tmp_path: Path) -> None:
    processors.check(make_settings(tmp_path, DATABASE_URL="postgresql+psycopg:///x?host=/run/postgresql"))


def test_a_review_that_is_overdue_is_named_by_the_doctor(tmp_path: Path) -> None:
    _register(tmp_path, ROW.replace("2027-11-22", "2020-01-01"))
    (finding,) = processors.reviews(make_settings(tmp_path))

    assert (finding.level, "Mail Ltd" in finding.what) == ("warning", True)


@pytest.mark.parametrize(
    "row",
    [
        ROW.replace("contract = 2026-11-22", 'contract = "soon"'),
        ROW.replace('["mail.example.com", "db.example.com"]', '"x"'),
    ],
)
def test_a_value_of_another_type_is_refused(tmp_path: Path, row: str) -> None:
    with pytest.raises(SettingError, match="entry 1"):
        processors.load(_register(tmp_path, row))

import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from flexsmt_site import environment
from flexsmt_site.config import READERS, Recipient, SettingError, Settings
from tests.conftest import make_settings

BAD = {
    "BASE_URL": [
        *("example.com", "ftp://example.com", "https://", "https://example.com/path", "https://x?a=1"),
        "https://user:word@example.com",
        "https://пример.рф",
        "https://exa mple.com",
        "http://x:99999",
        "http://[",
    ],
    "HOST": ["198.51.100.1", "example.com", "192.0.2.1"],
    "PORT": ["0", "65536", "-1", "eighty", "٣", "1.5"],
    "WORKERS": ["0", "-2", "many"],
    "DATA_DIR": ["/dev/null/var", "/proc/1/nothing"],
    "DATABASE_URL": [
        "mysql://x/y",
        "postgres://x/y",
        "site.db",
        "sqlite:///site.db",
        "postgresql+psycopg://u@h:port/x",
    ],
    "SECRET_KEY": ["short", "x" * 31],
    "SMTP_URL": [
        "mail.example.com",
        "http://mail.example.com",
        "smtp+plain://mail.example.com",
        "smtp://u@h",
        "smtp://h?ca=/" + "x" * 300,
    ],
    "MAIL_FROM": ["nobody", "Flex SMT", "a@example.com\nBcc: b@example.com", "a b <x y@z>"],
    "SALES_TO": ["sales@example.com", "de:sales@example.com", "en:nobody", "en:", "en:a@b.com,x"],
    "ALERT_TO": ["nobody", "a@", "a b@example.com"],
    "ALERT_SMTP_URL": ["mail.example.com"],
    "RATE_LIMIT": ["0", "-1", "x"],
    "BOUNCES": ["/dev/null", "/" + "x" * 300],
    "LANGUAGE_ORDER": ["ip", "browser,cookie", "ip,ip", "browser;ip"],
    "TRUSTED_PROXIES": ["-1", "one", "1.0"],
    "GEO_DATABASE": ["/nothing.mmdb", "/", "/" + "x" * 300],
    "COMPANY": ["/nothing.toml"],
    "ENV": ["staging", "DEMO"],
}
PRODUCTION = {
    "ENV": "production",
    "BASE_URL": "https://www.example.com",
    "SMTP_URL": "smtp://user:word@127.0.0.1:587",
    "SALES_TO": "en:sales@example.com",
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_a_bad_value_is_refused_by_its_name_with_what_it_should_be(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingError, match=rf"^FLEXSMT_{name} is '.*', but should be .+"):
        make_settings(tmp_path, **{name: value})


def test_every_setting_that_can_be_bad_is_tried() -> None:
    assert set(READERS) == set(BAD)


def test_a_mistyped_name_is_refused_without_its_value(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="FLEXSMT_SMTPURL") as caught:
        make_settings(tmp_path, SMTPURL="smtp://user:password@example.com")

    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "hush-hush"),
        ("SMTP_URL", "smtps://u:hush-hush@h/path"),
        ("DATABASE_URL", "mysql://u:hush-hush@h/x"),
    ],
)
def test_an_error_never_shows_a_secret(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingError) as caught:
        make_settings(tmp_path, **{name: value})

    assert "hush-hush" not in str(caught.value)


def test_without_any_variable_the_site_is_a_demo_on_this_machine(tmp_path: Path) -> None:
    made = make_settings(tmp_path)

    assert made.is_demo
    assert made.base_url == "http://127.0.0.1:8000"
    assert made.trusted_hosts == {"127.0.0.1:8000", "localhost:8000", "[::1]:8000"}
    assert made.database_url == f"sqlite:///{tmp_path}/site.db"
    assert made.sales_to == (Recipient("en", "sales-en@example.com"), Recipient("ru", "sales-ru@example.com"))
    assert made.mail_domain == "localhost"


def test_variables_of_other_programs_change_nothing(tmp_path: Path) -> None:
    made = Settings.from_env({"FLEXSMT_DATA_DIR": str(tmp_path), "PORT": "x", "ENV": "production"})

    assert (made.port, made.env) == (8000, "demo")


@pytest.mark.parametrize("url", ["http://192.0.2.1", "https://www.example.com"])
def test_a_demo_is_refused_on_an_address_that_others_reach(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingError, match="FLEXSMT_BASE_URL"):
        make_settings(tmp_path, BASE_URL=url)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "127.8.9.10"])
def test_a_demo_takes_every_loopback_address(tmp_path: Path, host: str) -> None:
    assert make_settings(tmp_path, HOST=host).host == host


def test_the_name_of_this_machine_stands_for_its_address(tmp_path: Path) -> None:
    assert make_settings(tmp_path, HOST="localhost").host == "127.0.0.1"


@pytest.mark.parametrize("host", ["example.com", "127.0.0.256", "0.0.0.0/0"])
def test_a_host_that_is_no_address_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingError, match="FLEXSMT_HOST"):
        make_settings(tmp_path, HOST=host)


@pytest.mark.parametrize(
    ("url", "kept"),
    [("http://localhost:80", "http://localhost"), ("http://127.0.0.1:8000/", "http://127.0.0.1:8000")],
)
def test_the_usual_port_is_left_out_as_browsers_do(tmp_path: Path, url: str, kept: str) -> None:
    assert make_settings(tmp_path, BASE_URL=url).base_url == kept


@pytest.mark.parametrize(
    ("name", "value"), [("BASE_URL", "http://www.example.com"), ("SMTP_URL", ""), ("SALES_TO", "")]
)
def test_production_refuses_an_unsafe_default(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"FLEXSMT_{name} .* production"):
        make_settings(tmp_path, **{**PRODUCTION, name: value})


def test_production_trusts_its_own_host_alone(tmp_path: Path) -> None:
    made = make_settings(tmp_path, **PRODUCTION, HOST="0.0.0.0")  # noqa: S104 (a container's)

    assert not made.is_demo
    assert made.trusted_hosts == {"www.example.com"}


def test_recipients_are_listed_once_with_their_language(tmp_path: Path) -> None:
    made = make_settings(tmp_path, SALES_TO="ru:a@example.com, en:b@example.com,,ru:A@example.com")

    assert [(to.language, to.address.lower()) for to in made.sales_to] == [
        ("ru", "a@example.com"),
        ("en", "b@example.com"),
    ]


def test_the_secret_is_made_once_and_readable_by_nobody_else(tmp_path: Path) -> None:
    first, second = (make_settings(tmp_path).secret_key for _ in range(2))

    assert first == second
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("secret")] == ["secret"]


@pytest.mark.proof
def test_workers_that_start_together_have_one_secret(tmp_path: Path) -> None:
    with ProcessPoolExecutor(8, get_context("spawn")) as pool:
        secrets = set(pool.map(environment.kept_secret, [tmp_path] * 24))

    assert len(secrets) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("found", ["", "\n", "short"])
def test_a_damaged_secret_is_refused_and_not_shown(tmp_path: Path, found: str) -> None:
    (tmp_path / "secret").write_text(found)

    with pytest.raises(SettingError, match="FLEXSMT_DATA_DIR"):
        make_settings(tmp_path)


def test_a_given_secret_is_not_written_down(tmp_path: Path) -> None:
    assert make_settings(tmp_path, SECRET_KEY="s" * 32).secret_key == "s" * 32
    assert not (tmp_path / "secret").exists()


class TestCompany:
    def test_the_shipped_company_knows_only_its_name(self, tmp_path: Path) -> None:
        company = make_settings(tmp_path).company

        assert (company.name, company.email, company.legal_name) == ("Flex SMT", "", "")

    def test_a_file_in_the_data_folder_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "company.toml").write_text('legal_name = "Example Ltd"\n[about]\nru = "О нас"\n')
        company = make_settings(tmp_path).company

        assert (company.name, company.legal_name, company.about) == (
            "Flex SMT",
            "Example Ltd",
            {"ru": "О нас"},
        )

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("name = ", "a readable TOML file"),
            ('nmae = "x"', "not 'nmae'"),
            ("phone = 5", "phone is text"),
            ('[about]\nde = "x"', "not 'de'"),
            ("[about]\nen = 1", "en is text"),
            ('about = "x"', "about"),
        ],
    )
    def test_a_faulty_file_is_refused_by_its_path(self, tmp_path: Path, written: str, said: str) -> None:
        (tmp_path / "company.toml").write_text(written)

        with pytest.raises(SettingError, match=r"FLEXSMT_COMPANY is '.*company\.toml'") as caught:
            make_settings(tmp_path)
        assert said in str(caught.value)

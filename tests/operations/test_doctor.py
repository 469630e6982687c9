import shutil
from pathlib import Path

import pytest

from flexsmt_site import create_app, health
from flexsmt_site.config import Settings
from tests.conftest import make_settings
from tests.ground.test_cli import flexsmt
from tests.ground.test_settings import PRODUCTION
from tests.operations.revision import set_revision

COMPANY = "".join(f'{name} = "x"\n' for name in ("legal_name", "address", "email", "privacy_contact"))


def _findings(settings: Settings) -> list[health.Finding]:
    with create_app(settings).app_context():
        return health.findings(settings)


def _level(settings: Settings, words: str) -> str:
    found = [finding for finding in _findings(settings) if words in finding.what]
    assert len(found) == 1, found
    return found[0].level


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    shutil.copy(sqlite_template, tmp_path / "site.db")
    (tmp_path / "site.db").chmod(0o640)
    return tmp_path


def test_findings_stand_worst_first_with_a_way_to_mend_each_fault(tmp_path: Path) -> None:
    levels = [finding.level for finding in _findings(make_settings(tmp_path))]

    assert levels == sorted(levels, key=health.LEVELS.index)
    assert all(finding.mend for finding in _findings(make_settings(tmp_path)) if finding.level != "ok")


def test_an_older_database_is_an_error_that_names_the_command(tmp_path: Path) -> None:
    found = next(found for found in _findings(make_settings(tmp_path)) if "revision" in found.what)

    assert found.level == "error"
    assert "flexsmt db upgrade" in found.mend


def test_a_current_database_is_in_order(folder: Path) -> None:
    assert _level(make_settings(folder), "the database answers") == "ok"


def test_a_database_that_does_not_answer_is_one_error_and_no_traceback(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, DATABASE_URL="postgresql+psycopg://x:hush-hush@127.0.0.1:1/x")
    found = _findings(settings)

    assert any(finding.level == "error" and "does not answer" in finding.what for finding in found)
    assert not any("hush-hush" in finding.what + finding.mend for finding in found)


@pytest.mark.parametrize(("variables", "level"), [({}, "warning"), (PRODUCTION, "error")])
def test_facts_of_the_company_that_are_missing_are_an_error_in_production(
    folder: Path, variables: dict[str, str], level: str
) -> None:
    assert _level(make_settings(folder, **variables), "legal name is not set") == level


def test_facts_of_the_company_that_are_set_are_not_asked_for(folder: Path) -> None:
    (folder / "company.toml").write_text(COMPANY)

    assert not [found for found in _findings(make_settings(folder)) if "is not set" in found.what]


def test_a_newer_database_is_an_error_that_sends_back_to_its_version(folder: Path) -> None:
    set_revision(folder, "9999")
    found = next(found for found in _findings(make_settings(folder)) if "newer version" in found.what)

    assert (found.level, "9999" in found.what) == ("error", True)
    assert found.mend == "start that version, or restore a backup"


@pytest.mark.parametrize(("name", "mode"), [("secret", 0o640), ("secret", 0o604), ("site.db", 0o644)])
@pytest.mark.promise("P13.1")
def test_a_file_that_others_can_read_is_an_error(folder: Path, name: str, mode: int) -> None:
    settings = make_settings(folder)
    assert not [found for found in _findings(settings) if "read by others" in found.what]
    (folder / name).chmod(mode)

    assert _level(settings, f"{name} can be read by others") == "error"


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1"])
def test_production_behind_no_proxy_is_a_warning_that_asks_for_one_that_buffers(
    folder: Path, host: str
) -> None:
    settings = make_settings(folder, **PRODUCTION, HOST=host)

    assert _level(settings, "no proxy is trusted: without one that buffers requests") == "warning"


@pytest.mark.parametrize(("variables", "level"), [({}, "warning"), (PRODUCTION, "error")])
def test_example_recipients_are_an_error_in_production(
    folder: Path, variables: dict[str, str], level: str
) -> None:
    assert _level(make_settings(folder, **variables), "example addresses") == level


def test_a_sender_on_localhost_is_an_error_in_production(folder: Path) -> None:
    assert _level(make_settings(folder, **PRODUCTION), "mail is sent from localhost") == "error"
    sender = make_settings(folder, **PRODUCTION, MAIL_FROM="site@example.com")
    for settings in (sender, make_settings(folder)):
        assert not [found for found in _findings(settings) if "mail is sent from" in found.what]


def test_the_command_ends_with_1_on_an_error_and_prints_it_first(tmp_path: Path) -> None:
    ended = flexsmt(tmp_path, "doctor")

    assert ended.returncode == 1
    assert ended.stdout.startswith("error ")
    assert "flexsmt db upgrade" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_the_command_ends_with_1_and_no_traceback_when_the_database_is_gone(tmp_path: Path) -> None:
    ended = flexsmt(tmp_path, "doctor", DATABASE_URL="postgresql+psycopg://x@127.0.0.1:1/x")

    assert ended.returncode == 1
    assert "does not answer" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_the_command_ends_with_0_when_warnings_are_all(folder: Path) -> None:
    ended = flexsmt(folder, "doctor")

    assert ended.returncode == 0, ended.stdout
    assert "warning" in ended.stdout

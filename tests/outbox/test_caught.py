import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flexsmt_site.outbox import caught

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RAW = b"Message-ID: <1@example.com>\r\nSubject: hello\r\n\r\nText\r\n"


def test_a_kept_mail_is_whole_and_its_owners_alone(tmp_path: Path) -> None:
    path = caught.keep(tmp_path / "mail", RAW, NOW)
    assert path.read_bytes() == RAW
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_kept_mails_are_listed_newest_first(tmp_path: Path) -> None:
    for minutes in (0, 2, 1):
        caught.keep(tmp_path, RAW, NOW + timedelta(minutes=minutes))
    names = [mail.name for mail in caught.list_caught(tmp_path)]
    assert [name[9:13] for name in names] == ["1202", "1201", "1200"]
    assert len(caught.list_caught(tmp_path, limit=2)) == 2


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert caught.list_caught(tmp_path / "mail") == []


def test_a_caught_mail_is_found_by_its_name_alone(tmp_path: Path) -> None:
    name = caught.keep(tmp_path / "mail", RAW, NOW).stem
    found = caught.find_caught(tmp_path / "mail", name)
    assert found is not None
    assert found.message["Subject"] == "hello"
    assert caught.find_caught(tmp_path / "mail", name[:-1] + "x") is None
    assert caught.find_caught(tmp_path / "mail", name.replace("2026", "2025")) is None


@pytest.mark.parametrize("name", ["../secret", "..", "", "a/b", "20261122T120000000000Z-../../../../etc/x"])
def test_a_name_that_leads_elsewhere_finds_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.eml").write_bytes(RAW)
    assert caught.find_caught(tmp_path / "mail", name) is None


def test_a_mail_without_parts_or_headers_can_be_read(tmp_path: Path) -> None:
    path = caught.keep(tmp_path, b"\r\n\xff", NOW)
    found = caught.find_caught(tmp_path, path.stem)
    assert found is not None
    assert found.part("html") == ""
    assert found.source == "\r\n\ufffd"

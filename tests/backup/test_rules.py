from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.backup import rules
from flexsmt_site.backup.rules import BackupFault, Damaged, Manifest, Member

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
MANIFEST = Manifest(NOW, "ab" * 32, "sqlite", "0002", {"site.db": Member("cd" * 32, 81920)})


def _name(age: timedelta, ending: str = "") -> str:
    return rules.name_of(NOW - age, encrypted=False) + ending


def test_a_name_says_the_moment_in_utc_and_whether_it_is_encrypted() -> None:
    eastern = NOW.astimezone(timezone(timedelta(hours=3)))

    assert rules.name_of(eastern, encrypted=False) == "flexsmt-20261122T101530Z.tar"
    assert rules.name_of(NOW, encrypted=True) == "flexsmt-20261122T101530Z.tar.age"


def test_a_backup_goes_after_thirty_days() -> None:
    whole, over = _name(timedelta(days=30)), _name(timedelta(days=30, seconds=1))

    assert rules.expired([_name(timedelta(0)), whole, over], NOW) == [over]


def test_encrypted_backups_go_too() -> None:
    old = rules.name_of(NOW - timedelta(days=31), encrypted=True)

    assert rules.expired([_name(timedelta(0)), old], NOW) == [old]


def test_the_newest_backup_stays_however_old_it_is() -> None:
    newest, older = _name(timedelta(days=400)), _name(timedelta(days=500))

    assert rules.expired([newest, older], NOW) == [older]
    assert rules.expired([newest], NOW) == []


def test_a_draft_is_no_newest_backup_and_goes_after_a_day() -> None:
    whole = _name(timedelta(days=40))
    fresh, left = _name(timedelta(days=1), ".part"), _name(timedelta(days=1, seconds=1), ".part")

    assert rules.expired([whole, fresh, left], NOW) == [left]


@pytest.mark.parametrize(
    "name",
    [
        "flexsmt-20200101T000000Z.tar.gz",
        "flexsmt-20200101T000000Z.tar.age.old",
        "my-flexsmt-20200101T000000Z.tar",
        "flexsmt-20209901T000000Z.tar",
        "flexsmt-20200101T000000Z.tar\n",
        "flexsmt-２０２００１０１T000000Z.tar",
        "site.db",
        "",
    ],
)
def test_a_file_that_is_not_named_by_us_never_goes(name: str) -> None:
    assert rules.expired([name, _name(timedelta(0))], NOW) == []


@given(st.lists(st.integers(min_value=-40, max_value=400), min_size=1))
def test_whatever_is_there_the_newest_stays_and_nothing_else_outlives_its_time(ages: list[int]) -> None:
    names = {_name(timedelta(days=age)) for age in ages}
    left = names - set(rules.expired(names, NOW))

    assert _name(timedelta(days=min(ages))) in left
    assert len(left - {_name(timedelta(days=age)) for age in range(-40, 31)}) <= 1


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert rules.read_manifest(rules.write_manifest(MANIFEST)) == MANIFEST


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '"format"',
        rules.write_manifest(MANIFEST).replace("2026-11-22", "some day"),
        rules.write_manifest(MANIFEST).replace('"members"', '"others"'),
        rules.write_manifest(MANIFEST).replace("81920", '"many"'),
        rules.write_manifest(MANIFEST).replace('"size"', '"length"'),
        '{"format": 1, "made": "2026-11-22", "release": 1, "database": 1, "revision": 1, "members": [1]}',
    ],
)
def test_what_is_no_manifest_is_damaged(text: str) -> None:
    with pytest.raises(Damaged):
        rules.read_manifest(text)


def test_a_manifest_of_a_later_form_names_the_mend() -> None:
    with pytest.raises(Damaged, match="newer version"):
        rules.read_manifest(rules.write_manifest(MANIFEST).replace('"format": 1', '"format": 2'))


def test_a_backup_fits_its_kind_of_database_and_a_version_that_knows_its_revision() -> None:
    rules.check_fit(MANIFEST, "sqlite", ["0003", "0002", "0001"])
    with pytest.raises(BackupFault, match=r"of a sqlite database.*names postgresql"):
        rules.check_fit(MANIFEST, "postgresql", ["0002"])
    with pytest.raises(BackupFault, match=r"revision 0002.*install the version"):
        rules.check_fit(MANIFEST, "sqlite", ["0001"])


@pytest.mark.parametrize("seconds", [0, 9.9, -9.9])
def test_a_relay_that_was_just_seen_is_a_running_site(seconds: float) -> None:
    with pytest.raises(BackupFault, match="running"):
        rules.check_stopped(NOW - timedelta(seconds=seconds), NOW)


@pytest.mark.parametrize("seconds", [10, -10, 86400])
def test_a_relay_that_was_seen_a_while_ago_is_none(seconds: float) -> None:
    rules.check_stopped(NOW - timedelta(seconds=seconds), NOW)
    rules.check_stopped(None, NOW)


def test_rows_are_replaced_only_when_they_were_given_up() -> None:
    held = {"outbox": 4, "enquiry": 2, "arrival": 0}
    with pytest.raises(BackupFault, match=r"6 rows \(enquiry 2, outbox 4\).*--replace"):
        rules.check_replaceable(held, replace=False)

    rules.check_replaceable(held, replace=True)
    rules.check_replaceable({"enquiry": 0}, replace=False)

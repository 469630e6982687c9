import re
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site.config import ROOT
from tests.deploy.units import FOLDER, SERVICES, TIMERS, analyze, commands, entries, installed_here, values

#: In systemd's own scale from 0, nothing can get out, to 10, everything can.
MOST_EXPOSED = 2.0
#: What differs between units; all else closes them in.
_OWN = {
    *("Type", "User", "WorkingDirectory", "EnvironmentFile", "StateDirectory", "StateDirectoryMode"),
    *("ExecStart", "ExecStopPost", "Restart", "RestartSec", "KillMode", "TimeoutStopSec"),
    *("Description", "Documentation", "Wants", "After", "WantedBy"),
}


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_service_is_closed_in_on_all_sides(unit: Path) -> None:
    judged = analyze("security", "--offline=true", "--no-pager", str(unit)).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged)

    assert found, judged
    assert float(found[1]) <= MOST_EXPOSED, judged


def test_a_service_that_is_open_is_told_from_one_that_is_closed_in(tmp_path: Path) -> None:
    (tmp_path / "open.service").write_text("[Service]\nExecStart=/bin/true\n")
    judged = analyze("security", "--offline=true", "--no-pager", str(tmp_path / "open.service")).stdout

    assert re.search(r"Overall exposure level for open.service: 9", judged), judged


@pytest.mark.parametrize("unit", [*SERVICES, *TIMERS], ids=lambda unit: unit.name)
def test_systemd_finds_nothing_amiss_with_a_unit(unit: Path, tmp_path: Path) -> None:
    copies = [installed_here(one, tmp_path) for one in (*SERVICES, *TIMERS)]
    judged = analyze("verify", "--man=no", str(tmp_path / unit.name))

    assert len(copies) == len(SERVICES) + len(TIMERS)
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, "")


def test_services_differ_in_what_they_run_and_not_in_what_closes_them_in() -> None:
    closed_in = {unit.name: [one for one in entries(unit) if one[0] not in _OWN] for unit in SERVICES}
    first, *others = closed_in.values()

    assert len(first) > 20
    assert all(other == first for other in others), closed_in


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_service_runs_what_there_is_as_nobody_special_and_holds_no_secret(
    unit: Path, lone_app: Flask
) -> None:
    runner = lone_app.test_cli_runner()
    for command in commands(unit):
        words = [word for word in command if not word.startswith("$")]
        assert runner.invoke(args=[*words, "--help"]).exit_code == 0, command

    assert values(unit, "User") == ["flexsmt"]
    assert values(unit, "EnvironmentFile") == ["/srv/flexsmt/.env"]
    assert not values(unit, "Environment")
    assert values(unit, "StateDirectory") == ["flexsmt"]
    assert f"deploy/{unit.name}" in (ROOT / "docs" / "operating.md").read_text("utf-8")


def test_the_units_name_the_data_folder_of_the_handbook() -> None:
    # StateDirectory lies in /var/lib; all else is read-only for a service.
    assert "FLEXSMT_DATA_DIR=/var/lib/flexsmt\n" in (ROOT / "docs" / "operating.md").read_text("utf-8")


def test_the_site_has_the_time_to_end_its_parts_itself() -> None:
    (seconds,) = values(FOLDER / "flexsmt.service", "TimeoutStopSec")

    # tests/operations proves that it needs no more.
    assert int(seconds) > 10


def test_the_day_has_its_backup_and_the_end_of_receipts() -> None:
    daily = commands(FOLDER / "flexsmt-daily.service")

    assert daily == [["backup", "$BACKUP_OPTIONS"], ["consent", "prune"]]
    assert [unit.stem for unit in TIMERS] == ["flexsmt-daily"]

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flexsmt_site import proof
from flexsmt_site.config import ROOT
from tests.browser.live import until
from tests.deploy.image import CONTAINERFILE, copied, fill, health_command, instructions
from tests.house.tree import project_files
from tests.ports import free_port

HANDBOOK = (ROOT / "docs" / "operating.md").read_text("utf-8")


def test_only_what_belongs_to_the_project_gets_into_the_image() -> None:
    shipped = {path.relative_to(ROOT).as_posix() for path in project_files()}
    roots = shipped | {name.partition("/")[0] for name in shipped}

    assert set(copied()) <= roots
    assert {"flexsmt_site", "templates", "static", "translations", "tests", "wsgi.py"} <= set(copied())
    assert not re.search(r"^(ADD|COPY \.)", CONTAINERFILE.read_text("utf-8"), re.MULTILINE)


def test_it_is_installed_by_the_commands_of_the_handbook() -> None:
    lines = HANDBOOK.splitlines()
    run = [line.partition("FLEXSMT_DATA_DIR=/tmp/build ")[2] or line for line in instructions("RUN")]
    own = ("useradd ", ".venv/bin/python -m compileall ")
    missing = [line for line in run if not line.startswith(own) and f"   {line}" not in lines]

    assert not missing
    assert any("--require-hashes" in line for line in run)


def test_it_runs_as_nobody_special_and_is_said_how() -> None:
    (user,), (volume,) = instructions("USER"), instructions("VOLUME")
    (said,) = re.findall(r"^podman run --detach .*$", HANDBOOK, re.MULTILINE)

    assert int(user) > 0
    assert f"useradd --system --uid {user} " in instructions("RUN")[-1]
    assert f"FLEXSMT_DATA_DIR={volume}" in instructions("ENV")[0]
    assert all(flag in said for flag in ("--read-only", "--tmpfs /tmp", f":{volume} ", "--cap-drop all"))
    assert (ROOT / "deploy" / "Containerfile").relative_to(ROOT).as_posix() in HANDBOOK


def test_no_image_is_named_by_a_place() -> None:
    assert {line.split()[0] for line in instructions("FROM")} == {"python:3.11-slim"}


def test_whoever_asks_an_empty_port_for_its_health_learns_that_it_is_ill() -> None:
    assert _asked_for_health(free_port()) != 0


@pytest.mark.proof
def test_the_site_serves_from_a_folder_with_just_these_files(tmp_path: Path) -> None:
    folder, data, port = tmp_path / "image", tmp_path / "data", free_port()
    fill(folder)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")}
    environ = plain | {"FLEXSMT_DATA_DIR": str(data), "FLEXSMT_PORT": str(port)}
    environ |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "flexsmt_site.cli"]
    subprocess.run([*command, "catalogs", "compile"], cwd=folder, env=environ, check=True)
    before = _files(folder)
    with (tmp_path / "log").open("wb") as log:
        site = subprocess.Popen([*command, "serve"], cwd=folder, env=environ, stdout=log, stderr=log)
    try:
        until(lambda: _asked_for_health(port) == 0, (tmp_path / "log").read_text(), seconds=60)
        code = "import flexsmt_site.proof as p; print(p.__file__, p.code_sum())"
        said = subprocess.check_output([sys.executable, "-c", code], cwd=folder, env=environ, text=True)
    finally:
        site.terminate()
        site.wait(20)

    assert said.split() == [str(folder / "flexsmt_site" / "proof.py"), proof.code_sum()]
    assert _files(folder) == before, "its root may be read-only"


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def _asked_for_health(port: int) -> int:
    command = [sys.executable, *health_command()[1:]]
    environ = os.environ | {"FLEXSMT_PORT": str(port)}
    return subprocess.run(command, env=environ, capture_output=True, check=False).returncode

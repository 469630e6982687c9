"""The systemd units of ``deploy/`` as systemd reads them: a key may come twice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Never

import pytest

from flexsmt_site.config import ROOT

FOLDER = ROOT / "deploy"
SERVICES = sorted(FOLDER.glob("*.service"))
TIMERS = sorted(FOLDER.glob("*.timer"))
#: Where the units expect the project.
INSTALLED = "/srv/flexsmt"


def lacking(what: str) -> Never:
    """Skip with a visible reason, or fail where systemd is required."""
    if os.environ.get("REQUIRE_SYSTEMD"):
        pytest.fail(f"REQUIRE_SYSTEMD is set, but {what}")
    pytest.skip(what)


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd's own judge of units."""
    program = shutil.which("systemd-analyze") or lacking("no program `systemd-analyze` is on the path")
    plain = os.environ | {"LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_EMOJI": "0"}
    return subprocess.run([program, *arguments], env=plain, capture_output=True, text=True, check=False)


def entries(unit: Path) -> list[tuple[str, str]]:
    """Every key with its value, in order."""
    lines = [line for line in unit.read_text("utf-8").splitlines() if line and line[0] not in "#["]
    return [(key, value) for key, _, value in (line.partition("=") for line in lines)]


def values(unit: Path, key: str) -> list[str]:
    return [value for name, value in entries(unit) if name == key]


def commands(unit: Path) -> list[list[str]]:
    """What it runs of the site, without the program's own path."""
    run = [value.split() for name, value in entries(unit) if name.startswith("Exec")]
    assert all(words[0] == f"{INSTALLED}/.venv/bin/flexsmt" for words in run), (
        f"{unit.name} runs other things"
    )
    return [words[1:] for words in run]


def installed_here(unit: Path, folder: Path) -> Path:
    """A copy of the unit for the project where it lies."""
    text = unit.read_text("utf-8").replace(f"{INSTALLED}/.venv/bin", str(Path(sys.executable).parent))
    copy = folder / unit.name
    copy.write_text(text.replace(INSTALLED, str(ROOT)), "utf-8")
    return copy

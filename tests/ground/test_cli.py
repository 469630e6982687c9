import os
import subprocess
import sys
from pathlib import Path

import pytest

from flexsmt_site.config import ROOT


def flexsmt(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command with these variables and nothing of the machine's."""
    return python(folder, "-m", "flexsmt_site.cli", *arguments, **variables)


def python(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these settings of the site and nothing of the machine's."""
    given = {"DATA_DIR": str(folder), **variables}
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")}
    environ = {**plain, **{f"FLEXSMT_{name}": value for name, value in given.items()}}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "eighty"), ("NONSENSE", "1"), ("ENV", "production"), ("COMPANY", "/nothing")]
)
def test_a_bad_setting_is_one_line_and_exit_status_1(tmp_path: Path, name: str, value: str) -> None:
    ended = flexsmt(tmp_path, "doctor", **{name: value})

    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("flexsmt: FLEXSMT_")


def test_an_unlisted_mail_host_is_one_line_and_exit_status_1(tmp_path: Path) -> None:
    ended = flexsmt(tmp_path, "doctor", SMTP_URL="smtp://mail.example.com")

    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "mail.example.com" in line


def test_help_lists_what_the_contract_names(tmp_path: Path) -> None:
    ended = flexsmt(tmp_path, "--help")

    assert ended.returncode == 0
    listed = {line.split()[0] for line in ended.stdout.partition("Commands:")[2].splitlines() if line.strip()}
    assert {"serve", "doctor", "mail", "db", "catalogs", "language"} <= listed

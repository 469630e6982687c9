import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flexsmt_site.config import ROOT
from tests.contact.form import Form, reference_of, token


def _take_and_die(form: Form, folder: Path, variables: dict[str, str], point: str, **changes: str) -> int:
    secret = form.app.secret_key
    given = {"DATA_DIR": str(folder), "SECRET_KEY": str(secret), **variables}
    environ = {**os.environ, **{f"FLEXSMT_{name}": value for name, value in given.items()}}
    command = [
        sys.executable,
        "-m",
        "tests.contact.killed_worker",
        point,
        json.dumps(form.filled_in(**changes)),
    ]
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, check=False, timeout=60
    ).returncode


@pytest.mark.parametrize("point", ["before notice 1", "before notice 2", "before commit"])
def test_a_worker_killed_before_the_commit_leaves_neither_enquiry_nor_notice(
    form: Form, tmp_path: Path, database_variables: dict[str, str], point: str
) -> None:
    assert _take_and_die(form, tmp_path, database_variables, point) == -signal.SIGKILL
    assert form.is_empty()


def test_a_worker_killed_after_the_commit_leaves_both_and_the_next_try_finds_them(
    form: Form, tmp_path: Path, database_variables: dict[str, str]
) -> None:
    once = token()
    died = _take_and_die(form, tmp_path, database_variables, "before the answer", form_token=once)

    assert died == -signal.SIGKILL
    (stored,) = form.enquiries()
    assert len(form.mails()) == 2
    assert reference_of(form.send(form_token=once)) == stored.reference
    assert len(form.enquiries()) == 1

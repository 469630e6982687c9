"""A proof must be able to fail: with its keeper taken out, each promise's own tests find it broken."""

import os
import subprocess
import sys

import pytest

from flexsmt_site import ledger
from flexsmt_site.config import ROOT

_FAILED = 1


def _files() -> dict[str, list[str]]:
    """The files with tests of each promise: found in the text, as collecting here would recurse."""
    texts = {str(path): path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py"))}
    return {
        name: [path for path, text in texts.items() if f'"{name}"' in text]
        for name in ledger.PROMISES
        if ledger.keepers(name)
    }


@pytest.mark.proof
@pytest.mark.parametrize(
    ("promise_id", "files"), [pytest.param(name, files, id=name) for name, files in _files().items() if files]
)
def test_tests_of_a_promise_fail_without_its_keeper(promise_id: str, files: list[str]) -> None:
    run = subprocess.run(
        # Only where its tests are: to collect all others takes longer than to run these.
        [
            *(sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "--no-header"),
            "--break",
            promise_id,
            *files,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == _FAILED, f"{promise_id} has no teeth:\n{run.stdout[-2000:]}"

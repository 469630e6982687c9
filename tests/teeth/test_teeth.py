"""A proof must be able to fail: with its keeper taken out, each promise's own tests find it broken."""

import os
import subprocess
import sys

import pytest

from flexsmt_site import ledger
from flexsmt_site.config import ROOT

_FAILED = 1


def _marked() -> frozenset[str]:
    """The promises that some test carries: found in the text, as collecting here would recurse."""
    texts = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    return frozenset(name for name in ledger.PROMISES if any(f'"{name}"' in text for text in texts))


@pytest.mark.proof
@pytest.mark.parametrize("promise_id", sorted(name for name in _marked() if ledger.keepers(name)))
def test_tests_of_a_promise_fail_without_its_keeper(promise_id: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-m", "promise", "--break", promise_id],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == _FAILED, f"{promise_id} has no teeth:\n{run.stdout[-2000:]}"

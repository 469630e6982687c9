import json
from pathlib import Path
from typing import Literal

import pytest

from flexsmt_site import proof
from tests.proof_plugin import Writer

Phase = Literal["setup", "call", "teardown"]
Outcome = Literal["passed", "failed", "skipped"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "proof.json"


@pytest.fixture
def writer(file: Path) -> Writer:
    return Writer(file)


def _report(test: str, outcome: Outcome, phase: Phase = "call", *promises: str) -> pytest.TestReport:
    carried = [("promise", name) for name in promises]
    return pytest.TestReport(test, ("t.py", 1, test), {}, outcome, None, phase, user_properties=carried)


def test_what_each_test_proved_is_written_by_promise_in_whatever_order_tests_end(
    writer: Writer, file: Path
) -> None:
    writer.pytest_runtest_logreport(_report("t.py::b", "passed", "call", "P7.3"))
    writer.pytest_runtest_logreport(_report("t.py::b", "passed", "teardown", "P7.3"))
    writer.pytest_runtest_logreport(_report("t.py::a", "skipped", "setup", "P7.3", "P0.8"))
    writer.pytest_runtest_logreport(_report("t.py::c", "failed"))
    writer.pytest_sessionfinish()

    written = json.loads(file.read_text("utf-8"))
    assert written["sum"] == proof.code_sum()
    rows = {
        name: [(row["test"], row["outcome"]) for row in tests] for name, tests in written["promises"].items()
    }
    assert rows == {"P7.3": [("t.py::a", "skipped"), ("t.py::b", "passed")], "P0.8": [("t.py::a", "skipped")]}


def test_nothing_is_written_where_a_test_was_lost_with_its_process(writer: Writer, file: Path) -> None:
    lost = _report("t.py::a", "failed")
    # What pytest-xdist says of a test whose worker has died; it names no promise.
    lost.when = "???"  # type: ignore[assignment]
    writer.pytest_runtest_logreport(_report("t.py::b", "passed", "call", "P7.3"))
    writer.pytest_runtest_logreport(lost)
    writer.pytest_sessionfinish()

    assert not file.exists()

"""Tie tests to promises.

``@pytest.mark.promise(id)`` says what a test proves. ``--proof FILE`` writes what they proved;
``--break ID`` takes out what keeps a promise and runs only its tests, which must then fail.
Reports carry the promises of their tests, as the tests may run in other processes than the one that writes.
"""

import json
from collections.abc import Generator
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from types import FunctionType

import pytest

from flexsmt_site import ledger, proof

_PROPERTY = "promise"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--proof", metavar="FILE", help="write the outcome of every promise's tests to FILE")
    parser.addoption("--break", metavar="ID", help="take out what keeps this promise; run its tests only")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--proof")
    # A worker of pytest-xdist has the same options; only the process that gets all reports writes.
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(Path(path)))
    for keeper in ledger.keepers(config.getoption("--break") or ""):
        _take_out(keeper)


def _take_out(keeper: object) -> None:
    """Make a function do nothing wherever it was imported to already: its code itself is exchanged."""
    if not isinstance(keeper, FunctionType):
        raise pytest.UsageError(f"{keeper!r} keeps a promise, but is no function that can be taken out")

    def nothing(*_arguments: object, **_named: object) -> None:
        return None

    keeper.__code__ = nothing.__code__


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    unknown = {
        f"{item.nodeid}: {promise_id!r}"
        for item in items
        for promise_id in _promises(item)
        if promise_id not in ledger.PROMISES
    }
    if unknown:
        raise pytest.UsageError("no such promise in ledger.toml: " + "; ".join(sorted(unknown)))
    broken = config.getoption("--break")
    if broken:
        # The quick ones first: the first failure ends the run.
        items[:] = sorted(
            (item for item in items if broken in _promises(item)),
            key=lambda item: item.get_closest_marker("browser") is not None,
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    report.user_properties += [(_PROPERTY, promise_id) for promise_id in _promises(item)]
    return report


class Writer:
    """Writes the outcome of every promise's tests to ``path`` in the end; nothing if one was lost."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Read before the tests: what is changed while they run is not proven.
        self.sum = proof.code_sum()
        self.rows: dict[str, list[dict[str, str]]] = {}
        self.lost = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # A worker that died can not say which promises its last test was for.
        self.lost |= report.when not in ("setup", "call", "teardown")
        if report.when == "call" or report.outcome != "passed":
            moment = datetime.fromtimestamp(report.stop, UTC).isoformat(timespec="seconds")
            row = {"test": report.nodeid, "outcome": report.outcome, "time": moment}
            for name, promise_id in report.user_properties:
                if name == _PROPERTY:
                    self.rows.setdefault(str(promise_id), []).append(row)

    def pytest_sessionfinish(self) -> None:
        if self.lost:
            return
        # By name: tests that run side by side end in any order.
        promises = {
            promise_id: sorted(self.rows[promise_id], key=itemgetter("test"))
            for promise_id in ledger.PROMISES
            if promise_id in self.rows
        }
        written = {"sum": self.sum, "promises": promises}
        self.path.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _promises(item: pytest.Item) -> list[str]:
    return [promise_id for mark in item.iter_markers("promise") for promise_id in mark.args]

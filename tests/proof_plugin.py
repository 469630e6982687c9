"""Tie tests to promises.

``@pytest.mark.promise(id)`` says what a test proves. ``--proof FILE`` writes what they proved;
``--break ID`` takes out what keeps a promise and runs only its tests, which must then fail.
"""

import json
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from types import FunctionType

import pytest

from flexsmt_site import ledger, proof

Rows = dict[str, list[dict[str, str]]]
_ROWS = pytest.StashKey[Rows]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--proof", metavar="FILE", help="write the outcome of every promise's tests to FILE")
    parser.addoption("--break", metavar="ID", help="take out what keeps this promise; run its tests only")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ROWS] = {}
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
    if report.when == "call" or report.outcome != "passed":
        for promise_id in _promises(item):
            moment = datetime.now(UTC).isoformat(timespec="seconds")
            row = {"test": item.nodeid, "outcome": report.outcome, "time": moment}
            item.config.stash[_ROWS].setdefault(promise_id, []).append(row)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("--proof")
    if path:
        rows = session.config.stash[_ROWS]
        written = {
            "sum": proof.code_sum(),
            "promises": {name: rows[name] for name in ledger.PROMISES if name in rows},
        }
        Path(path).write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _promises(item: pytest.Item) -> list[str]:
    return [promise_id for mark in item.iter_markers("promise") for promise_id in mark.args]

"""Which promises the running code has been proven to keep.

``make proof`` writes ``proof.json``: the outcome of every promise's tests, and the sum of the files
that they ran on. The site computes the same sum at start; where it differs, nothing counts as proven.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from os.path import isfile
from pathlib import Path
from typing import Literal

from flask import has_app_context

from flexsmt_site import ledger, pages
from flexsmt_site.config import ROOT

PROOF = Path(__file__).with_name("proof.json")
_FOLDERS = ("flexsmt_site", "templates", "static", "tests", "translations")
_MADE = (".mo", ".pyc")

State = Literal["proven", "not-proven", "people", "overdue"]


@dataclass(frozen=True)
class Test:
    """One test that proves a promise, as it last went."""

    name: str
    outcome: str
    time: datetime


def files(folders: tuple[str, ...] = _FOLDERS) -> Iterator[Path]:
    """Yield every file whose change makes the proof void, sorted by path."""
    return map(Path, _names(folders))


def _names(folders: tuple[str, ...]) -> Iterator[str]:
    # Strings and no paths: every process looks at every file when it starts, and so does it in a third of
    # the time.
    for folder in folders:
        found = [
            f"{place}/{name}"
            for place, names in _walked(str(ROOT / folder))
            for name in names
            if name.endswith(".po") or folder != "translations"
        ]
        yield from (name for name in sorted(found, key=lambda name: name.split("/")) if name != str(PROOF))


def _walked(top: str) -> Iterator[tuple[str, list[str]]]:
    """Leave out what tools make beside the code: their caches differ from machine to machine."""
    for place, inside, names in os.walk(top):
        inside[:] = [name for name in inside if name != "__pycache__" and not name.startswith(".")]
        kept = [name for name in names if not name.startswith(".") and not name.endswith(_MADE)]
        yield place, [name for name in kept if isfile(f"{place}/{name}")]  # noqa: PTH113 (as above)


@cache
def code_sum(folders: tuple[str, ...] = _FOLDERS) -> str:
    """Return the SHA-256 over paths and bytes of package, templates, static files, catalogues and tests."""
    digest = hashlib.sha256()
    for path in _names(folders):
        name = path.removeprefix(f"{ROOT}/").encode()
        with open(path, "rb") as file:  # noqa: PTH123 (a path takes longer to make than the file to read)
            body = file.read()
        digest.update(b"%d %s %d " % (len(name), name, len(body)) + body)
    return digest.hexdigest()


def version() -> str:
    """Return the sum of what decides which texts there are: package and templates, without their words."""
    return code_sum(("flexsmt_site", "templates"))


@cache
def proven_tests() -> dict[str, tuple[Test, ...]]:
    """Return the tests of each promise; empty when they ran on other code than this."""
    if not PROOF.exists():
        return {}
    written = json.loads(PROOF.read_text("utf-8"))
    if written["sum"] != code_sum():
        return {}
    return {
        promise_id: tuple(
            Test(row["test"], row["outcome"], datetime.fromisoformat(row["time"])) for row in rows
        )
        for promise_id, rows in written["promises"].items()
    }


def is_proven(promise: ledger.Promise) -> bool:
    """Tell whether the promise's tests have passed on this code, and something keeps it.

    What a notice promises is its words: where others were published, nothing has proven these.
    """
    if promise.kind == "notice" and has_app_context() and pages.edition():
        return False
    tests = proven_tests().get(promise.id, ())
    kept = promise.kind in ("notice", "absent") or bool(ledger.keepers(promise.id))
    return kept and bool(tests) and all(test.outcome == "passed" for test in tests)


def state(promise: ledger.Promise, today: date) -> State:
    """Tell whether the promise is proven, or in people's hands and reviewed in time."""
    if promise.kind == "people":
        return "people" if promise.review is not None and today <= promise.review else "overdue"
    return "proven" if is_proven(promise) else "not-proven"

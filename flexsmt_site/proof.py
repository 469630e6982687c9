"""Which promises the running code has been proven to keep.

``make proof`` writes ``proof.json``: the outcome of every promise's tests, and the sum of the files
that they ran on. The site computes the same sum at start; where it differs, nothing counts as proven.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from flask import has_app_context

from flexsmt_site import ledger, pages
from flexsmt_site.config import ROOT

PROOF = Path(__file__).with_name("proof.json")
_FOLDERS = ("flexsmt_site", "templates", "static", "tests", "translations")

State = Literal["proven", "not-proven", "people", "overdue"]


@dataclass(frozen=True)
class Test:
    """One test that proves a promise, as it last went."""

    name: str
    outcome: str
    time: datetime


def files(folders: tuple[str, ...] = _FOLDERS) -> Iterator[Path]:
    """Yield every file whose change makes the proof void, sorted by path."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path != PROOF and _counts(path):
                yield path


def _counts(path: Path) -> bool:
    """Leave out what tools make beside the code: their caches differ from machine to machine."""
    made = any(part == "__pycache__" or part.startswith(".") for part in path.relative_to(ROOT).parts)
    if made or path.suffix in {".mo", ".pyc"}:
        return False
    return path.suffix == ".po" or "translations" not in path.relative_to(ROOT).parts[:1]


@cache
def code_sum(folders: tuple[str, ...] = _FOLDERS) -> str:
    """Return the SHA-256 over paths and bytes of package, templates, static files, catalogues and tests."""
    digest = hashlib.sha256()
    for path in files(folders):
        name, body = path.relative_to(ROOT).as_posix().encode(), path.read_bytes()
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

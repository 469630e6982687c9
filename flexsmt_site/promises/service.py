"""What can be said of each promise, in the visitor's language or for machines."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from flexsmt_site import ledger, proof

KINDS: dict[ledger.Kind, LazyString] = {
    "code": _l("kept by code"),
    "stricter": _l("kept by code, more strictly than promised"),
    "notice": _l("a notice on a page"),
    "people": _l("kept by people"),
    "absent": _l("described, and not done by this site"),
}
STATES: dict[proof.State, LazyString] = {
    "proven": _l("Proven for this version"),
    "not-proven": _l("Not proven for this version"),
    "people": _l("Kept by people, reviewed in time"),
    "overdue": _l("Kept by people, review overdue"),
}


@dataclass(frozen=True)
class Row:
    """One promise as it stands; ``proven_at`` is when its last test ran."""

    id: str
    title: str
    kind_text: str
    kept_by: str
    tests: int
    state: proof.State
    state_text: str
    proven_at: datetime | None
    owner: str
    review: date | None


@ledger.keeps("P0.2")
def list_promises(lang: str, today: date) -> list[Row]:
    """List every promise in the order of the policy."""
    # Looked up once, not for each of eighty rows.
    kinds = {kind: str(text) for kind, text in KINDS.items()}
    states = {state: str(text) for state, text in STATES.items()}
    rows = ((promise, proof.state(promise, today)) for promise in ledger.PROMISES.values())
    return [_row(promise, lang, state, kinds[promise.kind], states[state]) for promise, state in rows]


def _row(promise: ledger.Promise, lang: str, state: proof.State, kind_text: str, state_text: str) -> Row:
    tests = proof.proven_tests().get(promise.id, ())
    return Row(
        id=promise.id,
        title=promise.title[lang],
        kind_text=kind_text,
        kept_by=", ".join(name(keeper) for keeper in ledger.keepers(promise.id)),
        tests=len(tests),
        state=state,
        state_text=state_text,
        proven_at=max((test.time for test in tests), default=None) if state == "proven" else None,
        owner=promise.owner[lang] if promise.owner else "",
        review=promise.review,
    )


def name(keeper: Callable[..., object]) -> str:
    """Return where a keeper stands: ``contact.service.receive``."""
    module = inspect.getmodule(keeper)
    place = module.__name__.removeprefix("flexsmt_site.") if module else "?"
    return f"{place}.{keeper.__qualname__}"


def as_data(today: date) -> dict[str, Any]:
    """Return the whole ledger as JSON values."""
    rows = list_promises("en", today)
    return {
        "sum": proof.code_sum(),
        "promises": [
            {
                "id": row.id,
                "title": ledger.PROMISES[row.id].title,
                "kind": ledger.PROMISES[row.id].kind,
                "state": row.state,
                "kept_by": [name(keeper) for keeper in ledger.keepers(row.id)],
                "tests": [
                    {"test": test.name, "outcome": test.outcome, "time": test.time.isoformat()}
                    for test in proof.proven_tests().get(row.id, ())
                ],
                "owner": row.owner or None,
                "review": row.review.isoformat() if row.review else None,
            }
            for row in rows
        ],
    }

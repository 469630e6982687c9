"""Every promise of the privacy policy, and which function keeps it.

``ledger.toml`` lists the promises. ``@keeps("P4.3")`` marks the function that keeps one; an id
that the ledger does not know raises when the module is imported.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

Kept = TypeVar("Kept", bound=Callable[..., object])
Kind = Literal["code", "notice", "people", "stricter", "absent"]


class UnknownPromise(LookupError):
    """The ledger has no promise of this id."""


@dataclass(frozen=True)
class Promise:
    """One promise; ``owner`` and ``review`` are set where people keep it."""

    id: str
    title: dict[str, str]
    kind: Kind
    owner: dict[str, str] | None = None
    review: date | None = None


def _load(path: Path) -> dict[str, Promise]:
    found = {}
    for promise_id, row in tomllib.loads(path.read_text("utf-8")).items():
        owner = {"en": row["owner"], "ru": row["owner_ru"]} if "owner" in row else None
        title = {"en": row["title"], "ru": row["title_ru"]}
        found[promise_id] = Promise(promise_id, title, row["kind"], owner, row.get("review"))
    return found


@dataclass(frozen=True)
class Version:
    """A version of the policy: its number, the day it took effect, the SHA-256 of its text."""

    number: int
    date: date
    sum: str


PROMISES = _load(Path(__file__).with_name("ledger.toml"))
_keepers: dict[str, list[Callable[..., object]]] = {}


def get_promise(promise_id: str) -> Promise:
    """Return the promise; raises ``UnknownPromise``."""
    if promise_id not in PROMISES:
        raise UnknownPromise(f"{promise_id!r} is not in ledger.toml: mend the id, or add the promise there")
    return PROMISES[promise_id]


def keeps(*promise_ids: str) -> Callable[[Kept], Kept]:
    """Mark a function or class as what keeps these promises; raises ``UnknownPromise``."""
    for promise_id in promise_ids:
        get_promise(promise_id)

    def mark(keeper: Kept) -> Kept:
        for promise_id in promise_ids:
            _keepers.setdefault(promise_id, []).append(keeper)
        return keeper

    return mark


def keepers(promise_id: str) -> tuple[Callable[..., object], ...]:
    """Return what keeps the promise, in the order of import."""
    return tuple(_keepers.get(promise_id, ()))


_in_force: list[Callable[[], Version]] = []


def put_in_force(find: Callable[[], Version]) -> None:
    """Let ``find`` say which version of the policy is in force: whatever is agreed to names it."""
    _in_force[:] = [find]


def version() -> Version:
    """Return the version of the policy in force."""
    return _in_force[0]()

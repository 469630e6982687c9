"""What may be wrong with the set-up: features declare checks, and ``flexsmt doctor`` runs them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from flexsmt_site.config import Settings
from flexsmt_site.database import DatabaseUnavailable

Level = Literal["error", "warning", "ok"]
#: Worst first.
LEVELS: tuple[Level, ...] = ("error", "warning", "ok")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what is so, and what an operator does about it."""

    level: Level
    what: str
    mend: str = ""


Check = Callable[[Settings], Iterable[Finding]]
_checks: dict[str, Check] = {}


def declare(check: Check) -> None:
    """Add a check; declaring the same again changes nothing."""
    _checks[f"{check.__module__}.{check.__qualname__}"] = check


def findings(settings: Settings) -> list[Finding]:
    """Run every check; worst first."""
    found = [finding for name, check in _checks.items() for finding in _run(name, check, settings)]
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def _run(name: str, check: Check, settings: Settings) -> list[Finding]:
    """Run one check; without a database the others still have their say."""
    try:
        return list(check(settings))
    except (SQLAlchemyError, DatabaseUnavailable) as error:
        what = f"{name.removeprefix('flexsmt_site.')} could not be looked at: {error.__class__.__name__}"
        return [Finding("error", what, "mend what is said of the database")]

"""What each stored column says about a person, why it is held and for how long.

Features declare their holdings downward to here. The policy's tables of purposes and of
retention are rendered from this register, and a test walks the schema: a column that no holding
names fails the build.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import FromClause

from flexsmt_site.ledger import keeps


class Basis(Enum):
    """The ground that the law gives for a purpose."""

    TECHNICAL = _l("Technical necessity")
    CONTRACT = _l("A contract")
    LAW = _l("The law")
    INTEREST = _l("Our legitimate interest, which outweighs yours")
    CONSENT = _l("Your consent")


class Purpose(Enum):
    """What data may be used for; nothing is held for anything else."""

    REPLY = _l("Answering enquiries")
    SECURITY = _l("Keeping the site secure and working")
    ACCOUNTABILITY = _l("Showing that we keep our promises")


_GROUNDS = {
    Purpose.REPLY: Basis.CONSENT,
    Purpose.SECURITY: Basis.INTEREST,
    Purpose.ACCOUNTABILITY: Basis.LAW,
}


class UndeclaredColumn(LookupError):
    """A holding names a column that its table has not, or leaves one out."""


class Purposeless(ValueError):
    """A holding is declared for no purpose."""


@dataclass(frozen=True)
class Sooner:
    """A part of a holding that goes earlier than the rest: ``days`` after ``counted_from``."""

    days: int
    counted_from: LazyString


@dataclass(frozen=True)
class Holding:
    """One group of data that a feature holds: a row of the policy's tables.

    ``personal`` columns say something about a person, ``pseudonym`` columns only point to one,
    ``plain`` columns do neither. The data goes ``months`` (or, where these are 0, ``hours``) after
    ``counted_from``, a part of it ``sooner``; where both are 0, ``counted_from`` says until when it stays.
    ``objection`` is the endpoint where a person objects.
    """

    key: str
    title: LazyString
    table: FromClause
    personal: tuple[str, ...]
    pseudonym: tuple[str, ...]
    plain: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    source: LazyString
    months: int
    counted_from: LazyString
    objection: str
    hours: int = 0
    sooner: tuple[Sooner, ...] = ()


_holdings: dict[str, Holding] = {}
_impersonal: set[str] = set()


@keeps("P1.3", "P1.4")
def grounds() -> list[tuple[Purpose, Basis]]:
    """Return each purpose with the one ground that the law gives for it."""
    return [(purpose, _GROUNDS[purpose]) for purpose in Purpose]


@keeps("P0.3", "P1.1", "P2.3a")
def declare(holding: Holding) -> None:
    """Put a holding into the register.

    Raises ``UndeclaredColumn`` unless every column is named once, and ``Purposeless``.
    """
    if not holding.purposes:
        raise Purposeless(f"{holding.key}: say what it is held for, or do not hold it")
    named = [*holding.personal, *holding.pseudonym, *holding.plain]
    columns = [column.name for column in holding.table.columns]
    if sorted(named) != sorted(columns):
        odd = sorted(set(named) ^ set(columns)) or sorted(name for name in named if named.count(name) > 1)
        raise UndeclaredColumn(
            f"{holding.key}: name each column of {holding.table.description} once; mend {', '.join(odd)}"
        )
    _holdings[holding.key] = holding


def declare_impersonal(table: FromClause) -> None:
    """Say that a table tells nothing about anybody: no row of the policy is about it."""
    _impersonal.add(table.description)


@keeps("P0.4")
def holdings() -> tuple[Holding, ...]:
    """Return every declared holding by its key."""
    return tuple(holding for _, holding in sorted(_holdings.items()))


def undeclared(tables: Iterable[FromClause]) -> list[str]:
    """Return the names of tables that no holding is about."""
    known = _impersonal | {holding.table.description for holding in _holdings.values()}
    return sorted(table.description for table in tables if table.description not in known)

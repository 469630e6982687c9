"""What a consent cookie says, what a decision grants, and when its proof goes.

Pure: no Flask, no database; the register of purposes and the time come in as arguments.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from flexsmt_site.ledger import keeps

#: A choice stays for six months, and these have at most 184 days: yes and no alike.
LIFE = timedelta(days=184)
#: After its life a consent can still be disputed; policy table of periods.
PROVEN_MONTHS = 12
#: The same choice again within this time is a second click, not a second choice.
REPEATED_WITHIN = timedelta(hours=1)
#: What a receipt's number looks like.
NUMBER = re.compile(r"[0-9a-f]{22}")
#: What the name of a screen looks like: the beginning of a SHA-256.
DIGEST = re.compile(r"[0-9a-f]{16}")


class UnknownChoice(ValueError):
    """A decision or a purpose that the site does not offer."""


class Decision(StrEnum):
    """What the buttons of the banner and of the settings page say."""

    REJECT = "reject"
    ACCEPT = "accept"
    SAVE = "save"


class Standing(StrEnum):
    """The four variants that a page can have."""

    UNDECIDED = "undecided"
    GPC = "gpc"
    REFUSED = "refused"
    ACCEPTED = "accepted"


@dataclass(frozen=True)
class Choice:
    """What a visitor's browser says: purposes agreed to (None: no choice yet), and whether it sends GPC."""

    granted: frozenset[str] | None
    gpc: bool

    @property
    def standing(self) -> Standing:
        """Which variant of a page this visitor sees; an explicit choice outweighs the browser's signal."""
        if self.granted is not None:
            return Standing.ACCEPTED if self.granted else Standing.REFUSED
        return Standing.GPC if self.gpc else Standing.UNDECIDED


@cache
def pattern(name: str, version: str, count: int) -> str:
    """Return the expression that finds the choice in a Cookie header; its group ``choice`` is 0 and 1.

    Both Python and PCRE read it alike, so a proxy in front tells variants apart exactly as we do.
    """
    return rf"(?:^|; ?){re.escape(name)}={version}\.(?<choice>[01]{{{count}}})(?:;|$)"


def read(header: str, name: str, version: str, purposes: Sequence[str]) -> frozenset[str] | None:
    """Return the purposes agreed to; None for no cookie, and for one of another version or form."""
    found = re.search(pattern(name, version, len(purposes)).replace("(?<", "(?P<"), header)
    if found is None:
        return None
    return frozenset(key for key, sign in zip(purposes, found["choice"], strict=True) if sign == "1")


def written(version: str, purposes: Sequence[str], granted: frozenset[str]) -> str:
    """Return the value of the consent cookie: at most twelve bytes that name nobody."""
    return f"{version}." + "".join("1" if key in granted else "0" for key in purposes)


@keeps("P5.3")
def granted(decision: str, chosen: Iterable[str], purposes: Sequence[str]) -> frozenset[str]:
    """Return what a decision grants; nothing unless it says so. Raises ``UnknownChoice``."""
    offered, ticked = frozenset(purposes), frozenset(chosen)
    meant: dict[str, frozenset[str]] = {
        Decision.REJECT: frozenset(),
        Decision.ACCEPT: offered,
        Decision.SAVE: ticked,
    }
    if decision not in meant or not ticked <= offered:
        raise UnknownChoice(f"{decision!r} with {sorted(ticked)}: offered are {sorted(offered)}")
    return meant[decision]


def proof_ends(decided: datetime) -> datetime:
    """Return when the receipt of a choice goes: its life and twelve months after it was made."""
    ended = decided + LIFE
    years, month = divmod(ended.month - 1 + PROVEN_MONTHS, 12)
    year, month = ended.year + years, month + 1
    return ended.replace(year=year, month=month, day=min(ended.day, monthrange(year, month)[1]))


def is_due(decided: datetime, now: datetime) -> bool:
    """Tell whether the receipt of a choice is to be deleted."""
    return now >= proof_ends(decided)

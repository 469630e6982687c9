"""Decisions about an enquiry: what its text may hold, how it is named, and when it is the same one.

Pure: no Flask, no database; time and chance come in as arguments.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Literal

from flexsmt_site import networks
from flexsmt_site.ledger import keeps

#: Longest values in characters, of the contract.
LIMITS = {"first_name": 100, "last_name": 100, "email": 254, "company": 100, "city": 100, "description": 5000}
TOKEN_LIFE = timedelta(hours=24)
#: People need longer than this to fill in the form.
SOONEST = timedelta(seconds=3)

# Crockford's base 32: no I, L, O or U, so that a reference can be read out over the phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_LINE_ENDS = frozenset("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")


@dataclass(frozen=True)
class Submission:
    """What a visitor typed, cleaned and checked."""

    first_name: str
    last_name: str
    email: str
    company: str
    country: str
    city: str
    description: str
    subject: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 of the content, in which the order of the fields is fixed."""
        values = [getattr(self, field.name) for field in fields(self)]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def is_sendable(text: str, *, lines: bool) -> bool:
    """Tell whether the text is free of what nobody types: NUL, and line ends in a single line."""
    return "\0" not in text and (lines or not _LINE_ENDS & set(text.strip()))


@keeps("P0.8")
def cleaned(text: str, *, lines: bool) -> str:
    """Return the text in NFC, without control and bidi characters and without space at its ends.

    With ``lines`` true line ends are kept, each as LF; else they become spaces.
    """
    ended = text.replace("\r\n", "\n")
    plain = "".join(("\n" if lines else " ") if sign in _LINE_ENDS else sign for sign in ended)
    kept = "".join(sign for sign in plain if sign in "\n\t" or not _is_hidden(sign))
    return unicodedata.normalize("NFC", kept).strip()


def _is_hidden(sign: str) -> bool:
    return sign in _BIDI or unicodedata.category(sign) in ("Cc", "Cs")


def is_visible(text: str) -> bool:
    """Tell whether the text has a sign that can be seen."""
    return any(unicodedata.category(sign)[0] not in "CZ" for sign in text)


def reference(chance: int) -> str:
    """Return a reference such as ``FX-7K3M-92QD`` for 40 bits of chance."""
    signs = "".join(_ALPHABET[chance >> shift & 31] for shift in range(35, -1, -5))
    return f"FX-{signs[:4]}-{signs[4:]}"


def read_reference(written: str) -> str | None:
    """Read a reference as people write it: in any case, with or without dashes; None where it is none."""
    signs = re.sub(r"[\s-]", "", written.upper())
    # Whoever heard an O or an I over the phone means a nought or a one.
    meant = signs[2:].translate(str.maketrans("OIL", "011"))
    found = f"{signs[:2]}-{meant[:4]}-{meant[4:]}"
    return found if REFERENCE.fullmatch(found) else None


REFERENCE = re.compile(rf"FX-[{_ALPHABET}]{{4}}-[{_ALPHABET}]{{4}}")


class TokenAge(Enum):
    """What the age of a form token tells."""

    FRESH = "fresh"
    HASTY = "hasty"
    STALE = "stale"


def token_age(issued: datetime, now: datetime) -> TokenAge:
    """Judge a form by the time between its page and its sending; a token from the future is stale."""
    age = now - issued
    if age < -SOONEST or age > TOKEN_LIFE:
        return TokenAge.STALE
    return TokenAge.HASTY if age < SOONEST else TokenAge.FRESH


#: Which kind of evidence each signal is: only signals of two kinds are independent of each other.
GROUPS = {"hasty": "time", "crowded": "network", "links": "content", "repeated": "content", "trapped": "trap"}
#: Business letters name a site or two; more than this many links are advertising.
MANY_LINKS = 3
#: Shorter texts, such as "Please call me", are the same by chance.
SHORTEST_REPEATED = 20
REPEATED_WITHIN = timedelta(hours=24)

_LINK = re.compile(r"https?://|(?<![\w/.])www\.", re.IGNORECASE)


@dataclass(frozen=True)
class Traits:
    """What is known of an enquiry that comes in; ``trap`` is what the field holds that people do not see."""

    age: TokenAge
    trap: str
    description: str
    is_crowded: bool
    is_repeated: bool


def signals(traits: Traits) -> tuple[str, ...]:
    """Return what makes an enquiry suspicious: some of ``GROUPS``. None of it loses an enquiry."""
    found = {
        "hasty": traits.age is TokenAge.HASTY,
        "crowded": traits.is_crowded,
        "links": len(_LINK.findall(traits.description)) > MANY_LINKS,
        "repeated": traits.is_repeated,
        "trapped": bool(traits.trap),
    }
    return tuple(name for name, is_so in found.items() if is_so)


def is_quarantined(signals: Iterable[str]) -> bool:
    """Tell whether an enquiry is held for a look: its trap was filled in, or two kinds of evidence agree."""
    kinds = {GROUPS[name] for name in signals}
    return "trap" in kinds or len(kinds) > 1


def text_digest(description: str) -> str | None:
    """Return the SHA-256 of a text, whatever its case and spaces; None for one too short to tell."""
    plain = " ".join(description.casefold().split())
    return hashlib.sha256(plain.encode()).hexdigest() if len(plain) >= SHORTEST_REPEATED else None


class Stage(StrEnum):
    """How far the answer to an enquiry has come; one that is held is in no stage yet."""

    NEW = "new"
    TAKEN = "taken"
    ANSWERED = "answered"


Verb = Literal["take", "give back", "answer", "reopen"]
#: Where a verb leads from a stage, of an enquiry that somebody has taken or not; what is not here is refused.
STEPS: dict[tuple[Verb, Stage, bool], Stage] = {
    ("take", Stage.NEW, False): Stage.TAKEN,
    ("give back", Stage.TAKEN, True): Stage.NEW,
    ("answer", Stage.NEW, False): Stage.ANSWERED,
    ("answer", Stage.TAKEN, True): Stage.ANSWERED,
    ("reopen", Stage.ANSWERED, True): Stage.TAKEN,
    ("reopen", Stage.ANSWERED, False): Stage.NEW,
}


def standing(*, is_held: bool, is_released: bool, notices: Iterable[str]) -> str:
    """Say in a few words where an enquiry stands, from the states of its notices."""
    states = ", ".join(dict.fromkeys(notices)) or "no notices"
    if is_held:
        return "held"
    return f"released: {states}" if is_released else states


#: From here on one network's enquiries of an hour are marked: fewer is an office that fills in forms.
CROWD = 6


def is_crowded(network: str, others: int) -> bool:
    """Tell whether an enquiry is one of many, after ``others`` of its network within the hour."""
    return network != networks.NEARBY and others + 1 >= CROWD


def wait(leaving: datetime, now: datetime) -> timedelta:
    """Say how long until an arrival is out of the hour, at least a second."""
    return max(leaving + networks.HOUR - now, timedelta(seconds=1))

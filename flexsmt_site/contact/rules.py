"""Decisions about an enquiry: what its text may hold, how it is named, and when it is the same one.

Pure: no Flask, no database; time and chance come in as arguments.
"""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import Enum

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


def signals(age: TokenAge, honeypot: str) -> tuple[str, ...]:
    """Return what makes an enquiry suspicious; it is stored and mailed all the same.

    The notice's templates ask for these names.
    """
    found = {
        "hasty": age is TokenAge.HASTY,
        "trapped": bool(honeypot),
    }
    return tuple(name for name, is_so in found.items() if is_so)

"""Decisions about signing in: roles, codes, tries, and how long things are open.

Pure: no Flask, no database; time and chance come in as arguments.
"""

import hmac
import re
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from hashlib import sha256

#: With five tries a request and five requests an hour, a year of guessing opens one account in five hundred.
CODE_DIGITS = 8
#: A code, the link beside it, and the answer of a passkey.
CODE_LIFE = timedelta(minutes=10)
#: Wrong codes for one request; then nothing opens it, and the address rests until it has run out.
MOST_TRIES = 5
#: Mails an hour to one address; more would let a stranger fill somebody's mailbox.
MOST_ASKED = 5
#: Requests an hour from one network, which hides many people.
MOST_FROM_NETWORK = 30
HOUR = timedelta(hours=1)

SESSION_LIFE = timedelta(hours=12)
IDLE_LIFE = timedelta(hours=1)
#: A session in use is noted as seen no more often than this: each note is a write.
SEEN_EVERY = timedelta(minutes=1)
#: For this long after signing in nobody is asked again who they are.
FRESH_LIFE = timedelta(minutes=15)
#: A form of the staff pages may be open for as long as a session.
FORM_LIFE = SESSION_LIFE

CHALLENGES_KEPT = timedelta(hours=48)
AUDIT_MONTHS = 24
#: The largest number of a row that both databases know.
LARGEST_NUMBER = 2**31 - 1


class Role(StrEnum):
    """What a member of the staff is there for."""

    SALES = "sales"
    EDITOR = "editor"
    PUBLISHER = "publisher"
    ADMIN = "admin"


#: What else each role may do: all that these roles may.
_INCLUDED = {
    Role.SALES: frozenset({Role.SALES}),
    Role.EDITOR: frozenset({Role.EDITOR}),
    Role.PUBLISHER: frozenset({Role.EDITOR, Role.PUBLISHER}),
    Role.ADMIN: frozenset(Role),
}


def may(role: Role, needed: Collection[Role]) -> bool:
    """Tell whether a role may do what is meant for ``needed``; what needs none is for all staff."""
    return not needed or bool(_INCLUDED[role] & frozenset(needed))


def code(chance: int) -> str:
    """Return a code of eight digits for a chance below a hundred million."""
    return f"{chance:0{CODE_DIGITS}d}"


def read_code(written: str) -> str | None:
    """Read a code as people type it, with spaces or a dash; None for what is no code."""
    digits = re.sub(r"[\s-]", "", written)
    return digits if re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", digits, re.ASCII) else None


def code_sum(secret: str, nonce: str, digits: str) -> str:
    """Return what is stored of a code: it says nothing without the site's secret."""
    return _keyed(secret, "code", nonce, digits)


def address_key(secret: str, address: str) -> str:
    """Return what requests for an address are counted by, whoever has it."""
    return _keyed(secret, "address", address.casefold())


def token_sum(token: str) -> str:
    """Return what is stored of a random token: the token itself stands in a cookie or a mail alone."""
    return sha256(token.encode()).hexdigest()


def _keyed(secret: str, *parts: str) -> str:
    return hmac.new(secret.encode(), "\0".join(("flexsmt.staff", *parts)).encode(), "sha256").hexdigest()


@dataclass(frozen=True)
class Asked:
    """An earlier request for the same address or from the same network."""

    asked: datetime
    tries: int


def pause(
    of_address: Collection[Asked], of_network: Collection[Asked], most: int, now: datetime
) -> timedelta:
    """Say how long the next request has to wait; nothing where it may come at once.

    All are of the last hour. After too many wrong codes an address rests until the code has run out;
    ``most`` is how many a network may send.
    """
    waits = [one.asked + CODE_LIFE - now for one in of_address if one.tries >= MOST_TRIES]
    for found, limit in ((of_address, MOST_ASKED), (of_network, most)):
        if len(found) >= limit:
            leaving = sorted((one.asked for one in found), reverse=True)[limit - 1]
            waits.append(leaving + HOUR - now)
    return max([*waits, timedelta()])


class Verdict(Enum):
    """What an attempt to sign in comes to."""

    OPEN = "open"
    WRONG = "wrong"
    SPENT = "spent"


@dataclass(frozen=True)
class Attempt:
    """A request to sign in as it stands, before this attempt."""

    expires: datetime
    tries: int
    is_used: bool
    is_known: bool


def verdict(attempt: Attempt, now: datetime, *, is_right: bool) -> Verdict:
    """Judge an attempt: spent means that nothing can open it any more, not even the right code."""
    is_early = attempt.expires - now > CODE_LIFE + SEEN_EVERY
    if attempt.is_used or attempt.tries >= MOST_TRIES or now >= attempt.expires or is_early:
        return Verdict.SPENT
    return Verdict.OPEN if is_right and attempt.is_known else Verdict.WRONG


@dataclass(frozen=True)
class Span:
    """When a session began, was used last, and its member last proved who it is."""

    began: datetime
    seen: datetime
    proven: datetime


def is_over(span: Span, now: datetime) -> bool:
    """Tell whether a session has ended: after 12 hours, or an hour in which nobody used it."""
    return now - span.began >= SESSION_LIFE or now - span.seen >= IDLE_LIFE


def is_fresh(span: Span, now: datetime) -> bool:
    """Tell whether it is short enough ago that the member proved who it is."""
    return now - span.proven < FRESH_LIFE


def kept_since(now: datetime) -> datetime:
    """Return the moment before which lines of the trail are pruned: 24 months ago."""
    years, month = divmod(now.month - 1 - AUDIT_MONTHS, 12)
    year, month = now.year + years, month + 1
    return now.replace(year=year, month=month, day=min(now.day, monthrange(year, month)[1]))


class BadPasskey(ValueError):
    """The answer is not one to our question by a passkey that we know.

    ``member_id`` tells whose passkey it says it is of, where that is known.
    """

    member_id: int | None = None


@dataclass(frozen=True)
class Site:
    """Where passkeys are good: the host without its port, the origin, and what the site is called."""

    host: str
    origin: str
    name: str


@dataclass(frozen=True)
class Key:
    """A passkey: its name among all, its public key, and what it last counted (0 where it does not)."""

    credential: bytes
    public: bytes
    counter: int


#: How long a browser waits for a person and its passkey.
PASSKEY_MILLISECONDS = 120_000
#: The answer of a passkey is a kilobyte or two.
LONGEST_ANSWER = 16_384
LONGEST_KEY_NAME = 60
MOST_PASSKEYS = 20


def handle(secret: str, member_id: int) -> bytes:
    """Return what passkeys know a member by: it says nothing about the person."""
    return hmac.digest(secret.encode(), f"flexsmt.staff\0handle\0{member_id}".encode(), "sha256")

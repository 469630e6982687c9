"""What becomes of a mail after each answer, silence or lost lease.

Pure: no Flask, no database; time and chance come in as arguments.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
JITTER = 0.2

#: 421: the server closes for everybody. 530 to 538: our password or our encryption, not this mail.
OWN_FAULT_CODES = {421, 530, 534, 535, 538}
TOO_BIG = 552

_HINT = re.compile(r"(?:again|retry|greylisted|wait)\D{0,24}?(\d{1,5}) ?(s|sec|m|min|h|hour)", re.IGNORECASE)
#: "Relay access denied" as a sentence says it: not within an address or the name of a host.
_RELAYING = re.compile(r"(?<![\w.@-])relay(?:ing)?(?![\w@-]|\.\w)", re.IGNORECASE)
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}


class State(StrEnum):
    """Where a mail stands."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    DEAD = "dead"
    CANCELLED = "cancelled"
    BOUNCED = "bounced"


class Phase(StrEnum):
    """How far a mail in ``sending`` has come: what is only claimed has not left the house.

    ``in_doubt`` is a mail in data whose lease ended: its relay may still be at it.
    """

    CLAIMED = "claimed"
    IN_DATA = "in_data"
    IN_DOUBT = "in_doubt"


#: What to do when nobody knows whether a mail arrived: at least once, or at most once.
OnUnknown = Literal["resend", "stop"]


class Step(StrEnum):
    """The point of the SMTP conversation at which an answer came, or did not.

    ``link``: there is no conversation. ``data``: the text was on its way; before that nothing has left.
    """

    LINK = "link"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"


#: States from which an operator may send a mail again: its bytes are still here.
RESENDABLE = (State.FAILED, State.UNCERTAIN, State.DEAD)
#: States in which a mail has not arrived, and will not by itself.
STOPPED = (*RESENDABLE, State.BOUNCED)
#: States in which a mail still waits for its turn.
WAITING = (State.QUEUED, State.SENDING)


@dataclass(frozen=True)
class Answer:
    """What the server said last; a ``code`` of None: it went silent or hung up."""

    step: Step
    code: int | None
    text: str = ""

    @property
    def is_go_on(self) -> bool:
        """The server agreed to this step."""
        return self.code is not None and self.code // 100 in (2, 3)

    @property
    def is_accepted(self) -> bool:
        """The server took the mail."""
        return self.step is Step.DATA and self.code is not None and self.code // 100 == 2  # noqa: PLR2004


@dataclass(frozen=True)
class Course:
    """What a mail has behind it and how long it may go on."""

    attempts: int
    expires: datetime
    on_unknown: OnUnknown


@dataclass(frozen=True)
class Fate:
    """What is written into the row; ``not_before`` counts for queued mails only."""

    state: State
    not_before: datetime | None = None
    attempted: bool = True
    answer: Answer | None = None


def backoff(attempts: int, chance: float) -> timedelta:
    """Say how long to wait after that many earlier attempts.

    One minute, doubled each time, at most four hours; ``chance`` in [0, 1) spreads
    the result by up to a fifth either way, so that a crowd does not return at once.
    """
    doubled = FIRST_WAIT * (1 << min(attempts, 16))
    return min(doubled, LONGEST_WAIT) * (1 - JITTER + 2 * JITTER * chance)


def hinted_wait(text: str) -> timedelta | None:
    """Find the wait that a server asks for in its answer, at most four hours."""
    found = _HINT.search(text)
    if not found:
        return None
    return min(int(found[1]) * _UNITS[found[2][0].lower()], LONGEST_WAIT)


def is_own_fault(answer: Answer) -> bool:
    """Say whether the answer is about us rather than about this mail.

    Such a mail loses no attempt: the next one would be answered the same.
    """
    if answer.step is Step.LINK or answer.code in OWN_FAULT_CODES:
        return True
    if answer.code is None:
        return False
    # Our envelope sender is the same for every mail; only its size is this mail's own.
    if answer.step is Step.SENDER:
        return answer.code >= 500 and answer.code != TOO_BIG  # noqa: PLR2004
    # Postfix says 454, which is no less our fault than the 554 of others.
    return answer.step is Step.RECIPIENT and answer.code >= 400 and bool(_RELAYING.search(answer.text))  # noqa: PLR2004


def fate(answer: Answer, course: Course, now: datetime, chance: float) -> Fate:
    """Decide what becomes of a mail after the server's last answer."""
    if answer.is_accepted:
        return Fate(State.ACCEPTED, answer=answer)
    if is_own_fault(answer):
        return Fate(State.QUEUED, now, attempted=False, answer=answer)
    if answer.code is None and answer.step is Step.DATA and course.on_unknown == "stop":
        return Fate(State.UNCERTAIN, answer=answer)
    if answer.code is not None and answer.code >= 500:  # noqa: PLR2004
        return Fate(State.FAILED, answer=answer)
    return _again(answer, course, now, chance)


def fate_of_lost_lease(phase: Phase | None, course: Course, now: datetime) -> Fate:
    """Decide what becomes of a mail whose relay vanished with it.

    A mail that was only claimed had not left: to send it now cannot duplicate it.
    """
    if phase is not Phase.CLAIMED and course.on_unknown == "stop":
        return Fate(State.UNCERTAIN)
    return Fate(State.QUEUED, now, attempted=phase is not Phase.CLAIMED)


def pause_after(faults: int, first: timedelta, longest: timedelta) -> timedelta:
    """Say how long the relay rests after that many own faults in a row, at least one."""
    return min(first * (1 << min(faults - 1, 16)), longest)


def _again(answer: Answer, course: Course, now: datetime, chance: float) -> Fate:
    wait = max(backoff(course.attempts, chance), hinted_wait(answer.text) or timedelta())
    if now + wait >= course.expires:
        return Fate(State.DEAD, answer=answer)
    return Fate(State.QUEUED, now + wait, answer=answer)

"""When an operator is told that mail is in trouble, and why.

Pure: no Flask, no database; the time comes in as an argument.
"""

from datetime import datetime, timedelta

#: From one alarm to the next, over all relays together.
PAUSE = timedelta(hours=1)
#: From an attempt to the next one, unless it succeeded; longer than the slowest conversation with a server.
RETRY = timedelta(minutes=5)
#: Clocks of several machines may differ by this much.
SLACK = timedelta(minutes=1)


def reasons(trouble: str, untold: int, waits: timedelta | None, patience: timedelta) -> tuple[str, ...]:
    """Name why an operator should be told; empty when all is well.

    ``trouble`` is what keeps the relay from sending, ``untold`` how many stopped mails nobody was
    told of, ``waits`` the age of the oldest that waits, which may be as long as ``patience``.
    """
    found = [trouble] if trouble else []
    if untold:
        found.append("stopped")
    if waits is not None and waits > patience:
        found.append("waiting")
    return tuple(found)


def is_due(last: datetime | None, now: datetime) -> bool:
    """Say whether the pause since ``last`` is over; None: nobody was ever told.

    A ``last`` in the future means that the clock went back: who waited for it to come would be silent
    for as long as the clock was wrong.
    """
    return last is None or now - last >= PAUSE or last - now > SLACK


def claimed(now: datetime) -> datetime:
    """Return what stands for ``last`` while an attempt lasts: if it fails, the next may follow soon."""
    return now - PAUSE + RETRY

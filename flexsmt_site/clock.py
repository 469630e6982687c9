"""The only reader of the time."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment as an aware datetime in UTC."""
    return datetime.now(UTC)


def elapsed() -> float:
    """Return seconds of a clock that nobody sets: for durations within one process."""
    return time.monotonic()

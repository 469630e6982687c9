"""The only reader of the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment as an aware datetime in UTC."""
    return datetime.now(UTC)

"""Moments as they are kept: seconds since 1970, UTC."""

from datetime import UTC, datetime


def at(timestamp: float) -> datetime:
    """A stored time as a moment."""
    return datetime.fromtimestamp(timestamp, tz=UTC)

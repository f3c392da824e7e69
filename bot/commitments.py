"""Commitments 承諾: once made, written down, with a time, and kept (R33)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from babel.dates import format_date
from pydantic import BaseModel, ConfigDict

from bot.playbook import Language

LATEST = timedelta(days=365)


class CommitmentState(StrEnum):
    """The life of a commitment."""

    OPEN = "open"
    KEPT = "kept"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


OWED = frozenset({CommitmentState.OPEN, CommitmentState.MISSED})
"""The customer still waits for it, in time or late."""


class CommitmentMove(StrEnum):
    """What can happen to it."""

    KEEP = "keep"
    MISS = "miss"
    WITHDRAW = "withdraw"


MOVES: dict[tuple[CommitmentState, CommitmentMove], CommitmentState] = {
    (CommitmentState.OPEN, CommitmentMove.KEEP): CommitmentState.KEPT,
    (CommitmentState.OPEN, CommitmentMove.MISS): CommitmentState.MISSED,
    (CommitmentState.OPEN, CommitmentMove.WITHDRAW): CommitmentState.WITHDRAWN,
    (CommitmentState.MISSED, CommitmentMove.KEEP): CommitmentState.KEPT,
}
"""What was missed can still be kept, late."""


class Commitment(BaseModel):
    """What we told the customer we would do, and by when.

    Attributes:
        timezone: Where the clock stands by which the time was meant, an IANA name: the writer's.
        made_by: Slack id of whoever wrote it down, who sees that it is kept.
    """

    model_config = ConfigDict(frozen=True)

    workspace: str
    id: str
    case_id: str
    text: str
    state: CommitmentState = CommitmentState.OPEN
    due_at: datetime
    timezone: str
    made_by: str
    made_at: datetime
    settled_by: str | None = None
    settled_at: datetime | None = None


def moved(commitment: Commitment, move: CommitmentMove, *, by: str, now: datetime) -> Commitment | None:
    """The commitment after a move; None when it cannot make it from where it stands."""
    state = MOVES.get((commitment.state, move))
    if state is None:
        return None
    return commitment.model_copy(update={"state": state, "settled_by": by, "settled_at": now})


class DueError(StrEnum):
    """What is wrong with a time by which something is promised."""

    MISSING = "missing"
    PAST = "past"
    TOO_FAR = "too_far"


def due_error(due_at: datetime | None, now: datetime) -> DueError | None:
    """Why nothing can be promised for that time; None when it can."""
    if due_at is None:
        return DueError.MISSING
    if due_at <= now:
        return DueError.PAST
    return DueError.TOO_FAR if due_at > now + LATEST else None


def next_due(commitments: Iterable[Commitment], now: datetime) -> Commitment | None:
    """The open commitment whose time comes first; the one a line speaks of, so never one whose time has gone by."""
    to_come = [each for each in commitments if each.state is CommitmentState.OPEN and each.due_at > now]
    return min(to_come, key=lambda each: each.due_at, default=None)


def due_words(due_at: datetime, timezone: str, language: Language) -> str:
    """When it is due, as people write it, by the clock of that time zone."""
    there = due_at.astimezone(ZoneInfo(timezone))
    day = format_date(there, "long", locale="en_GB") if language == "en" else there.date().isoformat()
    return f"{day}, {there:%H:%M}" if language == "en" else f"{day} {there:%H:%M}"

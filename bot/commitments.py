"""Commitments 承諾: once made, written down, with a time, and kept (R33)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from babel.dates import format_date
from pydantic import BaseModel, ConfigDict

from bot.playbook import Language
from bot.policy import CommitmentPolicy, HoursPolicy
from bot.working_hours import after as working_time_after
from bot.working_hours import between as working_time_between

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
    """What can happen to it; the last three happen by themselves, at a time."""

    KEEP = "keep"
    WITHDRAW = "withdraw"
    RESCHEDULE = "reschedule"
    REMIND = "remind"
    MISS = "miss"
    ESCALATE = "escalate"


MOVES: dict[tuple[CommitmentState, CommitmentMove], CommitmentState] = {
    (CommitmentState.OPEN, CommitmentMove.KEEP): CommitmentState.KEPT,
    (CommitmentState.OPEN, CommitmentMove.WITHDRAW): CommitmentState.WITHDRAWN,
    (CommitmentState.OPEN, CommitmentMove.RESCHEDULE): CommitmentState.OPEN,
    (CommitmentState.OPEN, CommitmentMove.REMIND): CommitmentState.OPEN,
    (CommitmentState.OPEN, CommitmentMove.MISS): CommitmentState.MISSED,
    (CommitmentState.MISSED, CommitmentMove.KEEP): CommitmentState.KEPT,
    (CommitmentState.MISSED, CommitmentMove.RESCHEDULE): CommitmentState.OPEN,
    (CommitmentState.MISSED, CommitmentMove.ESCALATE): CommitmentState.MISSED,
}
"""What was missed can still be kept, late, or get a new time."""


class Commitment(BaseModel):
    """What we told the customer we would do, and by when.

    Attributes:
        timezone: Where the clock stands by which the time was meant, an IANA name: the writer's.
        made_by: Slack id of whoever wrote it down, who sees that it is kept.
        moved_from: The time it had before, when it was put off; None when the customer heard no earlier one.
        next_at: When the next thing happens by itself; None when nothing does.
        next_move: What that is.
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
    moved_from: datetime | None = None
    next_at: datetime | None = None
    next_move: CommitmentMove | None = None


def made(commitment: Commitment, policy: CommitmentPolicy, hours: HoursPolicy) -> Commitment:
    """A commitment just written down, with what happens to it next by itself."""
    return _with_next(commitment, None, commitment.made_at, policy, hours)


def moved(
    commitment: Commitment,
    move: CommitmentMove,
    *,
    by: str | None,
    now: datetime,
    policy: CommitmentPolicy,
    hours: HoursPolicy,
    due_at: datetime | None = None,
) -> Commitment | None:
    """The commitment after a move; None when it cannot make it from where it stands, or not yet.

    Args:
        by: Whose move it is; None when it happened by itself.
        due_at: The new time, of a move to one.
    """
    state = MOVES.get((commitment.state, move))
    if state is None or (move is CommitmentMove.MISS and now < commitment.due_at):
        return None
    changed: dict[str, object] = {"state": state}
    if state not in OWED:
        changed |= {"settled_by": by, "settled_at": now}
    if move is CommitmentMove.RESCHEDULE:
        if due_at is None or due_at <= now or due_at == commitment.due_at:
            return None
        put_off = due_at > commitment.due_at
        changed |= {"due_at": due_at, "moved_from": commitment.due_at if put_off else None}
    return _with_next(commitment.model_copy(update=changed), move, now, policy, hours)


def _with_next(
    commitment: Commitment, last: CommitmentMove | None, now: datetime, policy: CommitmentPolicy, hours: HoursPolicy
) -> Commitment:
    due = due_next(commitment, last, now, policy, hours)
    return commitment.model_copy(update={"next_at": due[0] if due else None, "next_move": due[1] if due else None})


def due_next(
    commitment: Commitment, last: CommitmentMove | None, now: datetime, policy: CommitmentPolicy, hours: HoursPolicy
) -> tuple[datetime, CommitmentMove] | None:
    """What happens next by itself, and when; None when nothing does.

    Args:
        last: The move just made; None for a commitment just written down.
    """
    if commitment.state is CommitmentState.OPEN:
        if last is CommitmentMove.REMIND:
            return _missed_from(commitment, policy), CommitmentMove.MISS
        return _reminded_at(now, commitment.due_at, policy, hours), CommitmentMove.REMIND
    if commitment.state is CommitmentState.MISSED and last is CommitmentMove.MISS:
        wait = timedelta(minutes=policy.escalate_after_minutes)
        return working_time_after(now, wait, hours), CommitmentMove.ESCALATE
    return None


def happening(commitment: Commitment, now: datetime, policy: CommitmentPolicy) -> CommitmentMove | None:
    """What happens to it by itself now; None while nothing does.

    Whoever could not be reminded in time hears that it was missed, and not of both at once.
    """
    if commitment.next_at is None or commitment.next_at > now:
        return None
    late = commitment.next_move is CommitmentMove.REMIND and now >= _missed_from(commitment, policy)
    return CommitmentMove.MISS if late else commitment.next_move


def _missed_from(commitment: Commitment, policy: CommitmentPolicy) -> datetime:
    return commitment.due_at + timedelta(minutes=policy.grace_minutes)


def _reminded_at(now: datetime, due_at: datetime, policy: CommitmentPolicy, hours: HoursPolicy) -> datetime:
    """Some working time before it is due, or after half of the time left when that is less.

    What is due in the evening and was promised in the evening has no working time left; then all time counts.
    """
    left = working_time_between(now, due_at, hours)
    if not left:
        return now + (due_at - now) / 2
    early = min(timedelta(minutes=policy.remind_before_minutes), left / 2)
    return working_time_after(now, left - early, hours)


class DueError(StrEnum):
    """What is wrong with a time by which something is promised."""

    MISSING = "missing"
    PAST = "past"
    TOO_FAR = "too_far"
    SAME = "same"


def due_error(due_at: datetime | None, now: datetime, before: datetime | None = None) -> DueError | None:
    """Why nothing can be promised for that time; None when it can.

    Args:
        before: The time that it has until now, if it gets a new one.
    """
    if due_at is None:
        return DueError.MISSING
    if due_at <= now:
        return DueError.PAST
    if due_at == before:
        return DueError.SAME
    return DueError.TOO_FAR if due_at > now + LATEST else None


def next_due(commitments: Iterable[Commitment], now: datetime) -> Commitment | None:
    """The open commitment whose time comes first; the one a line speaks of, so never one whose time has gone by."""
    to_come = [each for each in commitments if each.state is CommitmentState.OPEN and each.due_at > now]
    return min(to_come, key=lambda each: each.due_at, default=None)


def longest_missed(commitments: Iterable[Commitment]) -> Commitment | None:
    """The missed commitment for which the customer waits longest."""
    missed = [each for each in commitments if each.state is CommitmentState.MISSED]
    return min(missed, key=lambda each: each.due_at, default=None)


def due_words(due_at: datetime, timezone: str, language: Language) -> str:
    """When it is due, as people write it, by the clock of that time zone."""
    there = due_at.astimezone(ZoneInfo(timezone))
    day = format_date(there, "long", locale="en_GB") if language == "en" else there.date().isoformat()
    return f"{day}, {there:%H:%M}" if language == "en" else f"{day} {there:%H:%M}"

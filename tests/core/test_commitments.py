"""Commitments have a time that can be met, and a life that ends once (R33)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commitments import (
    Commitment,
    CommitmentMove,
    CommitmentState,
    DueError,
    due_error,
    due_words,
    moved,
    next_due,
)

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def commitment(state: CommitmentState = CommitmentState.OPEN, *, hours: int = 1) -> Commitment:
    """Something promised, due in so many hours."""
    return Commitment(
        workspace="T1",
        id=f"{state}{hours}",
        case_id="c",
        text="call back",
        state=state,
        due_at=NOW + timedelta(hours=hours),
        timezone="Asia/Taipei",
        made_by="U1",
        made_at=NOW,
    )


@pytest.mark.parametrize(
    ("due_at", "error"),
    [
        (None, DueError.MISSING),
        (NOW, DueError.PAST),
        (NOW - timedelta(days=1), DueError.PAST),
        (NOW + timedelta(seconds=1), None),
        (NOW + timedelta(days=366), DueError.TOO_FAR),
    ],
)
def test_a_time_can_be_met_or_is_refused(due_at: datetime | None, error: DueError | None) -> None:
    """Nothing is promised for yesterday or for never."""
    assert due_error(due_at, NOW) is error


def test_the_line_speaks_of_the_open_one_that_is_due_first() -> None:
    """What was kept or withdrawn is promised no more, and nobody says that they call by an hour that has gone by."""
    kept = commitment(CommitmentState.KEPT, hours=1)
    assert next_due([commitment(hours=5), kept, commitment(hours=3)], NOW) == commitment(hours=3)
    assert next_due([kept], NOW) is None
    assert next_due([commitment(hours=0), commitment(hours=-3), commitment(hours=5)], NOW) == commitment(hours=5)
    assert next_due([commitment(hours=0), commitment(hours=-3)], NOW) is None


@given(moves=st.lists(st.sampled_from(CommitmentMove), max_size=5))
def test_what_was_kept_or_withdrawn_stays_so(moves: list[CommitmentMove]) -> None:
    """A life ends once; what was missed can still be kept, late."""
    here = commitment()
    for move in moves:
        after = moved(here, move, by="U1", now=NOW)
        if here.state in {CommitmentState.KEPT, CommitmentState.WITHDRAWN}:
            assert after is None
        here = after or here


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "22 November 2026, 18:05"), ("zh-TW", "2026-11-22 18:05"), ("zh-CN", "2026-11-22 18:05")],
)
def test_the_time_is_told_by_the_clock_where_it_was_meant(language: str, said: str) -> None:
    """Ten in the morning in Greenwich is six in the evening in Taipei."""
    due = datetime(2026, 11, 22, 10, 5, tzinfo=UTC)
    assert due_words(due, "Asia/Taipei", language) == said  # type: ignore[arg-type] # a case of a table

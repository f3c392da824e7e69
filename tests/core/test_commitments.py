"""Commitments have a time that can be met, and a life that ends once (R33)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.commitments import (
    Commitment,
    CommitmentMove,
    CommitmentState,
    DueError,
    due_error,
    due_words,
    happening,
    longest_missed,
    made,
    moved,
    next_due,
)
from bot.policy import CommitmentPolicy, HoursPolicy
from bot.working_hours import after, between, is_open
from tests.core.test_working_hours import hours_alike, moments

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY, HOURS = CommitmentPolicy(), HoursPolicy()
GRACE = timedelta(minutes=POLICY.grace_minutes)
TAIPEI = ZoneInfo("Asia/Taipei")


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


def _written(at: datetime, due: datetime) -> Commitment:
    return commitment().model_copy(update={"made_at": at, "due_at": due})


def _taipei(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


def _rescheduled(here: Commitment, due_at: datetime, now: datetime = NOW) -> Commitment | None:
    return moved(here, CommitmentMove.RESCHEDULE, by="U1", now=now, policy=POLICY, hours=HOURS, due_at=due_at)


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


def test_the_line_says_sorry_for_what_was_missed_longest_ago() -> None:
    """What is still to come or was kept, late, is nothing to be sorry for."""
    missed = [commitment(CommitmentState.MISSED, hours=hours) for hours in (-2, -5, -1)]
    assert longest_missed([commitment(hours=1), *missed, commitment(CommitmentState.KEPT, hours=-9)]) == missed[1]
    assert longest_missed([commitment(hours=-3)]) is None


def test_a_new_time_is_another_one() -> None:
    """Saying the same time again moves nothing."""
    assert due_error(NOW + HOUR, NOW, NOW + HOUR) is DueError.SAME
    assert due_error(NOW + HOUR, NOW, NOW + 2 * HOUR) is None


@pytest.mark.parametrize(
    ("written", "due", "reminded"),
    [
        ("2026-11-23 10:00", "2026-11-23 15:00", "2026-11-23 14:30"),
        ("2026-11-23 10:00", "2026-11-23 10:40", "2026-11-23 10:20"),
        ("2026-11-20 17:00", "2026-11-23 09:10", "2026-11-20 17:40"),
        ("2026-11-20 17:55", "2026-11-23 09:05", "2026-11-23 09:00"),
        ("2026-11-23 10:00", "2026-11-23 20:00", "2026-11-23 17:30"),
        ("2026-11-23 19:00", "2026-11-23 21:00", "2026-11-23 20:00"),
    ],
)
def test_the_reminder_comes_when_there_is_still_time_to_do_it(written: str, due: str, reminded: str) -> None:
    """Half an hour of working time before, or half of what is left; in the evening the evening counts."""
    here = made(_written(_taipei(written), _taipei(due)), POLICY, HOURS)
    assert (here.next_at, here.next_move) == (_taipei(reminded), CommitmentMove.REMIND)


def test_what_nobody_kept_is_reminded_of_missed_and_told_to_the_supervisors() -> None:
    """Due on Friday at half past five: missed on Friday, by the clock; supervisors hear on Monday, when they are in."""
    here, happened = made(_written(_taipei("2026-11-20 10:00"), _taipei("2026-11-20 17:30")), POLICY, HOURS), []
    while here.next_at:
        move = happening(here, here.next_at, POLICY)
        assert move
        happened.append((f"{here.next_at.astimezone(TAIPEI):%a %H:%M}", move))
        after = moved(here, move, by=None, now=here.next_at, policy=POLICY, hours=HOURS)
        assert after
        here = after
    assert happened == [
        ("Fri 17:00", CommitmentMove.REMIND),
        ("Fri 17:40", CommitmentMove.MISS),
        ("Mon 09:40", CommitmentMove.ESCALATE),
    ]
    assert here.state is CommitmentState.MISSED


def test_after_a_long_sleep_nobody_is_told_that_something_is_due_soon() -> None:
    """Down from before the reminder until long after the time: it was missed, and that is the only news."""
    here = made(_written(NOW, NOW + 5 * HOUR), POLICY, HOURS)
    assert here.next_at
    assert happening(here, here.next_at - timedelta(seconds=1), POLICY) is None
    assert happening(here, NOW + 5 * HOUR, POLICY) is CommitmentMove.REMIND
    assert happening(here, NOW + 5 * HOUR + GRACE, POLICY) is CommitmentMove.MISS


def test_a_later_time_remembers_which_one_the_customer_was_told() -> None:
    """They hear from when to when; an earlier time is simply the time."""
    here = made(_written(NOW, NOW + 5 * HOUR), POLICY, HOURS)
    later = _rescheduled(here, NOW + 8 * HOUR)
    assert later
    assert (later.moved_from, later.due_at) == (NOW + 5 * HOUR, NOW + 8 * HOUR)
    sooner = _rescheduled(later, NOW + HOUR)
    assert sooner
    assert (sooner.moved_from, sooner.due_at) == (None, NOW + HOUR)
    assert [_rescheduled(here, due) for due in (NOW, NOW - HOUR, NOW + 5 * HOUR)] == [None, None, None]


@settings(deadline=None)
@given(start=moments, apart=st.timedeltas(timedelta(days=-2), timedelta(days=366)), hours=hours_alike)
def test_working_time_between_two_moments_is_what_has_to_pass(
    start: datetime, apart: timedelta, hours: HoursPolicy
) -> None:
    """After it has passed the second moment has come, and not before; so a reminder comes before its time."""
    end = start + apart
    left = between(start, end, hours)
    assert timedelta(0) <= left <= max(end - start, timedelta(0))
    if left:
        assert start <= after(start, left / 2, hours) < end
        assert after(start, left, hours) >= end or not is_open(end, hours)


class Life(RuleBasedStateMachine):
    """One commitment, whatever people do to it and whenever time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.here = made(_written(NOW, NOW + 3 * HOUR), POLICY, HOURS)
        self.reminders: list[datetime] = []
        self.settled: Commitment | None = None

    @rule(minutes=st.integers(1, 2_000))
    def time_passes(self, minutes: int) -> None:
        """A clerk who looks at any time, also long after."""
        self.now += timedelta(minutes=minutes)
        self._happens()

    @rule()
    def its_time_comes(self) -> None:
        """The clerk looks just when something is due."""
        self.now = max(self.now, self.here.next_at or self.now)
        self._happens()

    def _happens(self) -> None:
        while move := happening(self.here, self.now, POLICY):
            after = moved(self.here, move, by=None, now=self.now, policy=POLICY, hours=HOURS)
            assert after, "what is due can happen"
            if move is CommitmentMove.REMIND:
                assert self.here.due_at not in self.reminders, "reminded twice of one time"
                self.reminders.append(self.here.due_at)
            if move is CommitmentMove.MISS:
                assert self.now >= self.here.due_at + GRACE
            if move is CommitmentMove.ESCALATE:
                assert self.here.state is CommitmentState.MISSED
            self.here = after

    @rule(move=st.sampled_from([CommitmentMove.KEEP, CommitmentMove.WITHDRAW, CommitmentMove.MISS]))
    def somebody_says(self, move: CommitmentMove) -> None:
        """A button, or a word that comes too early."""
        after = moved(self.here, move, by="U1", now=self.now, policy=POLICY, hours=HOURS)
        if move is CommitmentMove.MISS:
            assert after is None or self.now >= self.here.due_at
            return
        if after:
            self.here = self.settled = after

    @rule(minutes=st.integers(-60, 2_000))
    def a_new_time(self, minutes: int) -> None:
        """Put off, or sooner; a time of which they were reminded is a new time when it is set again."""
        after = _rescheduled(self.here, self.now + timedelta(minutes=minutes), self.now)
        if after:
            assert minutes > 0
            self.here = after
            self.reminders = [each for each in self.reminders if each != after.due_at]

    @invariant()
    def what_is_settled_stays_so_and_is_quiet(self) -> None:
        """Nobody is reminded of what was kept or withdrawn."""
        if self.settled:
            assert self.here == self.settled
        assert (self.here.state in {CommitmentState.KEPT, CommitmentState.WITHDRAWN}) == (self.settled is not None)
        assert not (self.settled and self.here.next_at)

    @invariant()
    def what_is_open_has_a_next_time(self) -> None:
        """Nothing open is forgotten, and nothing is to be reminded of after its time."""
        if self.here.state is CommitmentState.OPEN:
            assert self.here.next_at
            reminds = self.here.next_move is CommitmentMove.REMIND
            assert self.here.next_at < self.here.due_at if reminds else self.here.next_at == self.here.due_at + GRACE


TestLife = Life.TestCase
TestLife.settings = settings(deadline=None)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "22 November 2026, 18:05"), ("zh-TW", "2026-11-22 18:05"), ("zh-CN", "2026-11-22 18:05")],
)
def test_the_time_is_told_by_the_clock_where_it_was_meant(language: str, said: str) -> None:
    """Ten in the morning in Greenwich is six in the evening in Taipei."""
    due = datetime(2026, 11, 22, 10, 5, tzinfo=UTC)
    assert due_words(due, "Asia/Taipei", language) == said  # type: ignore[arg-type] # a case of a table

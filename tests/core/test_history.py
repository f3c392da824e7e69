"""What a customer was granted and refused before, and how long it counts (R23, R34)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.goodwill import ExceptionRequest, ExceptionState
from bot.history import counts_since, free_on, next_on, noes_that_stand, window_is_used
from bot.policy import Concession, GoodwillPolicy, HoursPolicy

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
"""Five in the afternoon in Taipei."""
HOURS = HoursPolicy()
POLICY = GoodwillPolicy()


@pytest.mark.parametrize(
    ("days_ago", "used"), [([], False), ([364], True), ([366], False), ([400, 10], True), ([365], False)]
)
def test_one_exception_uses_the_window_for_a_year(days_ago: list[int], used: bool) -> None:  # noqa: FBT001 - the expectation
    """R23: granted once; it counts from the day it was granted."""
    granted = [NOW - timedelta(days=each) for each in days_ago]
    assert window_is_used(granted, POLICY, HOURS, NOW) is used


def test_the_hour_of_the_grant_makes_no_difference() -> None:
    """Granted in the evening a year ago, the next one is possible from the morning of that day, as the ledger says."""
    evening = datetime(2025, 11, 21, 13, 0, tzinfo=UTC)
    morning = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    assert free_on(evening, POLICY, HOURS) == date(2026, 11, 21)
    assert not window_is_used([evening], POLICY, HOURS, morning)
    assert window_is_used([evening], POLICY, HOURS, morning - timedelta(seconds=1))
    assert counts_since(POLICY, HOURS, morning) == datetime(2025, 11, 21, 16, 0, tzinfo=UTC)


def test_who_may_have_two_is_free_when_the_second_last_is_out() -> None:
    """And where none is allowed, no day is named."""
    granted = [NOW - timedelta(days=each) for each in (10, 200, 300)]
    two, none = GoodwillPolicy(exceptions_per_window=2), GoodwillPolicy(exceptions_per_window=0)
    assert next_on(granted, two, HOURS, NOW) == date(2026, 11, 21) + timedelta(days=165)
    assert next_on(granted[:1], two, HOURS, NOW) is None
    assert next_on(granted, none, HOURS, NOW) is None


@given(
    st.lists(st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)), max_size=5),  # noqa: DTZ001 - Hypothesis adds the zone
    st.integers(1, 3),
    st.integers(1, 400),
    st.sampled_from(["Asia/Taipei", "America/New_York", "Australia/Lord_Howe"]),
)
def test_the_day_that_is_told_is_the_day_on_which_it_is_free(
    granted: list[datetime], per_window: int, window_days: int, timezone: str
) -> None:
    """Whatever the clock does: used while a later day is told, free on that day."""
    policy = GoodwillPolicy(exceptions_per_window=per_window, window_days=window_days)
    hours = HoursPolicy(timezone=timezone)
    day = next_on(granted, policy, hours, NOW)
    assert (day is not None) == window_is_used(granted, policy, hours, NOW)
    if day:
        on_that_day = NOW + timedelta(days=(day - NOW.date()).days + 1)
        counting = [each for each in granted if each <= NOW]
        assert not window_is_used(counting, policy, hours, on_that_day)


def declined(case_id: str, days_ago: int) -> ExceptionRequest:
    """A no."""
    return ExceptionRequest(
        workspace="T1",
        id=f"{case_id}-{days_ago}",
        case_id=case_id,
        customer_id="C-1",
        state=ExceptionState.DECLINED,
        requested_by="UA",
        requested_at=NOW - timedelta(days=days_ago),
        concession=Concession.FULL,
        fault="x",
        cost=Decimal(1),
        currency="TWD",
        reason="x",
        decided_by="US",
        decided_at=NOW - timedelta(days=days_ago),
    )


def test_a_no_stands_until_its_own_case_is_granted_something_later() -> None:
    """R34: a yes elsewhere turns no no; a later no stands again."""
    noes = [declined("c1", 9), declined("c2", 5), declined("c2", 1)]
    yes = declined("c2", 3).model_copy(update={"state": ExceptionState.USED})
    assert [each.id for each in noes_that_stand(noes, [])] == ["c2-1", "c2-5", "c1-9"]
    assert [each.id for each in noes_that_stand(noes, [yes])] == ["c2-1", "c1-9"]

"""What a customer was granted and refused before: what counts against the next exception (R23), which no stands (R34).

A day is the desk's: what was granted counts from the day of the decision, whatever the hour, for as many days as the
policy says. What counts and from which day the next one is possible are told from the same days.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.goodwill import ExceptionRequest, ExceptionState
from bot.policy import GoodwillPolicy, HoursPolicy
from bot.working_hours import desk_day


def counts_since(policy: GoodwillPolicy, hours: HoursPolicy, now: datetime) -> datetime:
    """The beginning of the first day whose grants count today, in UTC."""
    first = desk_day(now, hours.timezone) - timedelta(days=policy.window_days - 1)
    return datetime.combine(first, time.min, ZoneInfo(hours.timezone)).astimezone(UTC)


def free_on(granted_at: datetime, policy: GoodwillPolicy, hours: HoursPolicy) -> date:
    """The first day on which what was granted then counts no more."""
    return desk_day(granted_at, hours.timezone) + timedelta(days=policy.window_days)


def window_is_used(granted_at: Iterable[datetime], policy: GoodwillPolicy, hours: HoursPolicy, now: datetime) -> bool:
    """Whether the customer had all the exceptions of the window (R23)."""
    return len(_counted(granted_at, policy, hours, now)) >= policy.exceptions_per_window


def next_on(granted_at: Iterable[datetime], policy: GoodwillPolicy, hours: HoursPolicy, now: datetime) -> date | None:
    """From which day the next exception is possible; None when it is today, or when the policy allows none."""
    counted = _counted(granted_at, policy, hours, now)
    if not 0 < policy.exceptions_per_window <= len(counted):
        return None
    return free_on(counted[-policy.exceptions_per_window], policy, hours)


def _counted(
    granted_at: Iterable[datetime], policy: GoodwillPolicy, hours: HoursPolicy, now: datetime
) -> list[datetime]:
    """The grants that count now, oldest first."""
    since = counts_since(policy, hours, now)
    return sorted(each for each in granted_at if since <= each <= now)


def noes_that_stand(
    declined: Iterable[ExceptionRequest], granted: Sequence[ExceptionRequest]
) -> list[ExceptionRequest]:
    """The customer's noes that nothing has turned since, the newest first (R34).

    A no is turned when its case is granted something later: that took a new fact.

    Args:
        declined: What they were declined, in this case and in others.
        granted: What they were granted.
    """
    turned = {each.case_id: each.decided_at for each in granted if each.decided_at}
    stand = [
        (each.decided_at, each)
        for each in declined
        if each.state is ExceptionState.DECLINED
        and each.decided_at
        and not (each.case_id in turned and turned[each.case_id] > each.decided_at)
    ]
    return [each for _, each in sorted(stand, key=lambda no: no[0], reverse=True)]

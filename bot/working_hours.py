"""Working time: when something is due, counted in the hours in which somebody is there to do it."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from bot.policy import HoursPolicy, Weekday

LONGEST = timedelta(days=3650)
MORNING = time(9)
_WEEKDAYS = tuple(Weekday)


@cache
def _public_holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year)) if country else frozenset()


def desk_day(moment: datetime, timezone: str) -> date:
    """The day it is at the desk at that moment: the days of a grant are the desk's, whoever reads them.

    Args:
        timezone: The desk's clock, `HoursPolicy.timezone`.
    """
    return moment.astimezone(ZoneInfo(timezone)).date()


def works_on(day: date, hours: HoursPolicy) -> bool:
    """Whether the desk works on that day."""
    if day in hours.open_on:
        return True
    if day in hours.closed_on or _WEEKDAYS[day.weekday()] not in hours.days:
        return False
    return day not in _public_holidays(hours.holidays, day.year)


def is_open(moment: datetime, hours: HoursPolicy) -> bool:
    """Whether the desk works at that moment."""
    day = desk_day(moment, hours.timezone)
    opens, closes = _open_from_to(day, hours)
    return works_on(day, hours) and opens <= moment < closes


def after(start: datetime, working: timedelta, hours: HoursPolicy) -> datetime:
    """When so much working time has gone by since `start`; in UTC, at a moment when the desk works.

    Time that passes while the desk is closed does not count; what ends with a day's last minute is due when the desk
    opens again, when somebody is there to do it. A day's length is what really passes between opening and closing,
    also when the clock is changed in between. After ten years, and so too if nobody ever works, all time counts.
    """
    at, left = start.astimezone(UTC), working
    day = desk_day(start, hours.timezone)
    last = day + LONGEST
    while day <= last:
        opens, closes = _open_from_to(day, hours)
        begins = max(at, opens)
        if works_on(day, hours) and begins < closes:
            if begins + left < closes:
                return begins + left
            left -= closes - begins
            at = closes
        day += timedelta(days=1)
    return at + left


def days(count: int, hours: HoursPolicy) -> timedelta:
    """How much working time so many working days are."""
    opens, closes = (datetime.combine(date.min, each, UTC) for each in (hours.opens, hours.closes))
    return count * (closes - opens)


def between(start: datetime, end: datetime, hours: HoursPolicy) -> timedelta:
    """How much working time lies between two moments; none when the second comes first."""
    worked = timedelta(0)
    day, last = (desk_day(each, hours.timezone) for each in (start, end))
    while day <= last:
        if works_on(day, hours):
            opens, closes = _open_from_to(day, hours)
            worked += max(min(end, closes) - max(start, opens), timedelta(0))
        day += timedelta(days=1)
    return worked


def end_of(day: date, hours: HoursPolicy) -> datetime:
    """The last second of a day by the desk's clock, in UTC: until then it can still be done on that day."""
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(hours.timezone)).astimezone(UTC)


def next_morning(now: datetime, hours: HoursPolicy) -> datetime:
    """When the desk opens on the next working day after this one, but not before nine, in UTC."""
    tomorrow = desk_day(now, hours.timezone) + timedelta(days=1)
    later = (tomorrow + timedelta(days=each) for each in range(LONGEST.days))
    day = next((each for each in later if works_on(each, hours)), tomorrow)
    return max(_open_from_to(day, hours)[0], datetime.combine(day, MORNING, ZoneInfo(hours.timezone)).astimezone(UTC))


def last_opening_before(day: date, hours: HoursPolicy) -> datetime:
    """When the desk opens on the last working day before `day`, in UTC; the day before if it never works."""
    before = (day - timedelta(days=each) for each in range(1, LONGEST.days))
    return _open_from_to(next((each for each in before if works_on(each, hours)), day - timedelta(days=1)), hours)[0]


def _open_from_to(day: date, hours: HoursPolicy) -> tuple[datetime, datetime]:
    """When a working day begins and ends, in UTC; an hour that the clock skips or repeats is told by its first."""
    zone = ZoneInfo(hours.timezone)
    opens, closes = (datetime.combine(day, each, zone).astimezone(UTC) for each in (hours.opens, hours.closes))
    return opens, closes

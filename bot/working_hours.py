"""Working time: when something is due, counted in the hours in which somebody is there to do it."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from bot.policy import HoursPolicy, Weekday

LONGEST = timedelta(days=3650)
_WEEKDAYS = tuple(Weekday)


@cache
def _public_holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year)) if country else frozenset()


def works_on(day: date, hours: HoursPolicy) -> bool:
    """Whether the desk works on that day."""
    if day in hours.open_on:
        return True
    if day in hours.closed_on or _WEEKDAYS[day.weekday()] not in hours.days:
        return False
    return day not in _public_holidays(hours.holidays, day.year)


def is_open(moment: datetime, hours: HoursPolicy) -> bool:
    """Whether the desk works at that moment."""
    there = moment.astimezone(ZoneInfo(hours.timezone))
    return works_on(there.date(), hours) and hours.opens <= there.time() < hours.closes


def after(start: datetime, working: timedelta, hours: HoursPolicy) -> datetime:
    """When so much working time has gone by since `start`; in UTC.

    Time that passes while the desk is closed does not count. A day's length is what really passes between opening and
    closing, also when the clock is changed in between. A policy under which nobody ever works counts all time.
    """
    zone = ZoneInfo(hours.timezone)
    at, left = start.astimezone(UTC), working
    day, last = start.astimezone(zone).date(), (start + LONGEST).date()
    while day <= last:
        if works_on(day, hours):
            opens = datetime.combine(day, hours.opens, zone).astimezone(UTC)
            closes = datetime.combine(day, hours.closes, zone).astimezone(UTC)
            at = max(at, opens)
            if at < closes:
                if at + left <= closes:
                    return at + left
                left -= closes - at
        day += timedelta(days=1)
    return start.astimezone(UTC) + working

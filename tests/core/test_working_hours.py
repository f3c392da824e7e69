"""Working time: what is due is due when somebody is there; nights and holidays do not count, clocks may be changed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.policy import HoursPolicy, Weekday
from bot.working_hours import after, days, is_open, next_morning, works_on

TAIPEI = HoursPolicy()
ROUND_THE_CLOCK = HoursPolicy(days=tuple(Weekday), opens=time(0), closes=time(23, 59), holidays="")
HOUR = timedelta(hours=1)


def at(text: str, zone: str = "Asia/Taipei") -> datetime:
    """A moment by the clock on the wall there."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001 - hypothesis takes naive bounds
spans = st.timedeltas(timedelta(0), timedelta(hours=300))
days_off = st.lists(st.dates(date(2020, 1, 1), date(2035, 1, 1)), max_size=3).map(tuple)


@st.composite
def policies(draw: st.DrawFn) -> HoursPolicy:
    """Desks of every kind, those that open in the hour which the clock skips or repeats among them."""
    opens, closes = sorted(draw(st.lists(st.times(), min_size=2, max_size=2, unique=True)))
    return HoursPolicy(
        timezone=draw(st.sampled_from(("Asia/Taipei", "Europe/London", "America/New_York", "UTC"))),
        days=tuple(draw(st.sets(st.sampled_from(Weekday), min_size=1))),
        opens=opens,
        closes=closes,
        holidays=draw(st.sampled_from(("", "TW", "GB", "US"))),
        closed_on=draw(days_off),
        open_on=draw(days_off),
    )


# A desk that is open for less would need more than ten years for the longest span.
hours_alike = st.one_of(st.just(TAIPEI), policies().filter(lambda each: _minutes(each) > 60))


def _minutes(hours: HoursPolicy) -> float:
    return (datetime.combine(date.min, hours.closes) - datetime.combine(date.min, hours.opens)).total_seconds() / 60


@given(start=moments, less=spans, more=spans, hours=hours_alike)
def test_more_work_is_never_due_sooner(start: datetime, less: timedelta, more: timedelta, hours: HoursPolicy) -> None:
    """A longer time ends no earlier, and nothing ends before it begins."""
    assert start <= after(start, less, hours) <= after(start, less + more, hours)


@given(start=moments, wait=spans, working=spans, hours=hours_alike)
def test_who_asks_later_hears_no_sooner(
    start: datetime, wait: timedelta, working: timedelta, hours: HoursPolicy
) -> None:
    """The later it begins, the later it is due, or just then."""
    assert after(start, working, hours) <= after(start + wait, working, hours)


@given(start=moments, first=spans, second=spans, hours=hours_alike)
def test_two_times_in_a_row_are_one_time(
    start: datetime, first: timedelta, second: timedelta, hours: HoursPolicy
) -> None:
    """A reminder and then the rest end when the whole would have: nothing is counted twice or dropped between."""
    assert after(after(start, first, hours), second, hours) == after(start, first + second, hours)


@given(start=moments, working=spans, hours=hours_alike)
def test_nothing_is_due_while_the_desk_is_closed(start: datetime, working: timedelta, hours: HoursPolicy) -> None:
    """What is due finds somebody at the desk, whatever the policy, the holidays and the clocks do."""
    assert is_open(after(start, working, hours), hours)


@given(start=moments, hours=hours_alike)
def test_what_is_due_at_once_is_due_now_or_when_the_desk_opens(start: datetime, hours: HoursPolicy) -> None:
    """While it is open nothing is put off."""
    assert (after(start, timedelta(0), hours) == start) is is_open(start, hours)


@pytest.mark.parametrize(
    ("start", "working", "due"),
    [
        ("2026-11-23 10:00", 2 * HOUR, "2026-11-23 12:00"),
        ("2026-11-23 17:30", HOUR, "2026-11-24 09:30"),
        ("2026-11-23 17:00", HOUR, "2026-11-24 09:00"),
        ("2026-11-23 06:00", HOUR, "2026-11-23 10:00"),
        ("2026-11-27 17:30", HOUR, "2026-11-30 09:30"),
        ("2026-11-28 12:00", HOUR, "2026-11-30 10:00"),
        ("2026-11-23 09:00", 27 * HOUR, "2026-11-26 09:00"),
    ],
)
def test_nights_and_weekends_do_not_count(start: str, working: timedelta, due: str) -> None:
    """A day's end is the next day's beginning: nobody is there at its last stroke."""
    assert after(at(start), working, TAIPEI) == at(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-02-13 17:30", "2026-02-23 09:30"),
        ("2026-12-31 17:30", "2027-01-04 09:30"),
        ("2026-12-24 17:30", "2026-12-28 09:30"),
        ("2027-12-30 17:30", "2028-01-03 09:30"),
    ],
)
def test_taiwans_holidays_are_kept(start: str, due: str) -> None:
    """Over Chinese New Year, Constitution Day, a turn of the year, and New Year's Day kept in the year before it."""
    assert after(at(start), HOUR, TAIPEI) == at(due)


def test_chinese_new_year_lies_where_the_moon_puts_it() -> None:
    """The same days of February are a holiday in one year and work in the next."""
    first = [date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26)]
    assert [works_on(each, HoursPolicy(days=tuple(Weekday))) for each in first] == [False] * 4
    assert works_on(date(2025, 2, 17), TAIPEI)


def test_a_country_of_none_keeps_no_holidays() -> None:
    """New Year's Day is a Friday like any other."""
    assert works_on(date(2027, 1, 1), HoursPolicy(holidays=""))
    assert not works_on(date(2027, 1, 1), TAIPEI)


def test_a_make_up_saturday_is_a_working_day() -> None:
    """8 February 2025 was worked for the Monday before New Year's Eve: what is named in the policy comes first."""
    made_up = HoursPolicy(open_on=(date(2025, 2, 8),))
    assert after(at("2025-02-07 17:30"), HOUR, made_up) == at("2025-02-08 09:30")
    assert after(at("2025-02-07 17:30"), HOUR, TAIPEI) == at("2025-02-10 09:30")
    assert not works_on(date(2025, 1, 27), made_up)


def test_the_firms_own_days_off_are_kept() -> None:
    """A company's trip on a Tuesday; a day that is named both ways is worked."""
    trip = date(2026, 11, 24)
    assert after(at("2026-11-23 17:30"), HOUR, HoursPolicy(closed_on=(trip,))) == at("2026-11-25 09:30")
    assert works_on(trip, HoursPolicy(closed_on=(trip,), open_on=(trip,)))


@pytest.mark.parametrize(
    ("zone", "start", "due"),
    [
        ("Europe/London", "2026-03-28 23:00", "2026-03-29 03:00"),
        ("Europe/London", "2026-10-24 23:00", "2026-10-25 01:00"),
        ("America/New_York", "2026-03-07 23:00", "2026-03-08 03:00"),
        ("America/New_York", "2026-10-31 23:00", "2026-11-01 01:00"),
    ],
)
def test_an_hour_is_an_hour_when_the_clock_is_changed(zone: str, start: str, due: str) -> None:
    """Three hours of a desk that never sleeps but for the last minute of a day, over the hour skipped or repeated."""
    hours = ROUND_THE_CLOCK.model_copy(update={"timezone": zone})
    landed = after(at(start, zone), 3 * HOUR - timedelta(minutes=1), hours)
    assert landed - at(start, zone).astimezone(UTC) == 3 * HOUR
    assert landed.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(" ", "minutes") == due


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York"])
def test_the_desk_opens_by_the_clock_on_the_wall(zone: str) -> None:
    """Nine o'clock stays nine o'clock on the Monday after the clocks were changed."""
    hours = HoursPolicy(timezone=zone, holidays="")
    for friday, monday in (("2026-03-27", "2026-03-30"), ("2026-10-23", "2026-10-26"), ("2026-10-30", "2026-11-02")):
        assert after(at(f"{friday} 17:30", zone), HOUR, hours) == at(f"{monday} 09:30", zone)


def test_a_moment_is_judged_where_the_desk_is() -> None:
    """Eight in the morning in London is four in the afternoon in Taipei."""
    assert is_open(at("2026-11-23 08:00", "Europe/London"), TAIPEI)
    assert not is_open(at("2026-11-23 10:00", "Europe/London"), TAIPEI)


@pytest.mark.parametrize(("moment", "open_"), [("08:59", False), ("09:00", True), ("17:59", True), ("18:00", False)])
def test_the_desk_opens_on_the_stroke_and_closes_on_it(moment: str, *, open_: bool) -> None:
    """The first minute belongs to the day, the stroke of closing no more."""
    assert is_open(at(f"2026-11-23 {moment}"), TAIPEI) is open_


@pytest.mark.parametrize(
    ("opens", "now", "then"),
    [
        (None, "2026-11-22T14:00", "2026-11-23T09:00"),
        (None, "2026-11-22T00:10", "2026-11-23T09:00"),
        (time(8), "2026-11-20T14:00", "2026-11-23T09:00"),
        (time(10), "2026-11-23T22:00", "2026-11-24T10:00"),
    ],
)
def test_the_next_morning_is_another_day_at_nine_or_when_the_desk_opens(
    opens: time | None, now: str, then: str
) -> None:
    """Also where the desk never closes, and over a weekend where it does."""
    hours = TAIPEI.model_copy(update={"opens": opens}) if opens else ROUND_THE_CLOCK
    assert next_morning(at(now), hours) == at(then)


def test_a_desk_that_never_works_counts_all_time() -> None:
    """A request is never due at the end of days because of a slip in the policy."""
    every_day = tuple(date(2026, 1, 1) + timedelta(days=each) for each in range(5_000))
    hours = HoursPolicy(closed_on=every_day)
    assert after(at("2026-11-23 10:00"), HOUR, hours) == at("2026-11-23 11:00")


def test_more_than_ten_years_of_work_end_as_well() -> None:
    """And later than what fits into them."""
    fits, beyond = (after(at("2026-11-23 10:00"), timedelta(days=each), TAIPEI) for each in (900, 5_000))
    assert at("2033-01-01 00:00") < fits < at("2037-01-01 00:00") < beyond


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Taipei"},
        {"days": []},
        {"days": ["monday"]},
        {"opens": "18:00", "closes": "09:00"},
        {"opens": "09:00", "closes": "09:00"},
        {"holidays": "Taiwan"},
        {"closed_on": ["2026-02-30"]},
    ],
)
def test_hours_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    """A typo stops the policy, not a deadline."""
    with pytest.raises(ValidationError):
        HoursPolicy.model_validate(wrong)


@pytest.mark.parametrize(
    ("count", "then"), [(1, "2026-12-28T16:30"), (5, "2027-01-04T16:30"), (10, "2027-01-11T16:30")]
)
def test_so_many_working_days_later_it_is_the_same_time_of_day(count: int, then: str) -> None:
    """Over a weekend and New Year's Day; from the evening it is the opening of the day after them."""
    assert after(at("2026-12-24T16:30"), days(count, TAIPEI), TAIPEI) == at(then)
    assert after(at("2026-12-24T20:00"), days(1, TAIPEI), TAIPEI) == at("2026-12-29T09:00")

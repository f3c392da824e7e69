"""When a request is reminded of, handed on and over: by the desk's clock, whatever clocks and calendars do."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.authority import Authority, Level
from bot.goodwill import Clicker, ExceptionRequest, Move, Refusal, Terms, agents_refusal, due_next, moved
from bot.grants import extension
from bot.policy import ApprovalPolicy, Concession, HoursPolicy
from bot.working_hours import is_open

POLICY = ApprovalPolicy()
TAIPEI = HoursPolicy()
LONDON = HoursPolicy(timezone="Europe/London", holidays="GB")
NEW_YORK = HoursPolicy(timezone="America/New_York", holidays="US")
MANAGER = Authority(level=Level.MANAGER)
DESKS = st.sampled_from((TAIPEI, LONDON, NEW_YORK, HoursPolicy(timezone="Pacific/Auckland", holidays="NZ")))


def at(text: str, hours: HoursPolicy) -> datetime:
    """A moment by the desk's clock on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(hours.timezone))


def on_the_wall(moment: datetime | None, hours: HoursPolicy) -> str:
    """A moment as the desk's clock shows it."""
    assert moment
    return f"{moment.astimezone(ZoneInfo(hours.timezone)):%Y-%m-%d %H:%M:%S}"


def filed(now: datetime, hours: HoursPolicy) -> ExceptionRequest:
    """A request of that moment."""
    request = ExceptionRequest(
        workspace="T1",
        id="e1",
        case_id="c1",
        customer_id="C-1",
        requested_by="UAGENT",
        requested_at=now,
        concession=Concession.FULL,
        fault="down",
        cost=Decimal(3000),
        currency="TWD",
        reason="regular",
    )
    due = due_next(request, None, now, POLICY, hours)
    assert due
    return request.model_copy(update={"due_at": due[0], "due_move": due[1]})


def happens(request: ExceptionRequest, hours: HoursPolicy) -> list[tuple[str | None, str]]:
    """What happens to it by itself, each at its time."""
    happened: list[tuple[str | None, str]] = []
    while request.due_at and request.due_move:
        now = request.due_at
        happened.append((request.due_move, on_the_wall(now, hours)))
        request = moved(request, request.due_move, by=None, now=now, policy=POLICY, hours=hours)
    return happened


def granted(now: datetime, hours: HoursPolicy, days: int = 14, until: date | None = None) -> ExceptionRequest:
    """A request approved at that moment."""
    concession = Concession.EXTENSION if until else Concession.FULL
    terms = Terms(valid_days=days, concession=concession, extended_to=until)
    request = filed(now, hours)
    return moved(request, Move.APPROVE, by="UBOSS", now=now, policy=POLICY, hours=hours, terms=terms, authority=MANAGER)


def test_over_the_lunar_new_year_nobody_is_reminded() -> None:
    """Filed on the last afternoon before it: a week passes that counts for nothing."""
    assert happens(filed(at("2027-02-03 17:45", TAIPEI), TAIPEI), TAIPEI) == [
        ("remind", "2027-02-11 09:15:00"),
        ("hand_on", "2027-02-11 10:45:00"),
        ("expire", "2027-02-15 17:45:00"),
    ]


@pytest.mark.parametrize(
    ("filed_at", "reminded_at", "in_utc"),
    [
        ("2026-10-23 17:50", "2026-10-26 09:20:00", "2026-10-26 09:20"),
        ("2026-03-27 17:50", "2026-03-30 09:20:00", "2026-03-30 08:20"),
    ],
)
def test_a_weekend_in_which_the_clock_is_changed_moves_nothing_on_the_wall(
    filed_at: str, reminded_at: str, in_utc: str
) -> None:
    """London, in autumn and in spring: thirty minutes of work are thirty minutes of work."""
    request = filed(at(filed_at, LONDON), LONDON)
    assert on_the_wall(request.due_at, LONDON) == reminded_at
    assert f"{request.due_at:%Y-%m-%d %H:%M}" == in_utc


@pytest.mark.parametrize(
    ("hours", "granted_at", "reminded", "last_second"),
    [
        pytest.param(
            TAIPEI, "2026-11-23 00:30", "2026-12-04 09:00:00", "2026-12-07 23:59:59", id="just after midnight"
        ),
        pytest.param(TAIPEI, "2027-01-22 17:00", "2027-02-03 09:00:00", "2027-02-05 23:59:59", id="into the new year"),
        pytest.param(LONDON, "2026-10-20 12:00", "2026-11-02 09:00:00", "2026-11-03 23:59:59", id="clock put back"),
        pytest.param(LONDON, "2026-03-20 12:00", "2026-04-02 09:00:00", "2026-04-03 23:59:59", id="clock put forward"),
    ],
)
def test_the_last_day_of_a_grant_is_a_whole_one_and_the_reminder_comes_while_somebody_works(
    hours: HoursPolicy, granted_at: str, reminded: str, last_second: str
) -> None:
    """The card names a day; on that day it can still be booked."""
    request = granted(at(granted_at, hours), hours)
    assert happens(request, hours) == [("remind", reminded), ("lapse", last_second)]
    asker = Clicker(user="UAGENT")
    evening = at(last_second[:10] + " 23:30", hours)
    assert agents_refusal(request, Move.USE, asker, evening) is None
    assert agents_refusal(request, Move.USE, asker, evening + timedelta(hours=1)) is Refusal.TOO_LATE


@given(
    hours=DESKS,
    now=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis takes naive bounds
    days=st.integers(1, 90),
)
def test_a_grant_ends_with_a_day_of_the_desk_wherever_it_is(hours: HoursPolicy, now: datetime, days: int) -> None:
    """As many days on as was said, whatever the clock does; reminded of while somebody works, or not at all."""
    request = granted(now, hours, days)
    assert request.grant
    assert request.grant.valid_until
    assert request.due_at
    zone = ZoneInfo(hours.timezone)
    until = request.grant.valid_until.astimezone(zone)
    assert until.date() == now.astimezone(zone).date() + timedelta(days=days)
    assert until.time() == time(23, 59, 59)
    if request.due_move is Move.REMIND:
        assert now < request.due_at < until
        assert is_open(request.due_at, hours)
    else:
        assert request.due_at == until


@given(
    hours=DESKS,
    now=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis takes naive bounds
    seen_from=st.sampled_from(("Asia/Taipei", "Europe/London", "America/Los_Angeles", "Asia/Kathmandu")),
)
def test_it_is_the_desks_clock_that_counts_and_nobody_elses(hours: HoursPolicy, now: datetime, seen_from: str) -> None:
    """The same moment written in another zone is the same moment."""
    elsewhere = now.astimezone(ZoneInfo(seen_from))
    assert filed(elsewhere, hours).due_at == filed(now, hours).due_at
    assert granted(elsewhere, hours).grant == granted(now, hours).grant


def test_an_extension_begins_on_the_day_of_the_decision_where_the_desk_is() -> None:
    """In New York it is still Friday evening when in Greenwich Saturday has begun."""
    cover = extension(granted(at("2026-11-20 20:00", NEW_YORK), NEW_YORK, until=date(2026, 12, 31)), NEW_YORK)
    assert cover
    assert cover.start == date(2026, 11, 20)

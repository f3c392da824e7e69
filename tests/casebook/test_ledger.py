"""The ledger's figures: each from one question to the database, each as a person would count it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from bot.goodwill import ExceptionRequest, ExceptionState, Grant
from bot.history import next_on, window_is_used
from bot.ledger import AtLimit, Month, Total
from bot.policy import Concession, GoodwillPolicy, HoursPolicy
from storage import goodwill as requests
from storage import ledger
from storage.engine import Casebook
from tests.casebook.sample import WORKSPACE, opened
from tests.fresh import casebook_at

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
AT = NOW.timestamp()
YEAR = timedelta(days=365)
HOURS = HoursPolicy()
TAIPEI = ZoneInfo(HOURS.timezone)
TODAY = NOW.astimezone(TAIPEI).date()
SINCE = (NOW - YEAR).timestamp()
GRANTED = {ExceptionState.APPROVED, ExceptionState.USED, ExceptionState.LAPSED}
UNDECIDED = {ExceptionState.REQUESTED, ExceptionState.WITHDRAWN, ExceptionState.EXPIRED}


class Filing:
    """Files requests, each in a case of its own, numbered as they come."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.number = 0

    def __call__(
        self,
        state: ExceptionState = ExceptionState.USED,
        *,
        ago: timedelta = timedelta(days=1),
        cost: str = "3000",
        cap: str = "",
        customer: str | None = "C-1",
        currency: str = "TWD",
        ours: bool = False,
    ) -> None:
        """File one that was asked for, and decided if it was, so long ago."""
        self.number += 1
        at = NOW - ago
        made = Grant(concession=Concession.DISCOUNT, scope="x", cap=Decimal(cap or cost), ours=ours)
        request = ExceptionRequest(
            workspace=WORKSPACE,
            id=f"e{self.number:04}",
            case_id=opened(self.connection).id,
            customer_id=customer,
            state=state,
            requested_by="UA",
            requested_at=at,
            concession=Concession.FULL,
            fault="x",
            cost=Decimal(cost),
            currency=currency,
            reason="x",
            decided_by=None if state in UNDECIDED else "US",
            decided_at=None if state in UNDECIDED else at,
            fault_ours="yes",
            grant=made if state in GRANTED else None,
        )
        assert requests.write(self.connection, request)


@contextmanager
def filing(casebook: Casebook) -> Iterator[Filing]:
    """One transaction to file and look in."""
    with casebook.begin() as connection:
        yield Filing(connection)


def test_totals_are_by_currency_and_our_own_faults_stand_apart(casebook: Casebook) -> None:
    """What was granted counts at its cap; what lapsed, was declined, waits or is too old does not count."""
    with filing(casebook) as file:
        file(cost="3000", cap="2500.50")
        file(cost="8000")
        file(cost="300", currency="USD")
        file(cost="90000", ours=True)
        file(ago=YEAR + timedelta(seconds=1))
        for state in (ExceptionState.LAPSED, ExceptionState.DECLINED, ExceptionState.REQUESTED):
            file(state, cost="70000")
        assert ledger.totals(file.connection, WORKSPACE, since=SINCE, now=AT) == [
            Total(currency="TWD", granted=2, cost=Decimal("10500.50"), dearest=Decimal(8000)),
            Total(currency="USD", granted=1, cost=Decimal(300), dearest=Decimal(300)),
            Total(currency="TWD", granted=1, cost=Decimal(90000), dearest=Decimal(90000), ours=True),
        ]
        assert ledger.totals(file.connection, "T2", since=SINCE, now=AT) == []


def test_a_month_is_the_desks_month(casebook: Casebook) -> None:
    """A yes one second before the month began belongs to the one before; a month without any is not there."""
    taipei = timedelta(hours=8)
    firsts = [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)]
    starts = [(each, (datetime(each.year, each.month, 1, tzinfo=UTC) - taipei).timestamp()) for each in firsts]
    november = NOW - datetime.fromtimestamp(starts[2][1], UTC)
    september = NOW - datetime.fromtimestamp(starts[0][1], UTC)
    second = timedelta(seconds=1)
    with filing(casebook) as file:
        file(ago=november, cost="1000")
        file(ago=november, cost="20", currency="USD")
        file(ago=september, cost="500")
        file(ago=september + second, cost="99999")
        file(ago=november - second, cost="7", ours=True)
        file(ago=-second, cost="99999")
        assert ledger.months(file.connection, WORKSPACE, starts=starts, now=AT) == [
            Month(first=firsts[0], currency="TWD", granted=1, cost=Decimal(500)),
            Month(first=firsts[2], currency="TWD", granted=1, cost=Decimal(1000)),
            Month(first=firsts[2], currency="USD", granted=1, cost=Decimal(20)),
        ]
        file(ago=november + second, cost="300")
        found = ledger.months(file.connection, WORKSPACE, starts=starts, now=AT)
        assert [(each.first, each.cost) for each in found][1] == (firsts[1], Decimal(300))


def test_who_may_have_two_is_at_the_limit_with_two_and_free_when_the_first_is_out(casebook: Casebook) -> None:
    """The next one is possible when the second last has left the window."""
    days = timedelta(days=1)
    with filing(casebook) as file:
        for ago in (300, 200, 10):
            file(ago=ago * days, customer="C-many")
        file(ago=5 * days, customer="C-one")
        file(ago=5 * days, customer="C-one", ours=True)
        file(ago=5 * days, customer=None)
        file(ago=5 * days, customer=None)

        def at_limit(per_window: int) -> list[AtLimit]:
            policy = GoodwillPolicy(exceptions_per_window=per_window)
            return ledger.at_limit(file.connection, WORKSPACE, policy=policy, hours=HOURS, now=NOW)

        many = AtLimit(customer_id="C-many", free_on=TODAY - 10 * days + YEAR)
        one = AtLimit(customer_id="C-one", free_on=TODAY - 5 * days + YEAR)
        assert at_limit(2) == [AtLimit(customer_id="C-many", free_on=TODAY - 200 * days + YEAR)]
        assert at_limit(1) == [many, one]
        assert at_limit(0) == [many, one]
        assert at_limit(4) == []


@settings(deadline=None, max_examples=40)
@given(
    granted=st.lists(st.tuples(st.integers(0, 800 * 24), st.booleans()), max_size=6),
    per_window=st.integers(1, 3),
)
def test_at_the_limit_is_whoever_the_rule_would_refuse(granted: list[tuple[int, bool]], per_window: int) -> None:
    """The list and the decision table count alike (R23), today and on the day on which it says they are free."""
    policy = GoodwillPolicy(exceptions_per_window=per_window)
    with tempfile.TemporaryDirectory() as folder:
        casebook = casebook_at(Path(folder) / "casebook.db")
        with filing(casebook) as file:
            for hours, ours in granted:
                file(ago=timedelta(hours=hours), ours=ours)
            found = ledger.at_limit(file.connection, WORKSPACE, policy=policy, hours=HOURS, now=NOW)
            counted = requests.granted_at(file.connection, WORKSPACE, "C-1")
        casebook.close()
    assert bool(found) == window_is_used(counted, policy, HOURS, NOW)
    assert [each.free_on for each in found] == [day for day in [next_on(counted, policy, HOURS, NOW)] if day]
    for each in found:
        free = datetime.combine(each.free_on, time.min, TAIPEI)
        assert window_is_used(counted, policy, HOURS, free - timedelta(seconds=1))
        assert not window_is_used(counted, policy, HOURS, free)


def test_what_came_to_nothing_is_counted_by_when_it_was_filed(casebook: Casebook) -> None:
    """Declined, not decided in time, granted and not used; the others are no outcome."""
    with filing(casebook) as file:
        for state in ExceptionState:
            file(state)
        file(ExceptionState.DECLINED)
        file(ExceptionState.DECLINED, ago=YEAR)
        assert ledger.outcomes(file.connection, WORKSPACE, since=SINCE) == {
            ExceptionState.DECLINED: 2,
            ExceptionState.EXPIRED: 1,
            ExceptionState.LAPSED: 1,
        }


def test_the_last_decisions_are_what_was_decided_newest_first(casebook: Casebook) -> None:
    """With what was granted where something was, and what was asked for where nothing was."""
    with filing(casebook) as file:
        file(ExceptionState.REQUESTED)
        file(ExceptionState.DECLINED, ago=timedelta(days=2), cost="800")
        file(ExceptionState.USED, ago=timedelta(days=1), cost="3000", cap="2500", customer=None)
        file(ExceptionState.LAPSED, ago=timedelta(days=3))
        found = ledger.entries(file.connection, WORKSPACE, 2)
        assert [(each.state, each.concession, each.cost, each.customer_id, each.decided_by) for each in found] == [
            (ExceptionState.USED, Concession.DISCOUNT, Decimal(2500), None, "US"),
            (ExceptionState.DECLINED, Concession.FULL, Decimal(800), "C-1", "US"),
        ]

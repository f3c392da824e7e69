"""The ledger's 通融紀錄 figures: one question to the database each, so that a person can check them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, case, func, select

from bot.goodwill import GRANTED, ExceptionState
from bot.history import counts_since, free_on
from bot.ledger import AtLimit, Entry, Month, Total
from bot.policy import Concession, GoodwillPolicy, HoursPolicy
from storage.moments import at
from storage.schema import exceptions

CAME_TO_NOTHING = (ExceptionState.DECLINED, ExceptionState.EXPIRED, ExceptionState.LAPSED)
DECIDED = (ExceptionState.APPROVED, ExceptionState.USED, ExceptionState.DECLINED, ExceptionState.LAPSED)

_COST = func.coalesce(exceptions.c.cap, exceptions.c.cost)
"""What a grant may cost us at most; what was asked for, where nothing was granted."""


def _granted(workspace: str, since: float, now: float) -> ColumnElement[bool]:
    """A yes that was given in that time and gave the customer something."""
    return (
        (exceptions.c.workspace == workspace)
        & (exceptions.c.decided_at >= since)
        & (exceptions.c.decided_at <= now)
        & exceptions.c.state.in_(GRANTED)
    )


def totals(connection: Connection, workspace: str, *, since: float, now: float) -> list[Total]:
    """What was granted since then, favours first, the currency with most of them first."""
    ours = exceptions.c.ours.label("ours")
    granted = func.count().label("granted")
    rows = connection.execute(
        select(exceptions.c.currency, ours, granted, func.sum(_COST).label("cost"), func.max(_COST).label("dearest"))
        .where(_granted(workspace, since, now))
        .group_by(exceptions.c.currency, "ours")
        .order_by("ours", granted.desc(), exceptions.c.currency)
    )
    return [Total.model_validate(dict(row)) for row in rows.mappings()]


def months(connection: Connection, workspace: str, *, starts: Sequence[tuple[date, float]], now: float) -> list[Month]:
    """What was granted as a favour in each of these months, oldest first; a month without any is left out.

    Args:
        starts: The months' first days and when they began, oldest first.
    """
    newest_first = sorted(enumerate(starts), reverse=True)
    number = case(*[(exceptions.c.decided_at >= began, n) for n, (_, began) in newest_first]).label("number")
    rows = connection.execute(
        select(number, exceptions.c.currency, func.count().label("granted"), func.sum(_COST).label("cost"))
        .where(
            exceptions.c.workspace == workspace,
            exceptions.c.decided_at >= starts[0][1],
            exceptions.c.decided_at <= now,
            exceptions.c.state.in_(GRANTED),
            exceptions.c.ours.is_(False),
        )
        .group_by("number", exceptions.c.currency)
        .order_by("number", exceptions.c.currency)
    )
    return [
        Month(first=starts[row.number][0], currency=row.currency, granted=row.granted, cost=row.cost) for row in rows
    ]


def at_limit(
    connection: Connection, workspace: str, *, policy: GoodwillPolicy, hours: HoursPolicy, now: datetime
) -> list[AtLimit]:
    """The customers who have had all their exceptions of the window, the one who is free again first foremost.

    Who may have two is at the limit with the second last of theirs still in the window, and free again once that one
    is out of it. Where the policy allows none, whoever has had one is listed.
    """
    nth = func.row_number().over(
        partition_by=exceptions.c.customer_id, order_by=(exceptions.c.decided_at.desc(), exceptions.c.id)
    )
    counted = (
        select(exceptions.c.customer_id, exceptions.c.decided_at, nth.label("nth"))
        .where(
            _granted(workspace, counts_since(policy, hours, now).timestamp(), now.timestamp()),
            exceptions.c.customer_id.is_not(None),
            exceptions.c.ours.is_(False),
        )
        .subquery()
    )
    rows = connection.execute(
        select(counted.c.customer_id, counted.c.decided_at)
        .where(counted.c.nth == max(policy.exceptions_per_window, 1))
        .order_by(counted.c.decided_at, counted.c.customer_id)
    )
    return [AtLimit(customer_id=row.customer_id, free_on=free_on(at(row.decided_at), policy, hours)) for row in rows]


def outcomes(connection: Connection, workspace: str, *, since: float) -> Mapping[ExceptionState, int]:
    """How many of the requests filed since then were declined, not decided in time, or granted and not used."""
    rows = connection.execute(
        select(exceptions.c.state, func.count().label("times"))
        .where(
            exceptions.c.workspace == workspace,
            exceptions.c.state.in_(CAME_TO_NOTHING),
            exceptions.c.requested_at > since,
        )
        .group_by(exceptions.c.state)
    )
    return {ExceptionState(row.state): row.times for row in rows}


def entries(connection: Connection, workspace: str, limit: int) -> list[Entry]:
    """The last decisions, newest first."""
    rows = connection.execute(
        select(
            exceptions.c.decided_at,
            exceptions.c.customer_id,
            func.coalesce(exceptions.c.granted, exceptions.c.concession).label("concession"),
            _COST.label("cost"),
            exceptions.c.currency,
            exceptions.c.decided_by,
            exceptions.c.state,
        )
        .where(
            exceptions.c.workspace == workspace,
            exceptions.c.decided_at.is_not(None),
            exceptions.c.state.in_(DECIDED),
        )
        .order_by(exceptions.c.decided_at.desc())
        .limit(limit)
    )
    return [
        Entry(
            decided_at=at(row.decided_at),
            customer_id=row.customer_id,
            concession=Concession(row.concession),
            cost=row.cost,
            currency=row.currency,
            decided_by=row.decided_by,
            state=ExceptionState(row.state),
        )
        for row in rows
    ]

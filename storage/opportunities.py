"""Opportunities 商機: one a case, with who was told and what became of it."""

import json
from collections.abc import Collection
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    CursorResult,
    Integer,
    RowMapping,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    update,
)

from bot.pipeline import Settled
from bot.sales import CHANNEL, SETTLED, LostReason, Opportunity, OpportunityState, SalesMove
from storage.engine import insert_once
from storage.moments import at
from storage.outbox import SendKind, SendState
from storage.schema import opportunities, outbox

PING = "sales:"
NOTICE = ":word"
"""How the outbox keys of words beside a card end."""
_ROOT = func.coalesce(opportunities.c.case_id, opportunities.c.id)
_TIMES = ("opened_at", "told_at", "due_at", "taken_at", "settled_at")

_OF_CASE = select(opportunities).where(
    opportunities.c.workspace == bindparam("of_workspace"), opportunities.c.case_id == bindparam("of_case")
)
_HELD = _OF_CASE.with_for_update()
"""Asked about many a message, so made once: to make it takes longer than to answer it."""


def _opportunity(row: RowMapping) -> Opportunity:
    values = dict(row)
    values |= {name: _moment(row[name]) for name in _TIMES}
    values |= {name: tuple(json.loads(row[name])) for name in ("reasons", "told")}
    values |= {
        "state": OpportunityState(row["state"]),
        "due_move": SalesMove(row["due_move"]) if row["due_move"] else None,
        "lost_reason": LostReason(row["lost_reason"]) if row["lost_reason"] else None,
    }
    return Opportunity.model_validate(values)


def _moment(seconds: float | None) -> datetime | None:
    return at(seconds) if seconds is not None else None


def _values(opportunity: Opportunity) -> dict[str, object]:
    values: dict[str, object] = opportunity.model_dump()
    for name in _TIMES:
        moment = getattr(opportunity, name)
        values[name] = moment.timestamp() if moment else None
    ends_on = opportunity.ends_on.isoformat() if opportunity.ends_on else None
    lists = {"reasons": json.dumps(opportunity.reasons), "told": json.dumps(opportunity.told)}
    return values | lists | {"ends_on": ends_on}


def get(connection: Connection, workspace: str, opportunity_id: str) -> Opportunity | None:
    """An opportunity by its id."""
    asked = select(opportunities).where(opportunities.c.workspace == workspace, opportunities.c.id == opportunity_id)
    return _only(connection.execute(asked))


def of_case(connection: Connection, workspace: str, case_id: str) -> Opportunity | None:
    """The opportunity of a case."""
    return _only(connection.execute(_OF_CASE, {"of_workspace": workspace, "of_case": case_id}))


def held(connection: Connection, workspace: str, case_id: str) -> Opportunity | None:
    """The opportunity of a case, which nobody else changes until the transaction ends."""
    return _only(connection.execute(_HELD, {"of_workspace": workspace, "of_case": case_id}))


def _only(found: CursorResult[Any]) -> Opportunity | None:
    row = found.mappings().one_or_none()
    return _opportunity(row) if row else None


def of_customer(connection: Connection, workspace: str, customer_id: str) -> list[Opportunity]:
    """The opportunities with a customer, oldest first."""
    rows = connection.execute(
        select(opportunities)
        .where(opportunities.c.workspace == workspace, opportunities.c.customer_id == customer_id)
        .order_by(opportunities.c.opened_at)
    )
    return [_opportunity(row) for row in rows.mappings()]


def of_contract(
    connection: Connection, workspace: str, customer_id: str, contract: str, ends_on: date
) -> Opportunity | None:
    """The opportunity that comes from this end of this contract."""
    asked = select(opportunities).where(
        opportunities.c.workspace == workspace,
        opportunities.c.customer_id == customer_id,
        opportunities.c.contract == contract,
        opportunities.c.ends_on == ends_on.isoformat(),
    )
    return _only(connection.execute(asked))


def of_contracts(
    connection: Connection, workspace: str, since: date, among: Collection[str] | None = None
) -> list[Opportunity]:
    """The opportunities that come from contracts which end on that day or later.

    Args:
        among: Whose contracts, ids of customers; None for all.
    """
    named = opportunities.c.customer_id.in_(among) if among is not None else true()
    rows = connection.execute(
        select(opportunities).where(
            opportunities.c.workspace == workspace, opportunities.c.ends_on >= since.isoformat(), named
        )
    )
    return [_opportunity(row) for row in rows.mappings()]


def write(connection: Connection, opportunity: Opportunity) -> bool:
    """Write a new opportunity down; False when the case, or this end of the contract, has one."""
    return insert_once(connection, opportunities, _values(opportunity))


def settle(connection: Connection, before: Opportunity, after: Opportunity) -> bool:
    """Write a move, if the opportunity still stands as it did; False when somebody was first."""
    values = _values(before)
    stands = [
        opportunities.c[name].is_(None) if values[name] is None else opportunities.c[name] == values[name]
        for name in ("customer_id", "state", "reasons", "told", "taken_by", "due_at")
    ]
    result = connection.execute(
        update(opportunities)
        .where(opportunities.c.workspace == before.workspace, opportunities.c.id == before.id, *stands)
        .values(**_values(after))
    )
    return result.rowcount == 1


def due(connection: Connection, workspace: str, now: float, most: int = 500) -> list[Opportunity]:
    """Those to which something happens by itself by now, and those whose last card reached nobody, oldest first."""
    rows = connection.execute(which_due(), {"of_workspace": workspace, "now": now, "most": most})
    return [_opportunity(row) for row in rows.mappings()]


@cache
def which_due() -> Select[Any]:
    """Asked every second for every workspace, so made once: to make it takes longer than to answer it."""
    now: BindParameter[float] = bindparam("now")
    return (
        select(opportunities)
        .where(
            opportunities.c.workspace == bindparam("of_workspace"),
            or_(opportunities.c.due_at <= now, and_(opportunities.c.due_at > now, _reached_nobody())),
        )
        .order_by(opportunities.c.due_at)
        .limit(bindparam("most", type_=Integer()))
    )


def unsettled(connection: Connection, workspace: str, most: int) -> list[Opportunity]:
    """Those of which somebody was told and which nobody settled, oldest first."""
    rows = connection.execute(
        select(opportunities)
        .where(
            opportunities.c.workspace == workspace,
            opportunities.c.state.not_in([*SETTLED, OpportunityState.OPEN]),
        )
        .order_by(opportunities.c.opened_at, opportunities.c.id)
        .limit(most)
    )
    return [_opportunity(row) for row in rows.mappings()]


def settled_by(connection: Connection, workspace: str, user: str, *, since: float) -> Settled:
    """What somebody won and lost since then."""
    rows = connection.execute(
        select(
            opportunities.c.state,
            opportunities.c.currency,
            opportunities.c.lost_reason,
            func.count().label("times"),
            func.sum(opportunities.c.value).label("value"),
        )
        .where(
            opportunities.c.workspace == workspace,
            opportunities.c.settled_by == user,
            opportunities.c.settled_at >= since,
            opportunities.c.state.in_(SETTLED),
        )
        .group_by(opportunities.c.state, opportunities.c.currency, opportunities.c.lost_reason)
        .order_by(func.count().desc(), opportunities.c.lost_reason, opportunities.c.currency)
    ).all()
    won = [row for row in rows if row.state == OpportunityState.WON]
    return Settled(
        won=sum(row.times for row in won),
        value={row.currency: row.value for row in won},
        lost={LostReason(row.lost_reason): row.times for row in rows if row.state == OpportunityState.LOST},
    )


def _reached_nobody() -> ColumnElement[bool]:
    """The card is not out and will not be; `outbox` need not hold it any more."""
    return (
        select(outbox.c.seq)
        .where(
            outbox.c.workspace == opportunities.c.workspace,
            outbox.c.key == opportunities.c.card,
            opportunities.c.state == OpportunityState.ASKED,
            outbox.c.state.in_([SendState.FAILED, SendState.WITHHELD]),
        )
        .exists()
    )


def reached(connection: Connection, opportunity: Opportunity) -> bool:
    """Whether the last card is out, or still may be."""
    state = connection.execute(
        select(outbox.c.state).where(outbox.c.workspace == opportunity.workspace, outbox.c.key == opportunity.card)
    ).scalar_one_or_none()
    return state not in {SendState.FAILED, SendState.WITHHELD}


def notices(connection: Connection, opportunity: Opportunity) -> list[tuple[str, str]]:
    """The words beside its cards that are out or will be, oldest first: their key, and who reads them.

    Who reads is a Slack id, or `CHANNEL`.
    """
    rows = connection.execute(
        select(outbox.c.key, outbox.c.target)
        .where(
            outbox.c.workspace == opportunity.workspace,
            is_card_of(literal(opportunity.root)),
            outbox.c.kind.in_([SendKind.DIRECT, SendKind.MESSAGE]),
            outbox.c.state.in_([SendState.DUE, SendState.SENDING, SendState.SENT]),
        )
        .order_by(outbox.c.seq)
    )
    return [(row.key, json.loads(row.target).get("user", CHANNEL)) for row in rows if row.key.endswith(NOTICE)]


def ping_key(case_id: str) -> str:
    """The outbox key of the first card to sales about a case; those of later ones begin with it."""
    return f"{PING}{case_id}"


def sales_told(connection: Connection, workspace: str, case_id: str) -> bool:
    """Whether a card to sales has really gone out: a line may claim it only then."""
    told = connection.execute(_sales_told(), {"of_workspace": workspace, "of_case": case_id})
    return told.one_or_none() is not None


@cache
def _sales_told() -> Select[tuple[int]]:
    """Asked about every message, so made once: to make it takes longer than to answer it."""
    return (
        select(outbox.c.seq)
        .where(
            outbox.c.workspace == bindparam("of_workspace"),
            is_card_of(bindparam("of_case", type_=String())),
            outbox.c.state == SendState.SENT,
        )
        .limit(1)
    )


def looked_at() -> ColumnElement[bool]:
    """Of the outbox: the rows that tell whether sales knows of a case, and the cards that may change yet."""
    return and_(
        outbox.c.key >= PING,
        outbox.c.key < PING.replace(":", ";"),
        select(opportunities.c.id)
        .where(
            opportunities.c.workspace == outbox.c.workspace,
            or_(
                opportunities.c.case_id == outbox.c.case_id,
                opportunities.c.case_id.is_(None) & is_card_of(opportunities.c.id),
            ),
            or_(
                outbox.c.key == literal(PING) + _ROOT,
                outbox.c.key == opportunities.c.card,
                opportunities.c.state.not_in(SETTLED),
            ),
        )
        .exists(),
    )


def is_card_of(root: ColumnElement[str]) -> ColumnElement[bool]:
    """Of the outbox: the cards of an opportunity, and what is sent about them, by its `root`."""
    first = literal(PING) + root
    return or_(outbox.c.key == first, and_(outbox.c.key > first + ":", outbox.c.key < first + ";"))

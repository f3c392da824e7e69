"""Contracts that end: whose list they stood on, whether it arrived, and what somebody made of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, delete, func, select

from bot.policy import SalesPolicy
from bot.renewals import Ending, EndingKey, key_of, threshold
from bot.sales import Opportunity
from storage import opportunities
from storage.engine import insert_once
from storage.outbox import SendState
from storage.schema import endings_told, outbox

_KEY = (endings_told.c.customer_id, endings_told.c.contract, endings_told.c.ends_on)


def _key(row: Any) -> EndingKey:
    """A row with the columns of `_KEY`."""
    return EndingKey(customer_id=row.customer_id, contract=row.contract, ends_on=date.fromisoformat(row.ends_on))


def _of(workspace: str, key: EndingKey) -> ColumnElement[bool]:
    return and_(
        endings_told.c.workspace == workspace,
        endings_told.c.customer_id == key.customer_id,
        endings_told.c.contract == key.contract,
        endings_told.c.ends_on == key.ends_on.isoformat(),
    )


def _reached_nobody(told: FromClause = endings_told) -> ColumnElement[bool]:
    """The list is not out and will not be; `outbox` need not hold it any more."""
    return (
        select(outbox.c.seq)
        .where(
            outbox.c.workspace == told.c.workspace,
            outbox.c.key == told.c.message,
            outbox.c.state.in_([SendState.FAILED, SendState.WITHHELD]),
        )
        .exists()
    )


# --- who was told


def note(
    connection: Connection,
    workspace: str,
    ending: Ending,
    *,
    within: int,
    told: str,
    keeper: str,
    message: str,
    now: float,
) -> bool:
    """Write down that a contract stands on somebody's list; False when it has stood there at this threshold.

    Args:
        keeper: With whom it is; another than `told` where a sales manager hears of it as well.
        message: Key of the list.
    """
    values = {
        "workspace": workspace,
        "customer_id": ending.customer_id,
        "contract": ending.contract,
        "ends_on": ending.ends_on.isoformat(),
        "within": within,
        "told": told,
        "told_at": now,
        "keeper": keeper,
        "message": message,
    }
    return insert_once(connection, endings_told, values)


def untold(
    connection: Connection, workspace: str, endings: Sequence[Ending], policy: SalesPolicy, today: date
) -> list[Ending]:
    """Those of which nobody has heard at the threshold they are under, and has not said anything.

    A list that reached nobody told nothing.
    """
    rows = connection.execute(
        select(*_KEY, func.min(endings_told.c.within).label("nearest"))
        .where(endings_told.c.workspace == workspace, endings_told.c.ends_on >= today.isoformat(), ~_reached_nobody())
        .group_by(*_KEY)
    )
    nearest = {_key(row): row.nearest for row in rows}
    settled = spoken_for(connection, workspace, today)
    return [
        each
        for each in endings
        if each.key not in settled
        and (within := threshold(each, policy)) is not None
        and within < nearest.get(each.key, within + 1)
    ]


def missed(connection: Connection, workspace: str, since: float) -> Mapping[EndingKey, frozenset[str]]:
    """Whom lists did not reach since then, by the contracts on them of which nobody else has heard meanwhile."""
    again = endings_told.alias()
    heard = (
        select(again.c.told)
        .where(
            again.c.workspace == endings_told.c.workspace,
            again.c.customer_id == endings_told.c.customer_id,
            again.c.contract == endings_told.c.contract,
            again.c.ends_on == endings_told.c.ends_on,
            again.c.within <= endings_told.c.within,
            ~_reached_nobody(again),
        )
        .exists()
    )
    rows = connection.execute(
        select(*_KEY, endings_told.c.told).where(
            endings_told.c.workspace == workspace, endings_told.c.told_at >= since, _reached_nobody(), ~heard
        )
    )
    found: dict[EndingKey, set[str]] = defaultdict(set)
    for row in rows:
        found[_key(row)].add(row.told)
    return {key: frozenset(users) for key, users in found.items()}


def let_go_of_missed(connection: Connection, workspace: str, before: float) -> None:
    """Forget the lists that reached nobody before then: whoever was not reached that day is told again."""
    old = (endings_told.c.workspace == workspace) & (endings_told.c.told_at < before)
    connection.execute(delete(endings_told).where(old, _reached_nobody()))


def keeper(connection: Connection, workspace: str, key: EndingKey) -> str | None:
    """With whom a contract is, as the last list has it that may have arrived; None while it has stood on none."""
    return connection.execute(
        select(endings_told.c.keeper)
        .where(_of(workspace, key), ~_reached_nobody())
        .order_by(endings_told.c.told_at.desc())
        .limit(1)
    ).scalar_one_or_none()


def lists_with(connection: Connection, workspace: str, key: EndingKey) -> list[tuple[str, str]]:
    """The lists on which a contract stands and which may have arrived: the key of each, and who got it."""
    rows = connection.execute(
        select(endings_told.c.message, endings_told.c.told)
        .where(_of(workspace, key), endings_told.c.message.is_not(None), ~_reached_nobody())
        .order_by(endings_told.c.told_at)
    )
    return [(row.message, row.told) for row in rows]


def on_list(connection: Connection, workspace: str, message: str) -> list[tuple[EndingKey, str]]:
    """The contracts on a list, the one that ends first foremost, and with whom each is."""
    rows = connection.execute(
        select(*_KEY, endings_told.c.keeper)
        .where(endings_told.c.workspace == workspace, endings_told.c.message == message)
        .order_by(endings_told.c.ends_on, endings_told.c.customer_id, endings_told.c.contract)
    )
    return [(_key(row), row.keeper) for row in rows]


def looked_at(on: date) -> ColumnElement[bool]:
    """Of the outbox: the lists on which a contract stands that ends on that day or later."""
    return (
        select(endings_told.c.message)
        .where(
            endings_told.c.workspace == outbox.c.workspace,
            endings_told.c.message == outbox.c.key,
            endings_told.c.ends_on >= on.isoformat(),
        )
        .exists()
    )


# --- what somebody made of them


def spoken_for(
    connection: Connection, workspace: str, since: date, among: Collection[str] | None = None
) -> Mapping[EndingKey, Opportunity]:
    """What somebody made of the contracts that end on that day or later.

    Args:
        among: Whose contracts, ids of customers; None for all.
    """
    known = opportunities.of_contracts(connection, workspace, since, among)
    return {key: each for each in known if (key := key_of(each))}


def of_contract(connection: Connection, workspace: str, key: EndingKey) -> Opportunity | None:
    """The opportunity that comes from this end of this contract; None while nobody has said anything."""
    return opportunities.of_contract(connection, workspace, key.customer_id, key.contract, key.ends_on)

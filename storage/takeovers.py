"""Questions to colleagues: to take a case over 接手, or to look at it; the open one of a case is the newest."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, bindparam, insert, or_, select, update

from bot.takeover import Asking, AskState, Kind
from storage.moments import at
from storage.outbox import SendState
from storage.schema import outbox, takeovers

_CARD = "takeover:"


def card_key(asking_id: str) -> str:
    """The outbox key of the message that asks."""
    return f"{_CARD}{asking_id}"


def _asking(row: RowMapping) -> Asking:
    return Asking(
        workspace=row["workspace"],
        id=row["id"],
        case_id=row["case_id"],
        kind=Kind(row["kind"]),
        round=row["round"],
        number=row["number"],
        asked_by=row["asked_by"],
        asked=row["asked"],
        why=row["why"],
        state=AskState(row["state"]),
        asked_at=at(row["asked_at"]),
        due_at=at(row["due_at"]) if row["due_at"] is not None else None,
        settled_at=at(row["settled_at"]) if row["settled_at"] is not None else None,
    )


def get(connection: Connection, workspace: str, asking_id: str) -> Asking | None:
    """A question by its id."""
    found = connection.execute(select(takeovers).where(takeovers.c.workspace == workspace, takeovers.c.id == asking_id))
    row = found.mappings().one_or_none()
    return _asking(row) if row else None


def of_case(connection: Connection, workspace: str, case_id: str) -> list[Asking]:
    """All questions of a case, in the order they were asked."""
    rows = connection.execute(
        select(takeovers)
        .where(takeovers.c.workspace == workspace, takeovers.c.case_id == case_id)
        .order_by(takeovers.c.asked_at, takeovers.c.number)
    )
    return [_asking(row) for row in rows.mappings()]


def open_one(connection: Connection, workspace: str, case_id: str, kind: Kind) -> Asking | None:
    """The question of this kind that nobody has answered yet."""
    asked = [each for each in of_case(connection, workspace, case_id) if each.kind is kind]
    return next((each for each in reversed(asked) if each.state is AskState.ASKED), None)


def asked_in_round(connection: Connection, asking: Asking) -> frozenset[str]:
    """Who was asked already for the same wish."""
    rows = connection.execute(
        select(takeovers.c.asked).where(takeovers.c.workspace == asking.workspace, takeovers.c.round == asking.round)
    )
    return frozenset(row.asked for row in rows)


def due(connection: Connection, workspace: str, now: float) -> list[Asking]:
    """The questions whose time is over, and those that could not be told to whom they are for; oldest first."""
    rows = connection.execute(which_due(), {"of_workspace": workspace, "now": now})
    return [_asking(row) for row in rows.mappings()]


@cache
def which_due() -> Select[Any]:
    """Asked every second for every workspace, so made once: to make it takes longer than to answer it."""
    is_open = and_(takeovers.c.workspace == bindparam("of_workspace"), takeovers.c.state == AskState.ASKED)
    card = and_(outbox.c.workspace == takeovers.c.workspace, outbox.c.key == _CARD + takeovers.c.id)
    not_told = outbox.c.state.in_([SendState.FAILED, SendState.WITHHELD])
    return (
        select(takeovers)
        .outerjoin(outbox, card)
        .where(is_open, or_(takeovers.c.due_at <= bindparam("now"), not_told))
        .order_by(takeovers.c.asked_at)
    )


def write(connection: Connection, asking: Asking) -> None:
    """Write a new question down."""
    connection.execute(insert(takeovers).values(**_values(asking)))


def settle(connection: Connection, before: Asking, after: Asking) -> bool:
    """Write a move, if the question still stands as it did; False when somebody was first."""
    result = connection.execute(
        update(takeovers)
        .where(
            takeovers.c.workspace == before.workspace,
            takeovers.c.id == before.id,
            takeovers.c.state == before.state,
        )
        .values(**_values(after))
    )
    return result.rowcount == 1


def _values(asking: Asking) -> dict[str, object]:
    values = asking.model_dump()
    for name in ("asked_at", "due_at", "settled_at"):
        moment = values[name]
        values[name] = moment.timestamp() if moment else None
    return values

"""Commitments 承諾: what was promised to a customer, and by when."""

from datetime import datetime

from sqlalchemy import Connection, Integer, RowMapping, bindparam, insert, or_, select, update

from bot.commitments import OWED, Commitment, CommitmentMove, CommitmentState
from storage.moments import at
from storage.schema import cases, commitments


def _commitment(row: RowMapping) -> Commitment:
    return Commitment(
        workspace=row["workspace"],
        id=row["id"],
        case_id=row["case_id"],
        text=row["text"],
        state=CommitmentState(row["state"]),
        due_at=at(row["due_at"]),
        timezone=row["timezone"],
        made_by=row["made_by"],
        made_at=at(row["made_at"]),
        settled_by=row["settled_by"],
        settled_at=_moment(row["settled_at"]),
        moved_from=_moment(row["moved_from"]),
        next_at=_moment(row["next_at"]),
        next_move=CommitmentMove(row["next_move"]) if row["next_move"] else None,
    )


def _moment(seconds: float | None) -> datetime | None:
    return at(seconds) if seconds is not None else None


def get(connection: Connection, workspace: str, commitment_id: str) -> Commitment | None:
    """A commitment by its id."""
    found = connection.execute(
        select(commitments).where(commitments.c.workspace == workspace, commitments.c.id == commitment_id)
    )
    row = found.mappings().one_or_none()
    return _commitment(row) if row else None


_OF_CASE = (
    select(commitments)
    .where(commitments.c.workspace == bindparam("of_workspace"), commitments.c.case_id == bindparam("of_case"))
    .order_by(commitments.c.due_at, commitments.c.made_at)
)
"""Asked about every message, so made once: to make it takes longer than to answer it."""


def of_case(connection: Connection, workspace: str, case_id: str) -> list[Commitment]:
    """The commitments of a case, the one due first foremost."""
    rows = connection.execute(_OF_CASE, {"of_workspace": workspace, "of_case": case_id})
    return [_commitment(row) for row in rows.mappings()]


def owed_by(connection: Connection, workspace: str, user: str) -> list[Commitment]:
    """What somebody still owes customers, in time or late, the one due first foremost.

    What they wrote down themselves, and what was promised in the cases they handle now.
    """
    handled = select(cases.c.id).where(cases.c.workspace == workspace, cases.c.agent == user)
    rows = connection.execute(
        select(commitments)
        .where(
            commitments.c.workspace == workspace,
            commitments.c.state.in_(OWED),
            or_(commitments.c.made_by == user, commitments.c.case_id.in_(handled)),
        )
        .order_by(commitments.c.due_at, commitments.c.made_at)
    )
    return [_commitment(row) for row in rows.mappings()]


def write(connection: Connection, commitment: Commitment) -> None:
    """Write a new commitment down."""
    connection.execute(insert(commitments).values(**_values(commitment)))


def settle(connection: Connection, before: Commitment, after: Commitment) -> bool:
    """Write a move, if the commitment still stands as it did; False when somebody was first."""
    result = connection.execute(
        update(commitments)
        .where(
            commitments.c.workspace == before.workspace,
            commitments.c.id == before.id,
            commitments.c.state == before.state,
            commitments.c.due_at == before.due_at.timestamp(),
            commitments.c.next_at == before.next_at.timestamp() if before.next_at else commitments.c.next_at.is_(None),
        )
        .values(**_values(after))
    )
    return result.rowcount == 1


DUE = (
    select(commitments)
    .where(commitments.c.workspace == bindparam("of_workspace"), commitments.c.next_at <= bindparam("now"))
    .order_by(commitments.c.next_at)
    .limit(bindparam("most", type_=Integer()))
)
"""Asked every second for every workspace, so made once: to make it takes longer than to answer it."""


def due(connection: Connection, workspace: str, now: float, most: int = 500) -> list[Commitment]:
    """The commitments to which something happens by itself by now, the longest overdue first."""
    rows = connection.execute(DUE, {"of_workspace": workspace, "now": now, "most": most})
    return [_commitment(row) for row in rows.mappings()]


def _values(commitment: Commitment) -> dict[str, object]:
    values = commitment.model_dump()
    for name in ("due_at", "made_at", "settled_at", "moved_from", "next_at"):
        moment = values[name]
        values[name] = moment.timestamp() if moment else None
    return values

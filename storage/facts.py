"""What people recorded in a case: never overwritten, each with who, when and why."""

from sqlalchemy import Connection, bindparam, insert, select

from bot.case import Case
from bot.facts import RecordedFact
from storage.moments import at
from storage.outbox import SendState
from storage.schema import facts, outbox


def record(
    connection: Connection,
    case: Case,
    name: str,
    value: str,
    *,
    by: str,
    now: float,
    why: str = "",
    after: str | None = None,
) -> None:
    """Write a fact down; the newest of its name counts.

    Args:
        after: Key of the outbox row it tells of; it counts only once that one is out.
    """
    connection.execute(
        insert(facts).values(
            workspace=case.workspace,
            case_id=case.id,
            name=name,
            value=value,
            recorded_by=by,
            recorded_at=now,
            why=why,
            after=after,
        )
    )


_OF_CASE = (
    select(facts, outbox.c.state.label("sent"))
    .outerjoin(outbox, (outbox.c.workspace == facts.c.workspace) & (outbox.c.key == facts.c.after))
    .where(facts.c.workspace == bindparam("of_workspace"), facts.c.case_id == bindparam("of_case"))
    .order_by(facts.c.seq)
)
"""Asked about every message, so made once: to make it takes longer than to answer it."""


def of_case(connection: Connection, case: Case) -> list[RecordedFact]:
    """All that was recorded in a case, in the order it was written."""
    rows = connection.execute(_OF_CASE, {"of_workspace": case.workspace, "of_case": case.id})
    return [
        RecordedFact(
            name=row.name,
            value=row.value,
            by=row.recorded_by,
            at=at(row.recorded_at),
            why=row.why,
            after=row.after,
            holds=row.after is None or row.sent == SendState.SENT,
        )
        for row in rows
    ]


def was_made_true_by(connection: Connection, case: Case, name: str, person: str) -> bool:
    """Whether somebody ever wrote down in a case that this is so."""
    return any((each.name, each.value, each.by) == (name, "yes", person) for each in of_case(connection, case))

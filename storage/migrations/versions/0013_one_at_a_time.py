"""The database itself lets in one request that waits in a case, and one question of a kind to a colleague."""

import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

WAITING = "state IN ('requested', 'seconding', 'asked_back')"
ASKED = "state = 'asked'"
WHY = "Another was open in the same case."


def upgrade() -> None:
    """Move forward; of several that are open at once, which no rule ever allowed, one stays and the rest is withdrawn.

    Of requests it is the first, since supervisors have it before them the longest; of questions to colleagues the last,
    since that is the one that counted.
    """
    connection = op.get_bind()
    _keep_one(connection, "exceptions", WAITING, ("case_id",), "requested_at", {"due_at": None, "due_move": None})
    _keep_one(connection, "takeovers", ASKED, ("case_id", "kind"), "asked_at DESC", {"due_at": None})
    op.create_index(
        "uq_exceptions_waiting_in_case",
        "exceptions",
        ["workspace", "case_id"],
        unique=True,
        sqlite_where=sa.text(WAITING),
        postgresql_where=sa.text(WAITING),
    )
    op.create_index(
        "uq_takeovers_asked_in_case",
        "takeovers",
        ["workspace", "case_id", "kind"],
        unique=True,
        sqlite_where=sa.text(ASKED),
        postgresql_where=sa.text(ASKED),
    )


def _keep_one(
    connection: sa.Connection, name: str, where: str, of: tuple[str, ...], first: str, settled: dict[str, Any]
) -> None:
    columns = ["workspace", "id", "state", *of]
    table = sa.table(name, *map(sa.column, [*columns, *settled]))
    moves = ("workspace", "at", "actor", "subject", "subject_id", "move", "before", "after", "why")
    audit = sa.table("audit", *map(sa.column, moves))
    rows = connection.execute(
        sa.select(*(table.c[each] for each in columns)).where(sa.text(where)).order_by(sa.text(f"{first}, id"))
    ).mappings()
    kept: set[tuple[str, ...]] = set()
    for row in rows.all():
        key = (row["workspace"], *(row[each] for each in of))
        if key not in kept:
            kept.add(key)
            continue
        connection.execute(
            table.update()
            .where(table.c.workspace == row["workspace"], table.c.id == row["id"])
            .values(state="withdrawn", **settled)
        )
        connection.execute(
            audit.insert().values(
                workspace=row["workspace"],
                at=time.time(),
                actor="aside",
                subject=name.removesuffix("s"),
                subject_id=row["id"],
                move="withdraw",
                before=row["state"],
                after="withdrawn",
                why=WHY,
            )
        )

"""An opportunity may come from a contract and no case, or from a case of which nobody knows yet whose it is."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

OPEN_FOR_CONTRACT = "contract IS NOT NULL AND state NOT IN ('won', 'lost')"
A_WEEK = 7 * 86_400.0


def upgrade() -> None:
    """Move forward; what is there keeps its case and its customer; whoever has one is reminded of it after a week."""
    with op.batch_alter_table("opportunities") as table:
        table.alter_column("case_id", existing_type=sa.String(length=32), nullable=True)
        table.alter_column("customer_id", existing_type=sa.String(length=64), nullable=True)
        table.add_column(sa.Column("contract", sa.String(length=64), nullable=True))
    op.create_index(
        "uq_opportunities_open_for_contract",
        "opportunities",
        ["workspace", "customer_id", "contract"],
        unique=True,
        sqlite_where=sa.text(OPEN_FOR_CONTRACT),
        postgresql_where=sa.text(OPEN_FOR_CONTRACT),
    )
    names = ("state", "taken_at", "due_at", "due_move")
    known = sa.table("opportunities", *map(sa.column, names))
    taken = known.update().where(known.c.state == "taken", known.c.due_at.is_(None))
    op.get_bind().execute(taken.values(due_at=known.c.taken_at + A_WEEK, due_move="remind"))

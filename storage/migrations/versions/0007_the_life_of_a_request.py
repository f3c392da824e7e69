"""The life of a request: due times, second approvers, questions, and the grant a yes becomes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Move forward; what was granted before keeps its meaning: all that was asked for, valid as it was, without end.

    What nobody has decided yet is reminded of half an hour after it was asked, as a new request would be.
    """
    empty = ("evidence", "new_fact", "question", "answer")
    with op.batch_alter_table("exceptions") as table:
        for name in empty:
            table.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
        for name in ("reopens", "asked_back_by", "first_by", "deputy_for", "granted", "used_by"):
            table.add_column(sa.Column(name, sa.String(length=32), nullable=True))
        for name in ("due_at", "first_at", "valid_until", "used_at"):
            table.add_column(sa.Column(name, sa.Float(), nullable=True))
        table.add_column(sa.Column("due_move", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("scope", sa.Text(), nullable=True))
        table.add_column(sa.Column("cap", sa.Numeric(14, 2), nullable=True))
        table.add_column(sa.Column("conditions", sa.Text(), nullable=True))
        table.add_column(sa.Column("extended_to", sa.String(length=10), nullable=True))
        table.create_index(op.f("ix_exceptions_workspace_due_at"), ["workspace", "due_at"])
    with op.batch_alter_table("exceptions") as table:
        for name in empty:
            table.alter_column(name, server_default=None)
    op.execute(
        "UPDATE exceptions SET granted = concession, scope = fault, cap = cost, conditions = '' "
        "WHERE state = 'approved'"
    )
    op.execute("UPDATE exceptions SET due_at = requested_at + 1800, due_move = 'remind' WHERE state = 'requested'")

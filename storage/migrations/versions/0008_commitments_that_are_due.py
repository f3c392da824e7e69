"""Commitments that are due: reminders, missed times, new times."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Move forward; whoever made a commitment that is still open is reminded of it half an hour before it is due."""
    with op.batch_alter_table("commitments") as table:
        table.add_column(sa.Column("moved_from", sa.Float(), nullable=True))
        table.add_column(sa.Column("next_at", sa.Float(), nullable=True))
        table.add_column(sa.Column("next_move", sa.String(length=16), nullable=True))
        table.create_index(op.f("ix_commitments_workspace_next_at"), ["workspace", "next_at"])
    op.execute("UPDATE commitments SET next_at = due_at - 1800, next_move = 'remind' WHERE state = 'open'")

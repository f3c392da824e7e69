"""Mutes, pauses and corrected signals; ratings in one's own words; advice that was kept while somebody paused."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Move forward."""
    op.add_column("advice", sa.Column("while_paused", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("ratings", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "corrections",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("ts", sa.String(length=32), nullable=False),
        sa.Column("signal", sa.String(length=64), nullable=False),
        sa.Column("really", sa.String(length=64), nullable=False),
        sa.Column("advice_id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("corrected_at", sa.Float(), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("signals_before", sa.Text(), nullable=False),
        sa.Column("anger_before", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "channel", "ts", "signal", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_workspace_advice_id"), "corrections", ["workspace", "advice_id"], unique=False)
    op.create_table(
        "mutes",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("muted_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "person", "kind", "target", name=op.f("pk_mutes")),
    )
    op.create_table(
        "pauses",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "person", name=op.f("pk_pauses")),
    )

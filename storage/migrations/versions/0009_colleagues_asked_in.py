"""Colleagues who are asked in, one after the other: to take a case over, or as a second pair of eyes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Move forward."""
    op.create_table(
        "takeovers",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("round", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked", sa.String(length=32), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("settled_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace", "case_id"],
            ["cases.workspace", "cases.id"],
            name=op.f("fk_takeovers_workspace_case_id_cases"),
        ),
        sa.PrimaryKeyConstraint("workspace", "id", name=op.f("pk_takeovers")),
        sa.UniqueConstraint("workspace", "round", "number", name=op.f("uq_takeovers_workspace_round_number")),
    )
    op.create_index(op.f("ix_takeovers_workspace_case_id_kind"), "takeovers", ["workspace", "case_id", "kind"])
    op.create_index(op.f("ix_takeovers_workspace_state_due_at"), "takeovers", ["workspace", "state", "due_at"])

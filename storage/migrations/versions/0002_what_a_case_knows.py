"""Facts that count once their message is out, what sales was asked, and what was promised by when."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Move forward."""
    op.add_column("facts", sa.Column("after", sa.String(length=255), nullable=True))
    op.create_table(
        "verifications",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=64), nullable=True),
        sa.Column("claimed", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.Column("asked", sa.String(length=32), nullable=True),
        sa.Column("answered_by", sa.String(length=32), nullable=True),
        sa.Column("answered_at", sa.Float(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "case_id"], ["cases.workspace", "cases.id"], name=op.f("fk_verifications_workspace_case_id")
        ),
        sa.PrimaryKeyConstraint("workspace", "id", name=op.f("pk_verifications")),
        sa.UniqueConstraint("workspace", "case_id", name=op.f("uq_verifications_workspace_case_id")),
    )
    op.create_table(
        "commitments",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("settled_by", sa.String(length=32), nullable=True),
        sa.Column("settled_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace", "case_id"], ["cases.workspace", "cases.id"], name=op.f("fk_commitments_workspace_case_id")
        ),
        sa.PrimaryKeyConstraint("workspace", "id", name=op.f("pk_commitments")),
    )
    op.create_index(op.f("ix_commitments_workspace_case_id"), "commitments", ["workspace", "case_id"], unique=False)
    op.create_index(op.f("ix_commitments_state_due_at"), "commitments", ["state", "due_at"], unique=False)

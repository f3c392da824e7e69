"""Indexes for what an App Home shows: somebody's open cases, what waits for a decision, and the ledger's figures."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Move forward."""
    op.create_index(
        op.f("ix_cases_workspace_agent_state_touched_at"),
        "cases",
        ["workspace", "agent", "state", "touched_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_exceptions_workspace_state_requested_at"),
        "exceptions",
        ["workspace", "state", "requested_at"],
        unique=False,
    )
    op.create_index(op.f("ix_exceptions_workspace_decided_at"), "exceptions", ["workspace", "decided_at"], unique=False)

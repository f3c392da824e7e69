"""Indexes for what is looked for at every threaded message, deletion and visit of the App Home; advice on news."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Move forward."""
    op.add_column("advice", sa.Column("after", sa.String(length=255), nullable=True))
    op.create_index(
        op.f("ix_cases_workspace_channel_thread_ts"), "cases", ["workspace", "channel", "thread_ts"], unique=False
    )
    op.create_index(
        op.f("ix_advice_workspace_channel_message_ts"), "advice", ["workspace", "channel", "message_ts"], unique=False
    )
    op.create_index(
        op.f("ix_advice_workspace_given_at_while_paused"),
        "advice",
        ["workspace", "given_at", "while_paused"],
        unique=False,
    )

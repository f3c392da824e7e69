"""What waits in a channel is found at once, however much waits elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Move forward; what is done is not in the index, so it stays small."""
    op.create_index(
        "ix_inbox_waiting_in_channel",
        "inbox",
        ["workspace", "channel", "seq"],
        sqlite_where=sa.text("state = 'new'"),
        postgresql_where=sa.text("state = 'new'"),
    )

"""Which channel an entry of the inbox is of, so that of several workers one at a time works on what is said there."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Move forward; what waits from before is worked on in its order, as it was."""
    with op.batch_alter_table("inbox") as table:
        table.add_column(sa.Column("channel", sa.String(length=32), nullable=False, server_default=""))
    with op.batch_alter_table("inbox") as table:
        table.alter_column("channel", server_default=None)

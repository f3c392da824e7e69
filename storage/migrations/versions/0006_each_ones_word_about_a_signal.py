"""Two people may each say that a message does not show something."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Move forward."""
    with op.batch_alter_table("corrections") as table:
        table.drop_constraint("pk_corrections", type_="primary")
        table.create_primary_key("pk_corrections", ["workspace", "channel", "ts", "signal", "advice_id"])

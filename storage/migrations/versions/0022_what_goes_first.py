"""What goes first is found at once, however much waits to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

WAITS = "state IN ('due', 'sending')"
UNTIL = "state = 'due' AND wanted_until IS NOT NULL"


def upgrade() -> None:
    """Move forward; what is settled is in none of these indexes, which stay small and are read upwards."""
    op.execute("ALTER TABLE outbox RENAME COLUMN importance TO turn")
    op.execute("UPDATE outbox SET turn = -turn WHERE turn <> 0")
    op.drop_index(op.f("ix_outbox_state_workspace_kind_place_due_at"), "outbox")
    op.create_index(op.f("ix_outbox_state_due_at"), "outbox", ["state", "due_at"])
    for name, where, *columns in (
        ("ix_outbox_first", WAITS, "workspace", "turn", "seq"),
        ("ix_outbox_in_place", WAITS, "workspace", "place", "kind"),
        ("ix_outbox_wanted", UNTIL, "workspace", "wanted_until"),
    ):
        op.create_index(name, "outbox", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))

"""When words were removed from a case and from advice, and indexes by which retention finds what is old."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Move forward."""
    for table in ("cases", "advice"):
        op.add_column(table, sa.Column("text_removed_at", sa.Float(), nullable=True))
    for table, *columns in (
        ("outbox", "workspace", "created_at"),
        ("cases", "workspace", "text_removed_at", "touched_at"),
        ("facts", "workspace", "after"),
        ("advice", "workspace", "text_removed_at", "given_at"),
        ("advice", "workspace", "after"),
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns, unique=False)

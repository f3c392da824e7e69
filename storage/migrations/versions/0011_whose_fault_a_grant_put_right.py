"""Whether a grant puts right our own fault is the word of whoever granted it, kept beside what the asker said."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Move forward; until now the asker's word was taken for it, so what it lifted stays as it was."""
    with op.batch_alter_table("exceptions") as table:
        table.add_column(sa.Column("ours", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("exceptions") as table:
        table.alter_column("ours", server_default=None)
    exceptions = sa.table("exceptions", sa.column("ours"), sa.column("fault_ours"), sa.column("granted"))
    op.execute(
        exceptions.update()
        .where(exceptions.c.fault_ours == "yes", exceptions.c.granted.is_not(None))
        .values(ours=sa.true())
    )

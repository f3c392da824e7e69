"""Sales can be asked anew in a case whose promise is over; an answer keeps the files that came with it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

NOT_OVER = "state <> 'lapsed'"


def upgrade() -> None:
    """Move forward; every case has one question until now, and its answers came without files."""
    with op.batch_alter_table("verifications") as table:
        table.drop_constraint(op.f("uq_verifications_workspace_case_id"), type_="unique")
        table.create_index(op.f("ix_verifications_workspace_case_id"), ["workspace", "case_id"])
        table.create_index(op.f("ix_verifications_workspace_customer_id"), ["workspace", "customer_id"])
    op.create_index(
        "uq_verifications_asked_in_case",
        "verifications",
        ["workspace", "case_id"],
        unique=True,
        sqlite_where=sa.text(NOT_OVER),
        postgresql_where=sa.text(NOT_OVER),
    )
    with op.batch_alter_table("sales_answers") as table:
        table.add_column(sa.Column("files", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("sales_answers") as table:
        table.alter_column("files", server_default=None)

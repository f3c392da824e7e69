"""Each end of a contract has one opportunity at most, and stands on the lists of several, each known by its message."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Move forward; whoever was told of a contract has it."""
    op.drop_index("uq_opportunities_open_for_contract", "opportunities")
    op.add_column("opportunities", sa.Column("ends_on", sa.String(length=10), nullable=True))
    op.create_index(
        "uq_opportunities_end_of_contract",
        "opportunities",
        ["workspace", "customer_id", "contract", "ends_on"],
        unique=True,
    )
    with op.batch_alter_table("endings_told") as table:
        table.add_column(sa.Column("keeper", sa.String(length=32), nullable=False, server_default=""))
        table.add_column(sa.Column("message", sa.String(length=255), nullable=True))
        table.drop_constraint(op.f("pk_endings_told"), type_="primary")
        table.create_primary_key(
            op.f("pk_endings_told"), ["workspace", "customer_id", "contract", "ends_on", "within", "told"]
        )
        table.create_index(op.f("ix_endings_told_workspace_message"), ["workspace", "message"])
    op.execute("UPDATE endings_told SET keeper = told")
    with op.batch_alter_table("endings_told") as table:
        table.alter_column("keeper", server_default=None)

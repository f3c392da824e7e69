"""An opportunity gets a life: who was told, what happens next by itself, what became of it; and contracts told of."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

PING = "sales:"


def upgrade() -> None:
    """Move forward; what sales was told of is asked, and what stayed silent stays so."""
    with op.batch_alter_table("opportunities") as table:
        table.add_column(sa.Column("told", sa.Text(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("card", sa.String(length=255), nullable=True))
        table.add_column(sa.Column("told_at", sa.Float(), nullable=True))
        table.add_column(sa.Column("weight", sa.Integer(), nullable=True))
        table.add_column(sa.Column("due_at", sa.Float(), nullable=True))
        table.add_column(sa.Column("due_move", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("taken_by", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("taken_at", sa.Float(), nullable=True))
        table.add_column(sa.Column("settled_by", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("settled_at", sa.Float(), nullable=True))
        table.add_column(sa.Column("value", sa.Numeric(precision=14, scale=2), nullable=True))
        table.add_column(sa.Column("currency", sa.String(length=3), nullable=True))
        table.add_column(sa.Column("months", sa.Integer(), nullable=True))
        table.add_column(sa.Column("lost_reason", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("lost_note", sa.Text(), nullable=False, server_default=""))
    _carry_over(op.get_bind())
    with op.batch_alter_table("opportunities") as table:
        table.drop_column("owner")
        table.alter_column("told", server_default=None)
        table.alter_column("lost_note", server_default=None)
    op.create_index(op.f("ix_opportunities_workspace_due_at"), "opportunities", ["workspace", "due_at"])
    op.create_index(
        op.f("ix_opportunities_workspace_state_settled_at"), "opportunities", ["workspace", "state", "settled_at"]
    )
    op.create_table(
        "endings_told",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("ends_on", sa.String(length=10), nullable=False),
        sa.Column("within", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.Float(), nullable=False),
        sa.Column("told", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint(
            "workspace", "customer_id", "contract", "ends_on", "within", name=op.f("pk_endings_told")
        ),
    )


def _carry_over(connection: sa.Connection) -> None:
    names = ("workspace", "id", "case_id", "owner", "opened_at", "state", "told", "card", "told_at", "weight")
    known = sa.table("opportunities", *map(sa.column, names))
    sent = sa.table("outbox", sa.column("workspace"), sa.column("key"))
    rows = connection.execute(
        sa.select(known.c.workspace, known.c.id, known.c.owner, known.c.opened_at, sent.c.key).join(
            sent, (sent.c.workspace == known.c.workspace) & (sent.c.key == sa.literal(PING) + known.c.case_id)
        )
    ).all()
    for row in rows:
        connection.execute(
            known.update()
            .where(known.c.workspace == row.workspace, known.c.id == row.id)
            .values(state="asked", told=json.dumps([row.owner or ""]), card=row.key, told_at=row.opened_at, weight=0)
        )

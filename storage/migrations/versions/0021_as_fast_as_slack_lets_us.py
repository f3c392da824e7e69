"""What a thing goes after, how important it is, what Slack grants, and when somebody is reminded of advice."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

PLACE_OF = {
    "message": "channel",
    "update": "of",
    **dict.fromkeys(("ephemeral", "reply", "direct", "home"), "user"),
}
SEND_WITHIN_SECONDS = 300.0
"""As a playbook has it that says nothing else."""


def upgrade() -> None:
    """Move forward; what waits to be sent keeps its order, and nobody is reminded of what they were told before.

    A whisper of advice that waits is not said after its moment, as one that is decided from now on.
    """
    op.add_column("outbox", sa.Column("place", sa.String(length=255), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("after", sa.String(length=255)))
    op.add_column("outbox", sa.Column("importance", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("wanted_until", sa.Float()))
    op.add_column("advice", sa.Column("next_at", sa.Float()))
    op.drop_index(op.f("ix_outbox_state_due_at"), "outbox")
    for table, *columns in (
        ("outbox", "state", "workspace", "kind", "place", "due_at"),
        ("advice", "workspace", "next_at"),
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
    op.create_table(
        "paces",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("bucket", sa.String(length=255), nullable=False),
        sa.Column("opens_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "bucket", name=op.f("pk_paces")),
    )
    _give_places()
    _give_moments()


def _give_places() -> None:
    connection = op.get_bind()
    outbox = sa.table("outbox", *map(sa.column, ("seq", "kind", "target", "place", "state")))
    waiting = sa.select(outbox.c.seq, outbox.c.kind, outbox.c.target).where(outbox.c.state.in_(["due", "sending"]))
    for row in connection.execute(waiting).all():
        place = json.loads(row.target).get(PLACE_OF.get(row.kind, "")) or ""
        connection.execute(sa.update(outbox).where(outbox.c.seq == row.seq).values(place=place))


def _give_moments() -> None:
    outbox = sa.table("outbox", *map(sa.column, ("key", "kind", "state", "created_at", "wanted_until")))
    of_advice = outbox.c.key.startswith("advice:"), outbox.c.kind == "ephemeral", outbox.c.state == "due"
    op.execute(sa.update(outbox).where(*of_advice).values(wanted_until=outbox.c.created_at + SEND_WITHIN_SECONDS))

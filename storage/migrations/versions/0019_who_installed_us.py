"""Which workspaces installed us, with which token, and which installations are being made."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Move forward; whoever has one workspace, with its token in a setting, has nothing in these."""
    op.create_table(
        "installations",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("enterprise", sa.String(length=32)),
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("bot_user", sa.String(length=32), nullable=False),
        sa.Column("bot_id", sa.String(length=32), nullable=False),
        sa.Column("scopes", sa.String(length=2_000), nullable=False),
        sa.Column("bot_token", sa.String(length=2_000), nullable=False),
        sa.Column("refresh_token", sa.String(length=2_000), nullable=False),
        sa.Column("expires_at", sa.Float()),
        sa.Column("installed_by", sa.String(length=32), nullable=False),
        sa.Column("installed_at", sa.Float(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.Column("refused", sa.String(length=64), nullable=False),
        sa.Column("revoked_at", sa.Float()),
        sa.Column("leaving_at", sa.Float()),
        sa.PrimaryKeyConstraint("workspace", name=op.f("pk_installations")),
    )
    op.create_table(
        "install_states",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "hash", name=op.f("pk_install_states")),
    )

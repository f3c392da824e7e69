"""A question to sales gets a life: whom it went to, what happens next by itself; every answer a row; a scope."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ANSWERS = {"confirmed": "yes", "not_confirmed": "no", "asked": "not_sure"}
REFUSED = "refused_"


def upgrade() -> None:
    """Move forward; what was answered is an answer, and so is what came after the first, which was refused till now.

    What sales has not answered yet is reminded of an hour after it was asked, as a new question would be.
    """
    op.create_table(
        "sales_answers",
        sa.Column("workspace", sa.String(length=32), nullable=False),
        sa.Column("verification_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("said_by", sa.String(length=32), nullable=False),
        sa.Column("said_at", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "case_id"], ["cases.workspace", "cases.id"], name=op.f("fk_sales_answers_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace", "verification_id", "number", name=op.f("pk_sales_answers")),
    )
    numbers, empty = ("round", "round_told", "round_answers", "moves"), {"told": "[]", "question": ""}
    with op.batch_alter_table("verifications") as table:
        for name, default in empty.items():
            table.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=default))
        for name in numbers:
            table.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        for name in ("questioned_by", "conceded", "scope_by"):
            table.add_column(sa.Column(name, sa.String(length=32), nullable=True))
        table.add_column(sa.Column("scope", sa.Text(), nullable=True))
        table.add_column(sa.Column("scope_until", sa.String(length=10), nullable=True))
        table.add_column(sa.Column("cap", sa.Numeric(precision=14, scale=2), nullable=True))
        table.add_column(sa.Column("currency", sa.String(length=3), nullable=True))
        table.add_column(sa.Column("scope_at", sa.Float(), nullable=True))
        table.add_column(sa.Column("due_at", sa.Float(), nullable=True))
        table.add_column(sa.Column("due_move", sa.String(length=16), nullable=True))
    _carry_over(op.get_bind())
    with op.batch_alter_table("verifications") as table:
        for name in ("asked", "answered_by", "answered_at", "evidence"):
            table.drop_column(name)
        for name in (*numbers, *empty):
            table.alter_column(name, server_default=None)
        table.create_index(op.f("ix_verifications_workspace_due_at"), ["workspace", "due_at"])


def _carry_over(connection: sa.Connection) -> None:
    names = ("workspace", "id", "case_id", "state", "asked", "asked_at", "answered_by", "answered_at", "evidence")
    known = sa.table("verifications", *map(sa.column, (*names, "told", "due_at", "due_move")))
    answers = ("workspace", "verification_id", "number", "case_id", "answer", "said_by", "said_at", "evidence")
    given = sa.table("sales_answers", *map(sa.column, answers))
    moved = ("seq", "workspace", "subject", "subject_id", "move", "actor", "at", "why")
    audit = sa.table("audit", *map(sa.column, moved))
    for row in connection.execute(sa.select(*(known.c[name] for name in names))).all():
        said = [(ANSWERS[row.state], row.answered_by, row.answered_at, row.evidence)] if row.answered_by else []
        later = connection.execute(
            sa.select(audit)
            .where(
                audit.c.workspace == row.workspace,
                audit.c.subject == "verification",
                audit.c.subject_id == row.id,
                audit.c.move.like(f"{REFUSED}%"),
            )
            .order_by(audit.c.seq)
        ).all()
        said += [(each.move.removeprefix(REFUSED), each.actor, each.at, each.why) for each in later]
        for number, (answer, by, at, evidence) in enumerate(said):
            values = {"answer": answer, "said_by": by, "said_at": at, "evidence": evidence, "number": number}
            whose = {"workspace": row.workspace, "verification_id": row.id, "case_id": row.case_id}
            connection.execute(given.insert().values(**whose, **values))
        due = {"due_at": row.asked_at + 3600, "due_move": "remind"} if row.state == "asked" else {}
        connection.execute(
            known.update()
            .where(known.c.workspace == row.workspace, known.c.id == row.id)
            .values(told=json.dumps([row.asked or ""]), **due)
        )

"""Who moved what, when and why."""

from sqlalchemy import Connection, insert, select

from storage.schema import audit


def write(
    connection: Connection,
    *,
    workspace: str,
    actor: str,
    subject: str,
    subject_id: str,
    move: str,
    now: float,
    before: str = "",
    after: str = "",
    why: str = "",
) -> None:
    """One row for one move, in the move's own transaction."""
    connection.execute(
        insert(audit).values(
            workspace=workspace,
            at=now,
            actor=actor,
            subject=subject,
            subject_id=subject_id,
            move=move,
            before=before,
            after=after,
            why=why,
        )
    )


def moves(connection: Connection, workspace: str, subject: str, subject_id: str) -> list[tuple[str, str, str]]:
    """Every move of one subject, oldest first: the move, from which state, whose."""
    of_it = (audit.c.workspace == workspace, audit.c.subject == subject, audit.c.subject_id == subject_id)
    rows = connection.execute(select(audit.c.move, audit.c.before, audit.c.actor).where(*of_it).order_by(audit.c.seq))
    return [(row.move, row.before, row.actor) for row in rows]

"""Who moved what, when and why."""

from sqlalchemy import Connection, insert

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

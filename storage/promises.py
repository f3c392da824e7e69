"""Verifications 查證: what sales was asked about a promise, and what they said; one a case."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, delete, select, update

from bot.promises import Answer, LaterAnswer, Verification, VerificationState
from storage.engine import insert_once
from storage.moments import at
from storage.schema import audit, verifications

_REFUSED = "refused_"


def _verification(row: RowMapping) -> Verification:
    return Verification(
        workspace=row["workspace"],
        id=row["id"],
        case_id=row["case_id"],
        customer_id=row["customer_id"],
        claimed=row["claimed"],
        state=VerificationState(row["state"]),
        asked_by=row["asked_by"],
        asked_at=at(row["asked_at"]),
        asked=row["asked"],
        answered_by=row["answered_by"],
        answered_at=at(row["answered_at"]) if row["answered_at"] is not None else None,
        evidence=row["evidence"],
    )


def card_key(verification_id: str) -> str:
    """The outbox key of a question's card."""
    return f"verification:{verification_id}"


def get(connection: Connection, workspace: str, verification_id: str) -> Verification | None:
    """A verification by its id."""
    found = connection.execute(
        select(verifications).where(verifications.c.workspace == workspace, verifications.c.id == verification_id)
    )
    row = found.mappings().one_or_none()
    return _verification(row) if row else None


def of_case(connection: Connection, workspace: str, case_id: str) -> Verification | None:
    """The verification of a case."""
    found = connection.execute(
        select(verifications).where(verifications.c.workspace == workspace, verifications.c.case_id == case_id)
    )
    row = found.mappings().one_or_none()
    return _verification(row) if row else None


def waiting_in(connection: Connection, workspace: str, case_ids: Sequence[str]) -> list[Verification]:
    """The questions of these cases that sales has not answered yet."""
    rows = connection.execute(
        select(verifications).where(
            verifications.c.workspace == workspace,
            verifications.c.case_id.in_(case_ids),
            verifications.c.state == VerificationState.ASKED,
        )
    )
    return [_verification(row) for row in rows.mappings()]


def refused_move(said: Answer) -> str:
    """The audit's move of an answer that came after the first yes or no."""
    return f"{_REFUSED}{said}"


def later_answers(connection: Connection, verification: Verification) -> list[LaterAnswer]:
    """The answers that came after the first yes or no, oldest first; they are kept in the audit alone."""
    found = connection.execute(
        select(audit)
        .where(
            audit.c.workspace == verification.workspace,
            audit.c.subject == "verification",
            audit.c.subject_id == verification.id,
            audit.c.move.in_([refused_move(each) for each in Answer]),
        )
        .order_by(audit.c.seq)
    )
    return [
        LaterAnswer(answer=Answer(row.move.removeprefix(_REFUSED)), by=row.actor, at=at(row.at), evidence=row.why)
        for row in found
    ]


def write(connection: Connection, verification: Verification) -> bool:
    """Write a question down; False when the case has one."""
    return insert_once(connection, verifications, _values(verification))


def drop(connection: Connection, verification: Verification) -> None:
    """Let go of a question that reached nobody, so that it can be asked again; the audit keeps that it was asked."""
    connection.execute(
        delete(verifications).where(
            verifications.c.workspace == verification.workspace, verifications.c.id == verification.id
        )
    )


def settle(connection: Connection, before: Verification, after: Verification) -> bool:
    """Write an answer, if the question still stands as it did; False when somebody was first."""
    result = connection.execute(
        update(verifications)
        .where(
            verifications.c.workspace == before.workspace,
            verifications.c.id == before.id,
            verifications.c.state == before.state,
        )
        .values(**_values(after))
    )
    return result.rowcount == 1


def _values(verification: Verification) -> dict[str, object]:
    values = verification.model_dump()
    values["asked_at"] = verification.asked_at.timestamp()
    values["answered_at"] = verification.answered_at.timestamp() if verification.answered_at else None
    return values

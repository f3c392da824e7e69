"""Requests for goodwill exceptions, and the ledger 通融紀錄 of those granted."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from bot.goodwill import ExceptionRequest, ExceptionState
from bot.policy import Concession
from storage.cases import at
from storage.schema import exceptions


def _request(row: RowMapping) -> ExceptionRequest:
    return ExceptionRequest(
        workspace=row["workspace"],
        id=row["id"],
        case_id=row["case_id"],
        customer_id=row["customer_id"],
        state=ExceptionState(row["state"]),
        requested_by=row["requested_by"],
        requested_at=at(row["requested_at"]),
        concession=Concession(row["concession"]),
        fault=row["fault"],
        cost=row["cost"],
        currency=row["currency"],
        reason=row["reason"],
        fault_ours=row["fault_ours"],
        decided_by=row["decided_by"],
        decided_at=at(row["decided_at"]) if row["decided_at"] is not None else None,
        decision_reason=row["decision_reason"],
    )


def get(connection: Connection, workspace: str, request_id: str) -> ExceptionRequest | None:
    """A request by its id."""
    row = (
        connection.execute(select(exceptions).where(exceptions.c.workspace == workspace, exceptions.c.id == request_id))
        .mappings()
        .one_or_none()
    )
    return _request(row) if row else None


def of_case(connection: Connection, workspace: str, case_id: str) -> list[ExceptionRequest]:
    """The requests of a case, oldest first."""
    rows = connection.execute(
        select(exceptions)
        .where(exceptions.c.workspace == workspace, exceptions.c.case_id == case_id)
        .order_by(exceptions.c.requested_at)
    )
    return [_request(row) for row in rows.mappings()]


def pending(connection: Connection, workspace: str) -> list[ExceptionRequest]:
    """The requests nobody decided yet, oldest first."""
    rows = connection.execute(
        select(exceptions)
        .where(exceptions.c.workspace == workspace, exceptions.c.state == ExceptionState.REQUESTED)
        .order_by(exceptions.c.requested_at)
    )
    return [_request(row) for row in rows.mappings()]


def card_key(request_id: str) -> str:
    """The outbox key of a request's card."""
    return f"exception:{request_id}"


def granted_at(connection: Connection, workspace: str, customer_id: str, *, but_not: str = "") -> Sequence[datetime]:
    """When exceptions were granted to a customer, leaving out those of the case `but_not`.

    What we put right because it was our own fault is no favour and does not count.
    """
    rows = connection.execute(
        select(exceptions.c.decided_at)
        .where(
            exceptions.c.workspace == workspace,
            exceptions.c.customer_id == customer_id,
            exceptions.c.state == ExceptionState.APPROVED,
            exceptions.c.case_id != but_not,
            exceptions.c.fault_ours != "yes",
        )
        .order_by(exceptions.c.decided_at)
    )
    return [at(row.decided_at) for row in rows]


def granted_to(connection: Connection, workspace: str, customer_id: str, *, but_not: str) -> list[ExceptionRequest]:
    """The exceptions granted to a customer in other cases than `but_not`, oldest first, our own faults among them."""
    rows = connection.execute(
        select(exceptions)
        .where(
            exceptions.c.workspace == workspace,
            exceptions.c.customer_id == customer_id,
            exceptions.c.state == ExceptionState.APPROVED,
            exceptions.c.case_id != but_not,
        )
        .order_by(exceptions.c.decided_at)
    )
    return [_request(row) for row in rows.mappings()]


def write(connection: Connection, request: ExceptionRequest) -> None:
    """File a new request."""
    connection.execute(insert(exceptions).values(**_values(request)))


def settle(connection: Connection, before: ExceptionRequest, after: ExceptionRequest) -> bool:
    """Write a decision, if the request still stands as it did; False when somebody was first."""
    result = connection.execute(
        update(exceptions)
        .where(
            exceptions.c.workspace == before.workspace,
            exceptions.c.id == before.id,
            exceptions.c.state == before.state,
        )
        .values(**_values(after))
    )
    return result.rowcount == 1


def _values(request: ExceptionRequest) -> dict[str, object]:
    values = request.model_dump()
    values["requested_at"] = request.requested_at.timestamp()
    values["decided_at"] = request.decided_at.timestamp() if request.decided_at else None
    return values

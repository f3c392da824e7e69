"""Requests for goodwill exceptions, and the ledger 通融紀錄 of those granted."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, Integer, RowMapping, bindparam, select, update

from bot.case import Case
from bot.goodwill import GRANTED, PENDING, ExceptionRequest, ExceptionState, Grant, Move, Turn
from bot.policy import Concession
from storage import audit as audit_rows
from storage.engine import insert_once
from storage.moments import at
from storage.schema import audit, exceptions


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
        decided_at=_moment(row["decided_at"]),
        decision_reason=row["decision_reason"],
        evidence=row["evidence"],
        reopens=row["reopens"],
        new_fact=row["new_fact"],
        due_at=_moment(row["due_at"]),
        due_move=Move(row["due_move"]) if row["due_move"] else None,
        question=row["question"],
        asked_back_by=row["asked_back_by"],
        answer=row["answer"],
        first_by=row["first_by"],
        first_at=_moment(row["first_at"]),
        deputy_for=row["deputy_for"],
        proposed=_grant(row) if row["granted"] and row["state"] in PENDING else None,
        grant=_grant(row) if row["granted"] and row["state"] not in PENDING else None,
        used_by=row["used_by"],
        used_at=_moment(row["used_at"]),
    )


def _grant(row: RowMapping) -> Grant:
    return Grant(
        concession=Concession(row["granted"]),
        scope=row["scope"],
        cap=row["cap"],
        conditions=row["conditions"],
        valid_until=_moment(row["valid_until"]),
        extended_to=date.fromisoformat(row["extended_to"]) if row["extended_to"] else None,
        ours=row["ours"],
    )


def _moment(seconds: float | None) -> datetime | None:
    return at(seconds) if seconds is not None else None


def get(connection: Connection, workspace: str, request_id: str) -> ExceptionRequest | None:
    """A request by its id."""
    row = (
        connection.execute(select(exceptions).where(exceptions.c.workspace == workspace, exceptions.c.id == request_id))
        .mappings()
        .one_or_none()
    )
    return _request(row) if row else None


_OF_CASE = (
    select(exceptions)
    .where(exceptions.c.workspace == bindparam("of_workspace"), exceptions.c.case_id == bindparam("of_case"))
    .order_by(exceptions.c.requested_at)
)
_GRANTED_AT = (
    select(exceptions.c.decided_at)
    .where(
        exceptions.c.workspace == bindparam("of_workspace"),
        exceptions.c.customer_id == bindparam("of_customer"),
        exceptions.c.state.in_(GRANTED),
        exceptions.c.case_id != bindparam("but_not"),
        exceptions.c.ours.is_(False),
    )
    .order_by(exceptions.c.decided_at)
)
_GRANTS = (
    select(exceptions)
    .where(
        exceptions.c.workspace == bindparam("of_workspace"),
        exceptions.c.customer_id == bindparam("of_customer"),
        exceptions.c.state.in_(GRANTED),
    )
    .order_by(exceptions.c.decided_at)
)
_GRANTED_TO = _GRANTS.where(exceptions.c.case_id != bindparam("but_not"))
_EXTENSIONS = _GRANTS.where(exceptions.c.extended_to.is_not(None))
"""Asked about every message, so made once: to make it takes longer than to answer it."""


def of_case(connection: Connection, workspace: str, case_id: str) -> list[ExceptionRequest]:
    """The requests of a case, oldest first."""
    rows = connection.execute(_OF_CASE, {"of_workspace": workspace, "of_case": case_id})
    return [_request(row) for row in rows.mappings()]


def pending(connection: Connection, workspace: str) -> list[ExceptionRequest]:
    """The requests nobody decided yet, oldest first."""
    rows = connection.execute(
        select(exceptions)
        .where(exceptions.c.workspace == workspace, exceptions.c.state.in_(PENDING))
        .order_by(exceptions.c.requested_at)
    )
    return [_request(row) for row in rows.mappings()]


def waiting_in(connection: Connection, workspace: str, case_ids: Sequence[str]) -> list[ExceptionRequest]:
    """The requests of these cases that wait for a word, or are granted and not booked yet, oldest first."""
    rows = connection.execute(
        select(exceptions)
        .where(
            exceptions.c.workspace == workspace,
            exceptions.c.case_id.in_(case_ids),
            exceptions.c.state.in_([*PENDING, ExceptionState.APPROVED]),
        )
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
    asked = {"of_workspace": workspace, "of_customer": customer_id, "but_not": but_not}
    rows = connection.execute(_GRANTED_AT, asked)
    return [at(row.decided_at) for row in rows]


def granted_to(
    connection: Connection, workspace: str, customer_id: str, *, but_not: str = ""
) -> list[ExceptionRequest]:
    """The exceptions granted to a customer in other cases than `but_not`, oldest first, our own faults among them."""
    asked = {"of_workspace": workspace, "of_customer": customer_id, "but_not": but_not}
    rows = connection.execute(_GRANTED_TO, asked)
    return [_request(row) for row in rows.mappings()]


def declined(connection: Connection, case: Case, since: datetime) -> list[ExceptionRequest]:
    """What was declined in this case, and to its customer in others since then, oldest first."""
    to_customer = (exceptions.c.customer_id == (case.customer_id or "")) & (
        exceptions.c.decided_at >= since.timestamp()
    )
    rows = connection.execute(
        select(exceptions)
        .where(
            exceptions.c.workspace == case.workspace,
            exceptions.c.state == ExceptionState.DECLINED,
            (exceptions.c.case_id == case.id) | to_customer,
        )
        .order_by(exceptions.c.decided_at)
    )
    return [_request(row) for row in rows.mappings()]


def write(connection: Connection, request: ExceptionRequest) -> bool:
    """File a new request; False when the case has one that waits for a word: the database lets none in beside it."""
    return insert_once(connection, exceptions, _values(request))


def note_at_limit(connection: Connection, case: Case, *, by: str, now: float) -> None:
    """Somebody wanted to ask while the customer has had all exceptions of the window (R23); the report counts it."""
    audit_rows.write(
        connection, workspace=case.workspace, actor=by, subject="case", subject_id=case.id, move="at_limit", now=now
    )


def settle(connection: Connection, before: ExceptionRequest, after: ExceptionRequest) -> bool:
    """Write a move, if the request still stands as it did; False when somebody was first.

    Whoever is to have an exception is part of how it stands: a request that moved to another customer is looked at
    anew.
    A question asked back and answered meanwhile may leave state and due time as they were; the words tell.
    """
    result = connection.execute(
        update(exceptions)
        .where(
            exceptions.c.workspace == before.workspace,
            exceptions.c.id == before.id,
            exceptions.c.state == before.state,
            exceptions.c.question == before.question,
            exceptions.c.answer == before.answer,
            exceptions.c.customer_id.is_not_distinct_from(before.customer_id),
            exceptions.c.due_at == before.due_at.timestamp() if before.due_at else exceptions.c.due_at.is_(None),
        )
        .values(**_values(after))
    )
    return result.rowcount == 1


DUE = (
    select(exceptions)
    .where(exceptions.c.workspace == bindparam("of_workspace"), exceptions.c.due_at <= bindparam("now"))
    .order_by(exceptions.c.due_at)
    .limit(bindparam("most", type_=Integer()))
)
"""Asked every second for every workspace, so made once: to make it takes longer than to answer it."""


def due(connection: Connection, workspace: str, now: float, most: int = 500) -> list[ExceptionRequest]:
    """The requests to which something happens by itself by now, the longest overdue first."""
    rows = connection.execute(DUE, {"of_workspace": workspace, "now": now, "most": most})
    return [_request(row) for row in rows.mappings()]


def extensions(connection: Connection, workspace: str, customer_id: str) -> list[ExceptionRequest]:
    """The extensions granted to a customer, oldest first."""
    rows = connection.execute(_EXTENSIONS, {"of_workspace": workspace, "of_customer": customer_id})
    return [_request(row) for row in rows.mappings()]


def turns(connection: Connection, workspace: str, case_id: str) -> list[Turn]:
    """What was asked back about a case's requests, and what was answered, oldest first."""
    of_case_ids = select(exceptions.c.id).where(exceptions.c.workspace == workspace, exceptions.c.case_id == case_id)
    rows = connection.execute(
        select(audit)
        .where(
            audit.c.workspace == workspace,
            audit.c.subject == "exception",
            audit.c.subject_id.in_(of_case_ids),
            audit.c.move.in_([Move.ASK_BACK, Move.ANSWER]),
        )
        .order_by(audit.c.seq)
    )
    return [
        Turn(request_id=row.subject_id, move=Move(row.move), by=row.actor, at=at(row.at), said=row.why) for row in rows
    ]


def similar(connection: Connection, like: ExceptionRequest, low_up_to: Decimal) -> list[ExceptionRequest]:
    """What was decided about other customers' requests like this one, newest first: concession and band of cost.

    How others' were decided is the precedent a supervisor goes by; what this customer heard before is no precedent for
    the same wish again. Faults of ours are left out, since those are put right whatever they cost.
    """
    is_low = exceptions.c.cost <= low_up_to if like.cost <= low_up_to else exceptions.c.cost > low_up_to
    rows = connection.execute(
        select(exceptions)
        .where(
            exceptions.c.workspace == like.workspace,
            exceptions.c.concession == like.concession,
            exceptions.c.decided_at.is_not(None),
            exceptions.c.case_id != like.case_id,
            exceptions.c.customer_id.is_(None) | (exceptions.c.customer_id != (like.customer_id or "")),
            exceptions.c.ours.is_(False),
            is_low,
        )
        .order_by(exceptions.c.decided_at.desc())
        .limit(20)
    )
    return [_request(row) for row in rows.mappings()]


def _values(request: ExceptionRequest) -> dict[str, object]:
    values: dict[str, object] = request.model_dump(exclude={"grant", "proposed"})
    for name in ("requested_at", "decided_at", "due_at", "first_at", "used_at"):
        moment = getattr(request, name)
        values[name] = moment.timestamp() if moment else None
    grant = request.grant or request.proposed
    return values | {
        "granted": grant.concession if grant else None,
        "scope": grant.scope if grant else None,
        "cap": grant.cap if grant else None,
        "conditions": grant.conditions if grant else None,
        "valid_until": grant.valid_until.timestamp() if grant and grant.valid_until else None,
        "extended_to": grant.extended_to.isoformat() if grant and grant.extended_to else None,
        "ours": grant is not None and grant.ours,
    }

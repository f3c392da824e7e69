"""Rows for the report to count, as the bot would have written them at the time they name."""

from decimal import Decimal

from sqlalchemy import Connection

from bot.case import Case, CaseState
from bot.commitments import CommitmentState
from bot.goodwill import ExceptionState
from bot.signals import Reading, Signal
from storage import advised, audit, cases, conversations
from storage.ids import new_id
from storage.schema import cases as case_rows
from storage.schema import commitments, exceptions, opportunities, verifications
from tests.casebook.sample import WORKSPACE, advice, said

HOUR = 3600.0


def reading(*signals: str) -> Reading:
    """What a message showed."""
    return Reading(tuple(Signal(id=each, score=0.9, words="x") for each in signals), 0)


def case_at(
    connection: Connection,
    at: float,
    *,
    signals: tuple[str, ...] = (),
    closed: bool = False,
    customer: str | None = "C-1",
) -> Case:
    """A case that was opened then, by a message that shows these signals."""
    message = said(f"{at:.6f}")
    case = cases.open_case(connection, message, customer)
    changed = {"opened_at": at} | ({"state": CaseState.CLOSED} if closed else {})
    connection.execute(case_rows.update().where(case_rows.c.id == case.id).values(changed))
    conversations.write_message(connection, message, reading(*signals), case.id)
    return case


def file(
    connection: Connection,
    case: Case,
    state: ExceptionState,
    at: float,
    *,
    cost: str = "1000",
    cap: str | None = None,
    ours: bool = False,
    said_ours: str = "no",
    customer: str | None = "C-1",
    currency: str = "TWD",
    concession: str = "full",
) -> None:
    """A request that was filed and decided then."""
    connection.execute(
        exceptions.insert().values(
            workspace=WORKSPACE,
            id=new_id(),
            case_id=case.id,
            customer_id=customer,
            state=state,
            requested_by="UA",
            requested_at=at,
            concession=concession,
            fault="x",
            cost=Decimal(cost),
            cap=Decimal(cap) if cap else None,
            currency=currency,
            reason="x",
            decided_at=at,
            fault_ours=said_ours,
            ours=ours,
        )
    )


def turned_away(connection: Connection, case: Case, at: float) -> None:
    """Somebody wanted to ask for an exception and saw that the window's were used up."""
    audit.write(
        connection, workspace=WORKSPACE, actor="UA", subject="case", subject_id=case.id, move="at_limit", now=at
    )


def closed_at(connection: Connection, case: Case, at: float) -> None:
    """The case was closed for having gone quiet."""
    audit.write(
        connection, workspace=WORKSPACE, actor="aside", subject="case", subject_id=case.id, move="close", now=at
    )


def asked_sales(connection: Connection, case: Case, at: float, state: str) -> None:
    """A promise that sales was asked about then."""
    values = {"workspace": WORKSPACE, "id": new_id(), "case_id": case.id, "state": state, "asked_by": "UA"}
    connection.execute(verifications.insert().values(**values, asked_at=at))


def whispered(
    connection: Connection,
    case: Case,
    at: float,
    *,
    after: float,
    heard: tuple[str, ...] = ("asks_price",),
    while_paused: bool = False,
) -> str:
    """Advice about a message that was said `after` seconds before it; its id."""
    given = advice().model_copy(update={"signals": reading(*heard).signals})
    return advised.write_advice(
        connection, case, message_ts=f"{at - after:.6f}", person="UA", given=given, now=at, while_paused=while_paused
    )


def promised(
    connection: Connection,
    case: Case,
    due: float,
    state: CommitmentState,
    *,
    settled: float | None = None,
    moved_from: float | None = None,
) -> None:
    """A commitment that was due then."""
    connection.execute(
        commitments.insert().values(
            workspace=WORKSPACE,
            id=new_id(),
            case_id=case.id,
            text="x",
            state=state,
            due_at=due,
            timezone="Asia/Taipei",
            made_by="UA",
            made_at=due - HOUR,
            settled_at=settled,
            moved_from=moved_from,
        )
    )


def deal(
    connection: Connection,
    at: float,
    state: str,
    *,
    case: Case | None = None,
    customer: str | None = "C-1",
    value: str | None = None,
    currency: str = "TWD",
    lost_reason: str | None = None,
    lost_note: str = "",
) -> None:
    """An opportunity that was opened an hour before it was settled then."""
    connection.execute(
        opportunities.insert().values(
            workspace=WORKSPACE,
            id=new_id(),
            case_id=(case or case_at(connection, at - HOUR)).id,
            customer_id=customer,
            state=state,
            reasons="[]",
            opened_at=at - HOUR,
            settled_at=at if state in {"won", "lost"} else None,
            value=Decimal(value) if value else None,
            currency=currency if value else None,
            months=12 if value else None,
            lost_reason=lost_reason,
            lost_note=lost_note,
        )
    )

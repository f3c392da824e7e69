"""Cases: opened, touched, moved and closed."""

import json
from dataclasses import asdict

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Text,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import case as case_when

from bot.case import Case, CaseState
from bot.commitments import OWED
from bot.goodwill import ExceptionState
from bot.message import Message, Role
from bot.signals import Reading, Thread
from storage import audit, right_customer
from storage.ids import new_id
from storage.moments import at
from storage.schema import cases, commitments, exceptions


def of_row(row: RowMapping) -> Case:
    """A case as its row tells it."""
    return Case(
        workspace=row["workspace"],
        id=row["id"],
        customer_id=row["customer_id"],
        channel=row["channel"],
        thread_ts=row["thread_ts"],
        state=CaseState(row["state"]),
        agent=row["agent"],
        opened_at=at(row["opened_at"]),
    )


_THIS = (cases.c.workspace == bindparam("of_workspace"), cases.c.id == bindparam("of_case"))
_GET = select(cases).where(*_THIS)
_CONTEXT = select(cases.c.context).where(*_THIS)
"""Asked about every message, so made once: to make it takes longer than to answer it."""


def get(connection: Connection, workspace: str, case_id: str) -> Case | None:
    """A case by its id."""
    found = connection.execute(_GET, {"of_workspace": workspace, "of_case": case_id}).mappings().one_or_none()
    return of_row(found) if found else None


def hold(connection: Connection, workspace: str, case_id: str) -> None:
    """Keep a case, and every other of its customer, to ourselves until the transaction ends.

    What is allowed once is looked up and then written: one open request a case, one exception of a customer in the
    window (R23), one colleague asked at a time. Whoever looks holds first, so that two who look at the same time come
    one after the other and the second sees what the first wrote. On SQLite they do anyway, since one transaction writes
    at a time; PostgreSQL locks the rows, always in the same order, so that no two wait for each other. A transaction
    holds before it writes anything about a case.
    """
    connection.execute(to_hold(workspace, case_id)).all()


def to_hold(workspace: str, case_id: str) -> Select[tuple[str]]:
    """The rows that whoever holds a case holds, in the order in which they are locked."""
    own = select(cases.c.customer_id).where(cases.c.workspace == workspace, cases.c.id == case_id).scalar_subquery()
    return (
        select(cases.c.id)
        .where(cases.c.workspace == workspace, or_(cases.c.id == case_id, cases.c.customer_id == own))
        .order_by(cases.c.id)
        .with_for_update()
    )


def open_case(connection: Connection, message: Message, customer_id: str | None) -> Case:
    """Open a case with the message that starts it."""
    case = Case(
        workspace=message.workspace,
        id=new_id(),
        customer_id=customer_id,
        channel=message.channel,
        thread_ts=message.thread,
        opened_at=message.said_at,
    )
    connection.execute(
        insert(cases),
        {
            "workspace": case.workspace,
            "id": case.id,
            "customer_id": customer_id,
            "channel": case.channel,
            "thread_ts": case.thread_ts,
            "state": case.state,
            "context": "{}",
            "opened_at": case.opened_at.timestamp(),
            "touched_at": case.opened_at.timestamp(),
        },
    )
    return case


def context(connection: Connection, case: Case) -> Thread:
    """What the conversation holds so far, for the reading of its next message."""
    text = connection.execute(_CONTEXT, {"of_workspace": case.workspace, "of_case": case.id}).scalar_one()
    return Thread(**json.loads(text))


_TOUCH = (
    update(cases)
    .where(cases.c.workspace == bindparam("of_workspace"), cases.c.id == bindparam("of_case"))
    .values(
        text_removed_at=None,
        touched_at=case_when(
            (cases.c.touched_at < bindparam("said_at"), bindparam("said_at")), else_=cases.c.touched_at
        ),
        agent=func.coalesce(bindparam("by_agent", type_=Text()), cases.c.agent),
        context=func.coalesce(bindparam("holds", type_=Text()), cases.c.context),
    )
    .returning(cases)
)
"""Said of every message, so made once, and it tells how the case stands then."""


def touch(
    connection: Connection, case: Case, message: Message, reading: Reading, customer_id: str | None, *, now: float
) -> Case:
    """Note that something was said; the case as it stands then.

    An agent who speaks handles the case from now on; a customer who speaks opens a closed one again; a customer who
    was not known before may be known now, and all that counts for them with it. All else stays as it is now, which may
    be later than `case` was read.
    """
    said = {
        "of_workspace": case.workspace,
        "of_case": case.id,
        "said_at": message.said_at.timestamp(),
        "by_agent": message.speaker if message.role is Role.AGENT else None,
        "holds": None if reading.thread is None else json.dumps(asdict(reading.thread)),
    }
    row = connection.execute(_TOUCH, said).mappings().one_or_none()
    if row is None:
        return case
    found = of_row(row)
    if message.role is Role.CUSTOMER and found.state is CaseState.CLOSED:
        _reopen(connection, case, by=message.speaker, why="the customer wrote again", now=now)
        found = found.model_copy(update={"state": CaseState.OPEN})
    if found.customer_id is None and customer_id:
        return right_customer.move(connection, found, customer_id, by="aside", now=now, why="recognised") or found
    return found


def _reopen(connection: Connection, case: Case, *, by: str, why: str, now: float) -> None:
    """Open a case again if it is closed."""
    changed = connection.execute(
        update(cases)
        .where(cases.c.workspace == case.workspace, cases.c.id == case.id, cases.c.state == CaseState.CLOSED)
        .values(state=CaseState.OPEN)
    )
    if changed.rowcount == 1:
        audit.write(
            connection,
            workspace=case.workspace,
            actor=by,
            subject="case",
            subject_id=case.id,
            move="reopen",
            before=CaseState.CLOSED,
            after=CaseState.OPEN,
            why=why,
            now=now,
        )


def gone_quiet(connection: Connection, workspace: str, *, before: float) -> list[Case]:
    """The cases in which nothing was said since `before`, oldest first; none in which somebody still waits for us."""
    rows = connection.execute(select(cases).where(*_quiet(workspace, before)).order_by(cases.c.touched_at))
    return [of_row(row) for row in rows.mappings()]


def close(connection: Connection, case: Case, *, before: float, now: float) -> bool:
    """Close a case that has gone quiet; False when something happened in it meanwhile."""
    changed = connection.execute(
        update(cases).where(*_quiet(case.workspace, before), cases.c.id == case.id).values(state=CaseState.CLOSED)
    )
    if changed.rowcount != 1:
        return False
    audit.write(
        connection,
        workspace=case.workspace,
        actor="aside",
        subject="case",
        subject_id=case.id,
        move="close",
        before=case.state,
        after=CaseState.CLOSED,
        why="nothing was said any more",
        now=now,
    )
    return True


def _quiet(workspace: str, before: float) -> tuple[ColumnElement[bool], ...]:
    """Neither a decision nor anything promised (R33) is awaited in it, nor the booking of what was granted."""
    unbooked = select(exceptions.c.case_id).where(
        exceptions.c.workspace == workspace,
        exceptions.c.state == ExceptionState.APPROVED,
        exceptions.c.valid_until.is_not(None),
    )
    owed = select(commitments.c.case_id).where(commitments.c.workspace == workspace, commitments.c.state.in_(OWED))
    return (
        cases.c.workspace == workspace,
        cases.c.state.not_in([CaseState.CLOSED, CaseState.WAITING]),
        cases.c.touched_at < before,
        cases.c.id.not_in(owed),
        cases.c.id.not_in(unbooked),
    )


def hand_over(connection: Connection, case: Case, agent: str) -> None:
    """Somebody else handles the case from now on 接手."""
    connection.execute(
        update(cases).where(cases.c.workspace == case.workspace, cases.c.id == case.id).values(agent=agent)
    )


def await_decision(connection: Connection, case: Case, *, by: str, now: float) -> None:
    """A decision is awaited in it, so it does not close; a closed one is open again by that, and the audit says so."""
    _reopen(connection, case, by=by, why="an exception was asked for", now=now)
    move(connection, case, CaseState.WAITING, now=now)


def move(connection: Connection, case: Case, state: CaseState, *, now: float) -> None:
    """Put a case into another state, however it stood when it was read; a closed one stays closed.

    What happens in a case counts as a word: it does not close before nothing has happened for as long.
    """
    still_open = (cases.c.workspace == case.workspace) & (cases.c.id == case.id) & (cases.c.state != CaseState.CLOSED)
    connection.execute(update(cases).where(still_open).values(state=state))
    connection.execute(update(cases).where(still_open, cases.c.touched_at < now).values(touched_at=now))

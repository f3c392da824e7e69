"""Which case a thread, a button, a channel, a customer or an agent means."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, union_all

from bot.case import Case, CaseState
from storage.advised import stored_advice
from storage.cases import get, of_row
from storage.schema import cases, messages

NOT_CLOSED = tuple(each for each in CaseState if each is not CaseState.CLOSED)


def _of_thread() -> Select[Any]:
    said_in = select(messages.c.case_id).where(
        messages.c.workspace == bindparam("of_workspace"),
        messages.c.channel == bindparam("in_channel"),
        messages.c.ts == bindparam("of_thread"),
    )
    opened_by = select(cases.c.id).where(
        cases.c.workspace == bindparam("of_workspace"),
        cases.c.channel == bindparam("in_channel"),
        cases.c.thread_ts == bindparam("of_thread"),
    )
    return (
        select(cases)
        .where(cases.c.workspace == bindparam("of_workspace"), cases.c.id.in_(union_all(said_in, opened_by)))
        .order_by(cases.c.opened_at.desc())
        .limit(1)
    )


_OF_THREAD = _of_thread()
_OPEN_IN_CHANNEL = (
    select(cases)
    .where(
        cases.c.workspace == bindparam("of_workspace"),
        cases.c.channel == bindparam("in_channel"),
        cases.c.state != CaseState.CLOSED,
        cases.c.touched_at >= bindparam("since"),
    )
    .order_by(cases.c.touched_at.desc())
)
_SPOKEN_IN = (
    select(messages.c.case_id)
    .where(
        messages.c.workspace == bindparam("of_workspace"),
        messages.c.speaker == bindparam("who"),
        messages.c.case_id.in_(bindparam("of_cases", expanding=True)),
    )
    .distinct()
)
"""Asked about every message, so made once: to make it takes longer than to answer it."""


def of_thread(connection: Connection, workspace: str, channel: str, thread_ts: str) -> Case | None:
    """The case that a thread belongs to: the one it opened, or the one its first message was said in."""
    asked = {"of_workspace": workspace, "in_channel": channel, "of_thread": thread_ts}
    found = connection.execute(_OF_THREAD, asked).mappings().one_or_none()
    return of_row(found) if found else None


def of_button(connection: Connection, workspace: str, value: str) -> Case | None:
    """The case behind a button: a whisper's holds the advice's id, a window's the case's own."""
    given = stored_advice(connection, workspace, value)
    return get(connection, workspace, given.case_id if given else value)


def open_in_channel(connection: Connection, workspace: str, channel: str, *, since: float) -> list[Case]:
    """The cases of a channel that are not closed and in which something was said since then, newest first."""
    asked = {"of_workspace": workspace, "in_channel": channel, "since": since}
    rows = connection.execute(_OPEN_IN_CHANNEL, asked)
    return [of_row(row) for row in rows.mappings()]


def open_of_customer(connection: Connection, workspace: str, customer_id: str) -> list[Case]:
    """The cases of a customer that are not closed, newest first."""
    rows = connection.execute(
        select(cases)
        .where(
            cases.c.workspace == workspace,
            cases.c.customer_id == customer_id,
            cases.c.state != CaseState.CLOSED,
        )
        .order_by(cases.c.touched_at.desc())
    )
    return [of_row(row) for row in rows.mappings()]


def count_before(connection: Connection, case: Case, customer_id: str) -> int:
    """How many cases a customer had before this one."""
    count = select(func.count()).where(
        cases.c.workspace == case.workspace,
        cases.c.customer_id == customer_id,
        cases.c.id != case.id,
        cases.c.opened_at < case.opened_at.timestamp(),
    )
    return connection.execute(count).scalar_one()


def handled_by(connection: Connection, workspace: str, agent: str, most: int) -> tuple[list[Case], int]:
    """The cases somebody handles that are not closed, the longest untouched first, and how many there are in all."""
    rows = connection.execute(
        select(cases, func.count().over().label("in_all"))
        .where(cases.c.workspace == workspace, cases.c.agent == agent, cases.c.state.in_(NOT_CLOSED))
        .order_by(cases.c.touched_at, cases.c.id)
        .limit(most)
    )
    found = rows.mappings().all()
    return [of_row(row) for row in found], found[0]["in_all"] if found else 0


def spoken_in_by(connection: Connection, workspace: str, speaker: str, case_ids: Sequence[str]) -> frozenset[str]:
    """The cases among these in which somebody has spoken."""
    rows = connection.execute(_SPOKEN_IN, {"of_workspace": workspace, "who": speaker, "of_cases": case_ids})
    return frozenset(row.case_id for row in rows)

"""Whose turn it is to be sent: what is due, in its order, as fast as Slack lets a workspace.

Everything is a row, so that several workers share what Slack grants: one for each budget, with the moment from which it
has something again. Whoever looks for something to send in a workspace holds it for as long as that takes.
"""

import json
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from bot.pacing import BUDGETS, IN_A_CHANNEL, MOST_SHUT_SECONDS, Budget
from storage.engine import insert_once, upsert
from storage.outbox import LEASE_SECONDS, Sending, SendKind, SendState, is_outdated, place
from storage.schema import outbox, paces

METHODS: Final[Mapping[SendKind, tuple[str, ...]]] = MappingProxyType(
    {
        SendKind.EPHEMERAL: ("chat.postEphemeral",),
        SendKind.REPLY: (),
        SendKind.MESSAGE: ("chat.postMessage", "conversations.info", "conversations.members"),
        SendKind.DIRECT: ("chat.postMessage", "conversations.open"),
        SendKind.UPDATE: ("chat.update",),
        SendKind.REMOVAL: ("chat.delete",),
        SendKind.HOME: ("views.publish",),
    }
)
"""What Slack is asked for each: while it lets us do one of them no more, none of these is begun."""

VISIBLE: Final = frozenset({SendKind.MESSAGE, SendKind.DIRECT})
REPLACING: Final = frozenset({SendKind.UPDATE, SendKind.HOME})
TOO_LATE: Final = "its moment has passed"
SPENT_SECONDS: Final = 86_400.0
"""After so long nobody's clock takes a budget for shut any more."""
_TURN: Final = ""
_WAITS: Final[list[ColumnElement[str]]] = [literal_column("'due'"), literal_column("'sending'")]
"""As words of the statement: neither engine looks in the index of what waits for what it is told beside it."""
_ONE: Final[ColumnElement[int]] = literal_column("1")
_TWO: Final[ColumnElement[int]] = literal_column("2")
_NOW: Final[BindParameter[float]] = bindparam("now")


def _is_free() -> ColumnElement[bool]:
    """It is due, and nobody is at it."""
    return and_(outbox.c.state.in_(_WAITS), outbox.c.due_at <= _NOW, outbox.c.lease_until <= _NOW)


def _tells_of_another() -> ColumnElement[bool]:
    """It tells of something, answers it or shows it anew, which is not out yet."""
    told_of = outbox.alias()
    return (
        select(told_of.c.seq)
        .where(
            told_of.c.workspace == outbox.c.workspace,
            told_of.c.key == outbox.c.after,
            told_of.c.state.in_(_WAITS),
        )
        .exists()
    )


def _waits_for_another() -> ColumnElement[bool]:
    """Another of its kind is on its way to the same place, or goes first; what is tried again later is passed by."""
    other = outbox.alias()
    is_under_way = and_(other.c.state == SendState.SENDING, other.c.lease_until > _NOW)
    is_older = and_(
        other.c.seq < outbox.c.seq,
        outbox.c.kind != SendKind.EPHEMERAL,
        or_(other.c.state == SendState.SENDING, and_(other.c.state == SendState.DUE, other.c.due_at <= _NOW)),
    )
    return and_(
        outbox.c.place != "",
        select(other.c.seq)
        .where(
            other.c.state.in_(_WAITS),
            other.c.workspace == outbox.c.workspace,
            other.c.kind == outbox.c.kind,
            other.c.place == outbox.c.place,
            or_(is_under_way, is_older),
        )
        .exists(),
    )


def _workspaces_waiting() -> Select[Any]:
    """One look into an index for each workspace, however much waits there."""
    other = outbox.alias()
    first = select(outbox.c.workspace).where(outbox.c.state.in_(_WAITS)).order_by(outbox.c.workspace).limit(_ONE)
    some = select(first.scalar_subquery().label("workspace")).cte("some", recursive=True)
    following = (
        select(other.c.workspace)
        .where(other.c.state.in_(_WAITS), other.c.workspace > some.c.workspace)
        .order_by(other.c.workspace)
        .limit(_ONE)
    )
    some = some.union_all(select(following.scalar_subquery()).where(some.c.workspace.is_not(None)))
    is_due = select(outbox.c.seq).where(outbox.c.workspace == some.c.workspace, _is_free(), ~_tells_of_another())
    return select(some.c.workspace).where(is_due.exists())


def _next() -> Select[Any]:
    """What goes out now, and what else could, if anything."""
    shut: BindParameter[str] = bindparam("shut", expanding=True)
    return (
        select(outbox)
        .where(
            outbox.c.workspace == bindparam("workspace"),
            outbox.c.kind.in_(bindparam("kinds", expanding=True)),
            _is_free(),
            or_(outbox.c.kind.not_in([each.value for each in VISIBLE]), outbox.c.place.not_in(shut)),
            ~_tells_of_another(),
            ~_waits_for_another(),
        )
        .order_by(outbox.c.turn, outbox.c.seq)
        .limit(_TWO)
        .with_for_update(skip_locked=True, of=outbox)
    )


_WORKSPACES_WAITING = _workspaces_waiting()
_NEXT = _next()
_TAKE = (
    update(outbox)
    .where(outbox.c.seq == bindparam("taken"))
    .values(state=SendState.SENDING.value, lease_until=bindparam("until"), attempts=bindparam("tries"))
)
_WITHHOLD_LATE = (
    update(outbox)
    .where(outbox.c.workspace == bindparam("of"), outbox.c.state == _WAITS[0], outbox.c.wanted_until <= _NOW)
    .values(state=SendState.WITHHELD.value, body="{}", error=TOO_LATE)
)
_HELD = (
    select(paces.c.bucket).where(paces.c.workspace == bindparam("workspace"), paces.c.bucket == _TURN).with_for_update()
)
_KNOWN = select(paces.c.bucket, paces.c.opens_at).where(
    paces.c.workspace == bindparam("workspace"), or_(paces.c.opens_at > _NOW, paces.c.bucket.in_(sorted(BUDGETS)))
)
_NEXT_MOMENTS = union_all(
    select(func.min(outbox.c.due_at)).where(outbox.c.state == _WAITS[0], outbox.c.due_at > _NOW),
    select(func.min(paces.c.opens_at)).where(paces.c.opens_at > _NOW),
)
"""All are made once: SQLAlchemy takes longer to make such a statement than a database to answer it."""


def waiting(connection: Connection, *, now: float) -> list[str]:
    """The workspaces in which something is due and nobody is at it."""
    return list(connection.execute(_WORKSPACES_WAITING, {"now": now}).scalars())


def look_again_at(connection: Connection, *, now: float) -> float | None:
    """When the next row is due, or a budget has something again; None when there is nothing to wait for."""
    moments = connection.execute(_NEXT_MOMENTS, {"now": now}).scalars()
    return min((each for each in moments if each is not None), default=None)


def withhold_late(connection: Connection, workspace: str, *, now: float) -> int:
    """What nobody wants any more does not disturb them, and the App Home has it; how many there were."""
    return connection.execute(_WITHHOLD_LATE, {"of": workspace, "now": now}).rowcount


def claim(connection: Connection, workspace: str, *, now: float, but_not: Collection[SendKind] = ()) -> Sending | None:
    """Take what may go out now in a workspace; one that a dead worker may have sent comes as interrupted.

    What goes to one place goes one at a time: the older first, of whispers the weightier. What is taken spends what
    Slack grants; None while that is spent, or nothing is due.

    Args:
        but_not: What the asker has enough of already.
    """
    opens_at = _turn(connection, workspace, now)
    shut = {bucket for bucket, at in opens_at.items() if at > now}
    kinds = [each.value for each in SendKind if each not in but_not and shut.isdisjoint(METHODS[each])]
    asked = {"workspace": workspace, "now": now, "kinds": kinds, "shut": sorted(shut)}
    rows = connection.execute(_NEXT, asked).all()
    if not rows:
        return None
    row = rows[0]
    sending = Sending(
        seq=row.seq,
        workspace=row.workspace,
        key=row.key,
        kind=SendKind(row.kind),
        target=json.loads(row.target),
        body=json.loads(row.body),
        created_at=row.created_at,
        attempts=row.attempts + 1,
        importance=-row.turn,
        interrupted=row.state == SendState.SENDING,
        sent_channel=row.sent_channel,
        follows=len(rows) > 1,
    )
    connection.execute(_TAKE, {"taken": row.seq, "until": now + LEASE_SECONDS, "tries": sending.attempts})
    if not _costs_nothing(connection, sending):
        for bucket, budget in _budgets(sending.kind, row.place):
            _open_at(connection, workspace, bucket, budget.spent(opens_at.get(bucket, 0.0), now))
    return sending


def hold(connection: Connection, workspace: str, method: str, *, until: float) -> None:
    """Slack lets nobody of a workspace call this method until then: every worker waits, with this method alone."""
    opens_at = _turn(connection, workspace, until)
    _open_at(connection, workspace, method, max(until, opens_at.get(method, 0.0)))


def keep_apart(connection: Connection, sending: Sending, *, now: float) -> None:
    """Something visible has just been posted: the next in its channel waits from now on."""
    where = place(sending.kind, sending.target)
    if sending.kind in VISIBLE and where:
        _open_at(connection, sending.workspace, where, now + IN_A_CHANNEL.seconds_each)


def forget_spent(connection: Connection, workspace: str, *, now: float, limit: int) -> int:
    """Let go of budgets that have long been full again, of each channel and person ever written to; how many."""
    spent = (
        select(paces.c.bucket)
        .where(paces.c.workspace == workspace, paces.c.bucket != _TURN, paces.c.opens_at < now - SPENT_SECONDS)
        .order_by(paces.c.bucket)
        .limit(limit)
    )
    long_ago = delete(paces).where(
        paces.c.workspace == workspace, paces.c.bucket.in_(spent), paces.c.opens_at < now - SPENT_SECONDS
    )
    return connection.execute(long_ago).rowcount


def _turn(connection: Connection, workspace: str, now: float) -> dict[str, float]:
    """Hold a workspace until the transaction ends; what is shut, and what the budgets say that hold more than one."""
    if connection.execute(_HELD, {"workspace": workspace}).one_or_none() is None:
        insert_once(connection, paces, {"workspace": workspace, "bucket": _TURN, "opens_at": 0.0})
        connection.execute(_HELD, {"workspace": workspace}).one()
    known = connection.execute(_KNOWN, {"workspace": workspace, "now": now})
    return {row.bucket: row.opens_at for row in known if row.opens_at <= now + MOST_SHUT_SECONDS}


def _open_at(connection: Connection, workspace: str, bucket: str, opens_at: float) -> None:
    upsert(connection, paces, {"workspace": workspace, "bucket": bucket, "opens_at": opens_at})


def _budgets(kind: SendKind, where: str) -> list[tuple[str, Budget]]:
    """What one of these spends."""
    of_methods = [(each, BUDGETS[each]) for each in METHODS[kind] if each in BUDGETS]
    return [*of_methods, *([(where, IN_A_CHANNEL)] if kind in VISIBLE and where else [])]


def _costs_nothing(connection: Connection, sending: Sending) -> bool:
    """Slack will not be called for it."""
    if sending.kind in REPLACING:
        return is_outdated(connection, sending)
    return sending.interrupted and sending.kind.at_most_once

"""What Slack told us, written down before Slack hears "ok", and worked on once."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, literal_column, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from storage.engine import Casebook, insert_once
from storage.schema import inbox

LEASE_SECONDS = 30.0
MAX_ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 86_400.0
LEAST_PAUSE_SECONDS = 2.0
MOST_PAUSE_SECONDS = 60.0


class Lane(StrEnum):
    """Somebody is waiting with a trigger that dies in three seconds, or nobody is."""

    PERSON = "person"
    STREAM = "stream"


class InboxState(StrEnum):
    """The life of an entry."""

    NEW = "new"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """One thing to work on."""

    seq: int
    workspace: str
    key: str
    lane: Lane
    kind: str
    payload: Mapping[str, Any]
    received_at: float
    attempts: int


def put_at_once(
    casebook: Casebook,
    *,
    workspace: str,
    key: str,
    lane: Lane,
    kind: str,
    payload: Mapping[str, Any],
    now: float,
    channel: str = "",
) -> None:
    """Write an entry down in a transaction of its own, unless its key was here before; see `put`."""
    casebook.insert_at_once(
        inbox,
        _new(workspace=workspace, key=key, lane=lane, kind=kind, payload=payload, now=now, channel=channel),
    )


def put(
    connection: Connection,
    *,
    workspace: str,
    key: str,
    lane: Lane,
    kind: str,
    payload: Mapping[str, Any],
    now: float,
    channel: str = "",
) -> bool:
    """Write an entry down; False when its key was here before (Slack delivers at least once).

    Args:
        channel: Entries of one channel are worked on one after the other, by however many workers; those of none at
            any time.
    """
    return insert_once(
        connection,
        inbox,
        _new(workspace=workspace, key=key, lane=lane, kind=kind, payload=payload, now=now, channel=channel),
    )


def _new(
    *, workspace: str, key: str, lane: Lane, kind: str, payload: Mapping[str, Any], now: float, channel: str
) -> dict[str, str | float]:
    return {
        "workspace": workspace,
        "key": key,
        "lane": lane.value,
        "kind": kind,
        "channel": channel,
        "payload": json.dumps(payload),
        "received_at": now,
        "state": InboxState.NEW.value,
        "lease_until": 0.0,
        "attempts": 0,
    }


_IS_NEW: ColumnElement[str] = literal_column(f"'{InboxState.NEW.value}'")
"""As a word of the statement: neither engine looks in the index of what is new for what it is told beside it."""


def _take(*, of_others: bool) -> ReturningUpdate[Any]:
    """Take the oldest entry of a lane that nobody works on and whose turn it is.

    What was said in a channel waits until what was said there before is worked on; an entry that failed and is tried
    again later keeps nothing waiting.

    Args:
        of_others: Some workspaces are passed by, however much waits there.
    """
    waiting, before = inbox.alias(), inbox.alias()
    is_waited_for = (
        select(before.c.seq)
        .where(
            before.c.state == _IS_NEW,
            before.c.lane == bindparam("of_lane"),
            before.c.seq < waiting.c.seq,
            before.c.workspace == waiting.c.workspace,
            before.c.channel == waiting.c.channel,
            before.c.error.is_(None),
        )
        .exists()
    )
    first = (
        select(waiting.c.seq)
        .where(
            waiting.c.state == _IS_NEW,
            waiting.c.lane == bindparam("of_lane"),
            waiting.c.lease_until <= bindparam("now"),
            *([waiting.c.workspace.not_in(bindparam("but_not", expanding=True))] if of_others else []),
            or_(waiting.c.channel == "", ~is_waited_for),
        )
        .order_by(waiting.c.seq)
        .limit(literal_column("1"))
        .with_for_update(skip_locked=True, of=waiting)
    )
    return (
        update(inbox)
        .where(inbox.c.seq == first.scalar_subquery())
        .values(lease_until=bindparam("until"), attempts=inbox.c.attempts + 1)
        .returning(inbox)
    )


_TAKE = _take(of_others=False)
_TAKE_OF_OTHERS = _take(of_others=True)
_FINISH = (
    update(inbox)
    .where(inbox.c.seq == bindparam("of_seq"), inbox.c.state == InboxState.NEW)
    .values(state=InboxState.DONE, payload="{}")
)
"""All are made once: SQLAlchemy takes longer to make such a statement than a database to answer it."""


def claim(connection: Connection, *, lane: Lane, now: float, but_not: Collection[str] = ()) -> Entry | None:
    """Take the oldest entry that nobody works on, for `LEASE_SECONDS`; whoever dies lets it go by then.

    A conversation is read in its order and opens one case: of one channel, one entry at a time is worked on. It is one
    statement.

    Args:
        but_not: Workspaces for which nobody has time now.
    """
    asked = {"of_lane": lane.value, "now": now, "until": now + LEASE_SECONDS}
    if but_not:
        row = connection.execute(_TAKE_OF_OTHERS, asked | {"but_not": sorted(but_not)}).one_or_none()
    else:
        row = connection.execute(_TAKE, asked).one_or_none()
    if row is None:
        return None
    return Entry(
        seq=row.seq,
        workspace=row.workspace,
        key=row.key,
        lane=Lane(row.lane),
        kind=row.kind,
        payload=json.loads(row.payload),
        received_at=row.received_at,
        attempts=row.attempts,
    )


def others_waiting(connection: Connection, entry: Entry, *, channel: str) -> bool:
    """Whether something else of a channel is being worked on, or waits to be."""
    waiting = select(inbox.c.seq).where(
        inbox.c.state == InboxState.NEW,
        inbox.c.lane == entry.lane,
        inbox.c.workspace == entry.workspace,
        inbox.c.channel == channel,
        inbox.c.seq != entry.seq,
    )
    return connection.execute(waiting.limit(1)).one_or_none() is not None


def finish(connection: Connection, entry: Entry) -> bool:
    """Mark an entry done, in the transaction of its effects; False when another worker was first.

    What was said is not kept here any longer than it takes to work on it.
    """
    return connection.execute(_FINISH, {"of_seq": entry.seq}).rowcount == 1


def give_back(connection: Connection, entry: Entry, *, error: str, now: float) -> InboxState:
    """After an error: try again a little later, or give up after `MAX_ATTEMPTS`."""
    state = InboxState.FAILED if entry.attempts >= MAX_ATTEMPTS else InboxState.NEW
    connection.execute(
        update(inbox)
        .where(inbox.c.seq == entry.seq)
        .values(state=state, lease_until=now + 2.0**entry.attempts, error=error)
    )
    return state


def put_off(connection: Connection, entry: Entry, *, error: str, now: float) -> InboxState:
    """It is nothing of its own that keeps us from it, such as Slack being away: try again for a whole day.

    It does not count as tried; the longer it has waited, the longer until it is tried again.
    """
    waited = now - entry.received_at
    state = InboxState.FAILED if waited > LONGEST_WAIT_SECONDS else InboxState.NEW
    pause = min(max(LEAST_PAUSE_SECONDS, waited / 2), MOST_PAUSE_SECONDS)
    connection.execute(
        update(inbox)
        .where(inbox.c.seq == entry.seq)
        .values(state=state, lease_until=now + pause, attempts=entry.attempts - 1, error=error)
    )
    return state


def let_go(connection: Connection, entry: Entry) -> None:
    """We are told to end in the middle of it, or cannot begin: whoever is next may at once, as if we had not."""
    connection.execute(
        update(inbox)
        .where(inbox.c.seq == entry.seq, inbox.c.state == InboxState.NEW)
        .values(lease_until=0.0, attempts=entry.attempts - 1)
    )


def purge(connection: Connection, *, before: float, limit: int) -> int:
    """Let go of entries worked on long ago, oldest first; how many there were."""
    old = (
        select(inbox.c.seq)
        .where(inbox.c.received_at < before, inbox.c.state != InboxState.NEW)
        .order_by(inbox.c.seq)
        .limit(limit)
    )
    return connection.execute(delete(inbox).where(inbox.c.seq.in_(old))).rowcount


def release_leases(connection: Connection) -> None:
    """At start-up of the only worker: what a dead one held is free."""
    connection.execute(update(inbox).where(inbox.c.state == InboxState.NEW).values(lease_until=0.0))

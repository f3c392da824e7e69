"""What we tell Slack, written in the transaction that decided it and sent afterwards."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from storage.engine import insert_once
from storage.schema import outbox

LEASE_SECONDS = 30.0


class SendKind(StrEnum):
    """How a thing is shown, and so how often it may be tried.

    `EPHEMERAL` and `REPLY` are sent at most once; the others until Slack took them.
    """

    EPHEMERAL = "ephemeral"
    REPLY = "reply"
    MESSAGE = "message"
    DIRECT = "direct"
    UPDATE = "update"
    REMOVAL = "removal"
    HOME = "home"

    @property
    def has_to_arrive(self) -> bool:
        """Whether it is tried until Slack takes it or refuses it."""
        return self in {SendKind.MESSAGE, SendKind.DIRECT, SendKind.UPDATE, SendKind.REMOVAL}

    @property
    def at_most_once(self) -> bool:
        """Whether a second try could show it twice."""
        return self in {SendKind.EPHEMERAL, SendKind.REPLY}


_REPLACING = (SendKind.UPDATE, SendKind.HOME)


class SendState(StrEnum):
    """The life of a row."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    WITHHELD = "withheld"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sending:
    """One thing to send.

    Attributes:
        target: Where to: channel, thread, person, or the key of the row whose message is updated.
        body: Text and blocks.
        interrupted: Somebody began to send it and never said how it ended.
    """

    seq: int
    workspace: str
    key: str
    kind: SendKind
    target: Mapping[str, Any]
    body: Mapping[str, Any]
    created_at: float
    attempts: int
    interrupted: bool = False
    sent_channel: str | None = None


def put(
    connection: Connection,
    *,
    workspace: str,
    key: str,
    kind: SendKind,
    target: Mapping[str, Any],
    body: Mapping[str, Any],
    now: float,
    case_id: str | None = None,
) -> bool:
    """Write down what to send; the key makes it happen once. False when it was here before."""
    return insert_once(
        connection,
        outbox,
        {
            "workspace": workspace,
            "key": key,
            "kind": kind,
            "target": json.dumps(target),
            "body": json.dumps(body),
            "case_id": case_id,
            "created_at": now,
            "state": SendState.DUE,
            "due_at": now,
            "lease_until": 0.0,
            "attempts": 0,
        },
    )


def claim(connection: Connection, *, now: float) -> Sending | None:
    """Take the oldest row that is due; one that a dead worker may have sent comes as interrupted.

    Of what replaces what was shown before, updates of a message and somebody's App Home, one at a time goes out,
    so that with several workers too the newest stands in the end.
    """
    row = connection.execute(
        select(outbox)
        .where(
            outbox.c.state.in_([SendState.DUE, SendState.SENDING]),
            outbox.c.due_at <= now,
            outbox.c.lease_until <= now,
            or_(outbox.c.kind.not_in(_REPLACING), ~_is_being_replaced(now)),
        )
        .order_by(outbox.c.seq)
        .limit(1)
        .with_for_update(skip_locked=True, of=outbox)
    ).one_or_none()
    if row is None:
        return None
    connection.execute(
        update(outbox)
        .where(outbox.c.seq == row.seq)
        .values(state=SendState.SENDING, lease_until=now + LEASE_SECONDS, attempts=row.attempts + 1)
    )
    return Sending(
        seq=row.seq,
        workspace=row.workspace,
        key=row.key,
        kind=SendKind(row.kind),
        target=json.loads(row.target),
        body=json.loads(row.body),
        created_at=row.created_at,
        attempts=row.attempts + 1,
        interrupted=row.state == SendState.SENDING,
        sent_channel=row.sent_channel,
    )


def _is_being_replaced(now: float) -> ColumnElement[bool]:
    """An older row for the same place is on its way, or goes first."""
    before = outbox.alias()
    return (
        select(before.c.seq)
        .where(
            or_(before.c.state == SendState.SENDING, and_(before.c.state == SendState.DUE, before.c.due_at <= now)),
            before.c.seq < outbox.c.seq,
            before.c.workspace == outbox.c.workspace,
            before.c.kind == outbox.c.kind,
            before.c.target == outbox.c.target,
        )
        .exists()
    )


def settle(
    connection: Connection,
    sending: Sending,
    *,
    state: SendState,
    channel: str | None = None,
    ts: str | None = None,
    error: str | None = None,
) -> None:
    """Write down how it ended; what was said is not kept here any longer than it takes to send it."""
    connection.execute(
        update(outbox)
        .where(outbox.c.seq == sending.seq)
        .values(state=state, body="{}", sent_channel=channel or sending.sent_channel, sent_ts=ts, error=error)
    )


def let_go(connection: Connection, sending: Sending) -> None:
    """We are told to end in the middle of it: whoever is next takes it as interrupted, without waiting."""
    connection.execute(
        update(outbox).where(outbox.c.seq == sending.seq, outbox.c.state == SendState.SENDING).values(lease_until=0.0)
    )


def remember_channel(connection: Connection, sending: Sending, channel: str) -> None:
    """Note where a direct message goes before it is sent, so that a second try can look for it there."""
    connection.execute(update(outbox).where(outbox.c.seq == sending.seq).values(sent_channel=channel))


def postpone(connection: Connection, sending: Sending, *, until: float, error: str) -> None:
    """Try again at `until`."""
    connection.execute(
        update(outbox)
        .where(outbox.c.seq == sending.seq)
        .values(state=SendState.DUE, due_at=until, lease_until=0.0, error=error)
    )


def place_of(connection: Connection, workspace: str, key: str) -> tuple[str, str] | None:
    """Channel and ts of a message sent earlier; None while it has not been."""
    row = connection.execute(
        select(outbox.c.sent_channel, outbox.c.sent_ts).where(
            outbox.c.workspace == workspace, outbox.c.key == key, outbox.c.state == SendState.SENT
        )
    ).one_or_none()
    return (row.sent_channel, row.sent_ts) if row and row.sent_ts else None


def state_of(connection: Connection, workspace: str, key: str) -> SendState | None:
    """How it stands with a row; None when there is none."""
    state = connection.execute(
        select(outbox.c.state).where(outbox.c.workspace == workspace, outbox.c.key == key)
    ).scalar_one_or_none()
    return SendState(state) if state else None


def redirect(connection: Connection, sending: Sending, target: Mapping[str, Any], *, now: float) -> None:
    """Send a row somewhere else, from the beginning."""
    connection.execute(
        update(outbox)
        .where(outbox.c.seq == sending.seq)
        .values(target=json.dumps(target), state=SendState.DUE, due_at=now, lease_until=0.0, attempts=0)
    )


def reword(connection: Connection, workspace: str, key: str, body: Mapping[str, Any]) -> bool:
    """Say something else with a row that has not gone out yet; False when it has, or begins to."""
    waiting = update(outbox).where(
        outbox.c.workspace == workspace, outbox.c.key == key, outbox.c.state == SendState.DUE
    )
    return connection.execute(waiting.values(body=json.dumps(body))).rowcount == 1


def cancel(connection: Connection, workspace: str, key: str) -> None:
    """Take back what has not gone out yet."""
    connection.execute(
        update(outbox)
        .where(outbox.c.workspace == workspace, outbox.c.key == key, outbox.c.state == SendState.DUE)
        .values(state=SendState.WITHHELD, body="{}", error="taken back")
    )


def visible_in(connection: Connection, workspace: str, channel: str) -> list[str]:
    """Keys of the visible messages of ours that stand in a channel, or are just being posted there, oldest first."""
    being_posted = outbox.c.state == SendState.SENDING
    rows = connection.execute(
        select(outbox.c.key, outbox.c.target, being_posted.label("being_posted"))
        .where(
            outbox.c.workspace == workspace,
            outbox.c.kind == SendKind.MESSAGE,
            or_(being_posted, and_(outbox.c.state == SendState.SENT, outbox.c.sent_channel == channel)),
        )
        .order_by(outbox.c.seq)
    )
    return [row.key for row in rows if not row.being_posted or json.loads(row.target).get("channel") == channel]


def remove(
    connection: Connection,
    workspace: str,
    key: str,
    channel: str,
    *,
    now: float,
    again_in: str | None = None,
    body: Mapping[str, Any] | None = None,
) -> bool:
    """Take a visible message of ours away from a channel, once it stands there; False when that is being done already.

    Args:
        again_in: The channel in which it is posted after that, with `body`, when it stood there.
    """
    return put(
        connection,
        workspace=workspace,
        key=removal_key(key, channel),
        kind=SendKind.REMOVAL,
        target={"of": key, "channel": channel} | ({"again_in": again_in} if again_in else {}),
        body=body or {},
        now=now,
    )


def removal_key(key: str, channel: str) -> str:
    """The outbox key of what takes a message away from a channel."""
    return f"{key}:removed:{channel}"


def post_again(
    connection: Connection, workspace: str, key: str, *, channel: str, body: Mapping[str, Any], now: float
) -> None:
    """Post a message that was taken away in another channel, for good; it counts as sent once it stands there."""
    row = connection.execute(
        select(outbox.c.seq, outbox.c.target).where(outbox.c.workspace == workspace, outbox.c.key == key)
    ).one()
    target = {**json.loads(row.target), "channel": channel, "thread_ts": None, "instead": None}
    connection.execute(
        update(outbox)
        .where(outbox.c.seq == row.seq)
        .values(
            target=json.dumps(target),
            body=json.dumps(body),
            state=SendState.DUE,
            due_at=now,
            lease_until=0.0,
            attempts=0,
            sent_channel=None,
            sent_ts=None,
        )
    )


def next_due(connection: Connection) -> float | None:
    """When the next row is due; None when there is nothing to wait for."""
    return connection.execute(
        select(outbox.c.due_at).where(outbox.c.state == SendState.DUE).order_by(outbox.c.due_at).limit(1)
    ).scalar_one_or_none()


def is_outdated(connection: Connection, sending: Sending) -> bool:
    """Whether a later row replaces what this one would show, so that it would only flicker, or stand there for good."""
    return (
        connection.execute(
            select(outbox.c.seq)
            .where(
                outbox.c.workspace == sending.workspace,
                outbox.c.kind == sending.kind,
                outbox.c.target == json.dumps(sending.target),
                outbox.c.seq > sending.seq,
            )
            .limit(1)
        ).one_or_none()
        is not None
    )


def release_leases(connection: Connection) -> None:
    """At start-up of the only worker: what a dead one held is free."""
    connection.execute(update(outbox).where(outbox.c.state == SendState.SENDING).values(lease_until=0.0))

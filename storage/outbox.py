"""What we tell Slack, written in the transaction that decided it and sent afterwards."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from bot.message import Role
from storage.engine import insert_once
from storage.schema import messages, outbox

LEASE_SECONDS = 30.0
_PUT = "put"


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


class SendState(StrEnum):
    """The life of a row."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    WITHHELD = "withheld"
    FAILED = "failed"
    UNKNOWN = "unknown"


_CHANGE = update(outbox).where(outbox.c.seq == bindparam("of_seq"))
_PLACE = select(outbox.c.sent_channel, outbox.c.sent_ts).where(
    outbox.c.workspace == bindparam("of_workspace"),
    outbox.c.key == bindparam("with_key"),
    outbox.c.state == SendState.SENT,
)
_STATE = select(outbox.c.state).where(
    outbox.c.workspace == bindparam("of_workspace"), outbox.c.key == bindparam("with_key")
)
_REPLACES = (
    select(outbox.c.seq)
    .where(
        outbox.c.workspace == bindparam("of_workspace"),
        outbox.c.kind == bindparam("same_kind"),
        outbox.c.target == bindparam("same_target"),
        outbox.c.seq > bindparam("of_seq"),
    )
    .limit(1)
)
"""Asked and noted of everything that is sent, so made once: to make it takes longer than to answer it."""


@dataclass(frozen=True)
class Sending:
    """One thing to send.

    Attributes:
        target: Where to: channel, thread, person, or the key of the row whose message is updated.
        body: Text and blocks.
        importance: Of what goes to one person alone, the weightier goes first (`bot.pacing`).
        interrupted: Somebody began to send it and never said how it ended.
        follows: Something else of its workspace could have gone out at the same moment.
    """

    seq: int
    workspace: str
    key: str
    kind: SendKind
    target: Mapping[str, Any]
    body: Mapping[str, Any]
    created_at: float
    attempts: int
    importance: int = 0
    interrupted: bool = False
    sent_channel: str | None = None
    follows: bool = False


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
    importance: int = 0,
    wanted_until: float | None = None,
) -> bool:
    """Write down what to send; the key makes it happen once. False when it was here before.

    Args:
        importance: Of what goes to one person alone, the weightier goes first.
        wanted_until: What has not gone out by then is not sent any more; None when somebody waits for it.
    """
    connection.info[_PUT] = True
    return insert_once(
        connection,
        outbox,
        {
            "workspace": workspace,
            "key": key,
            "kind": kind,
            "place": place(kind, target),
            "after": target.get("after") or target.get("thread_of") or target.get("of"),
            "turn": -importance,
            "wanted_until": wanted_until,
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


def has_new(connection: Connection) -> bool:
    """Whether something was put over this connection since somebody asked last, so that the sender is woken for it."""
    return bool(connection.info.pop(_PUT, False))


def place(kind: SendKind, target: Mapping[str, Any]) -> str:
    """Where it is shown, as far as order matters: one thing of a kind at a time goes there, in its order.

    That is a channel, a person, or the message that is shown anew; empty where order does not matter.
    """
    match kind:
        case SendKind.MESSAGE:
            return str(target.get("channel") or "")
        case SendKind.UPDATE:
            return str(target.get("of") or "")
        case SendKind.REMOVAL:
            return ""
        case SendKind.EPHEMERAL | SendKind.REPLY | SendKind.DIRECT | SendKind.HOME:
            return str(target.get("user") or "")


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
    ended = {"state": state, "body": "{}", "sent_channel": channel or sending.sent_channel, "sent_ts": ts}
    connection.execute(_CHANGE, {"of_seq": sending.seq, **ended, "error": error})


def let_go(connection: Connection, sending: Sending) -> None:
    """We are told to end in the middle of it: whoever is next takes it as interrupted, without waiting."""
    connection.execute(
        update(outbox).where(outbox.c.seq == sending.seq, outbox.c.state == SendState.SENDING).values(lease_until=0.0)
    )


def remember_channel(connection: Connection, sending: Sending, channel: str) -> None:
    """Note where a direct message goes before it is sent, so that a second try can look for it there."""
    connection.execute(_CHANGE, {"of_seq": sending.seq, "sent_channel": channel})


def postpone(connection: Connection, sending: Sending, *, until: float, error: str, was_a_try: bool = True) -> None:
    """Try again at `until`.

    Args:
        was_a_try: False when Slack surely has nothing of it, so that it counts as not tried.
    """
    connection.execute(
        update(outbox)
        .where(outbox.c.seq == sending.seq)
        .values(
            state=SendState.DUE,
            due_at=until,
            lease_until=0.0,
            error=error,
            attempts=sending.attempts if was_a_try else sending.attempts - 1,
        )
    )


def place_of(connection: Connection, workspace: str, key: str) -> tuple[str, str] | None:
    """Channel and ts of a message sent earlier; None while it has not been."""
    row = connection.execute(_PLACE, {"of_workspace": workspace, "with_key": key}).one_or_none()
    return (row.sent_channel, row.sent_ts) if row and row.sent_ts else None


def state_of(connection: Connection, workspace: str, key: str) -> SendState | None:
    """How it stands with a row; None when there is none."""
    state = connection.execute(_STATE, {"of_workspace": workspace, "with_key": key}).scalar_one_or_none()
    return SendState(state) if state else None


def target_of(connection: Connection, workspace: str, key: str) -> Mapping[str, Any]:
    """Where a row goes or went, and what else was noted of it there; nothing when there is none."""
    target = connection.execute(
        select(outbox.c.target).where(outbox.c.workspace == workspace, outbox.c.key == key)
    ).scalar_one_or_none()
    return json.loads(target) if target else {}


def redirect(connection: Connection, sending: Sending, target: Mapping[str, Any], *, now: float) -> None:
    """Send a row somewhere else, from the beginning."""
    connection.execute(
        update(outbox)
        .where(outbox.c.seq == sending.seq)
        .values(
            target=json.dumps(target),
            place=place(sending.kind, target),
            state=SendState.DUE,
            due_at=now,
            lease_until=0.0,
            attempts=0,
        )
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
            place=channel,
            body=json.dumps(body),
            state=SendState.DUE,
            due_at=now,
            lease_until=0.0,
            attempts=0,
            sent_channel=None,
            sent_ts=None,
        )
    )


def is_outdated(connection: Connection, sending: Sending) -> bool:
    """Whether a later row replaces what this one would show, so that it would only flicker, or stand there for good."""
    asked = {
        "of_workspace": sending.workspace,
        "same_kind": sending.kind,
        "same_target": json.dumps(sending.target),
        "of_seq": sending.seq,
    }
    return connection.execute(_REPLACES, asked).one_or_none() is not None


def is_answered(connection: Connection, sending: Sending) -> bool:
    """Whether one of us has written in the case since it was put here."""
    return (
        connection.execute(
            select(messages.c.ts)
            .join(outbox, and_(outbox.c.workspace == messages.c.workspace, outbox.c.case_id == messages.c.case_id))
            .where(
                outbox.c.seq == sending.seq,
                messages.c.role.in_([Role.AGENT, Role.SUPERVISOR]),
                messages.c.ts > f"{sending.created_at:.6f}",
                messages.c.deleted_at.is_(None),
            )
            .limit(1)
        ).one_or_none()
        is not None
    )


def is_followed(connection: Connection, sending: Sending) -> bool:
    """Whether something later that need not wait to be wanted either, as important, is for the same person and case."""
    this, later = outbox.alias(), outbox.alias()
    return (
        connection.execute(
            select(later.c.seq)
            .join(
                this,
                and_(
                    this.c.workspace == later.c.workspace,
                    this.c.case_id == later.c.case_id,
                    this.c.kind == later.c.kind,
                    this.c.place == later.c.place,
                ),
            )
            .where(
                this.c.seq == sending.seq,
                later.c.seq > sending.seq,
                later.c.turn <= -sending.importance,
                later.c.wanted_until.is_not(None),
                later.c.state.in_([SendState.DUE, SendState.SENDING, SendState.SENT]),
            )
            .limit(1)
        ).one_or_none()
        is not None
    )


def release_leases(connection: Connection) -> None:
    """At start-up of the only worker: what a dead one held is free."""
    connection.execute(update(outbox).where(outbox.c.state == SendState.SENDING).values(lease_until=0.0))

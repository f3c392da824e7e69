"""What waits in the casebook, for whoever watches us: figures alone, each from an index, each bounded."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, event, func, select

from bot.metrics import Waiting
from bot.takeover import AskState
from storage.engine import Casebook
from storage.inbox import InboxState, Lane
from storage.outbox import SendKind, SendState
from storage.schema import (
    audit,
    commitments,
    exceptions,
    inbox,
    installations,
    opportunities,
    outbox,
    takeovers,
    verifications,
)

MOST: Final = 10_000
"""More rows than these are not counted: whoever asks learns that something is wrong, and the casebook is not busy."""


def inbox_waiting(connection: Connection, workspaces: Sequence[str], now: float) -> Mapping[str, Waiting]:
    """What Slack told us and nobody has worked on, by lane; both lanes, whether anything waits or not."""
    is_new = and_(inbox.c.state == InboxState.NEW, inbox.c.workspace.in_(workspaces))
    heard = select(inbox.c.received_at.label("at")).where(is_new).order_by(inbox.c.seq)
    return {lane.value: _counted(connection, heard.where(inbox.c.lane == lane), now) for lane in Lane}


def outbox_waiting(connection: Connection, workspaces: Sequence[str], now: float) -> Mapping[str, Waiting]:
    """What is to be sent and neither is nor will be left out, by kind; how old counts from when it was decided."""
    waiting = (
        select(outbox.c.kind, outbox.c.created_at)
        .where(outbox.c.state.in_([SendState.DUE, SendState.SENDING]), outbox.c.workspace.in_(workspaces))
        .limit(MOST)
        .subquery()
    )
    rows = connection.execute(
        select(waiting.c.kind, func.count(), func.min(waiting.c.created_at)).group_by(waiting.c.kind)
    )
    found = {kind: Waiting(number, max(0.0, now - oldest)) for kind, number, oldest in rows}
    return {kind.value: found.get(kind.value, Waiting(0, 0.0)) for kind in SendKind}


def late(connection: Connection, workspaces: Sequence[str], now: float) -> Mapping[str, Waiting]:
    """What should have happened by itself by now, by what it is."""
    is_asked = takeovers.c.state == AskState.ASKED
    by_itself: Mapping[str, tuple[Column[Any], Column[Any], ColumnElement[bool] | None]] = {
        "commitment": (commitments.c.workspace, commitments.c.next_at, None),
        "exception": (exceptions.c.workspace, exceptions.c.due_at, None),
        "opportunity": (opportunities.c.workspace, opportunities.c.due_at, None),
        "takeover": (takeovers.c.workspace, takeovers.c.due_at, is_asked),
        "verification": (verifications.c.workspace, verifications.c.due_at, None),
    }
    found = {}
    for what, (workspace, due_at, among) in by_itself.items():
        is_late = and_(workspace.in_(workspaces), due_at <= now, *([] if among is None else [among]))
        found[what] = _counted(connection, select(due_at.label("at")).where(is_late), now)
    return found


def tokens_expire_at(connection: Connection, workspaces: Sequence[str]) -> Mapping[str, float]:
    """When the token of each workspace ends; none of those that do not end, or that are set by hand."""
    asked = select(installations.c.workspace, installations.c.expires_at).where(
        installations.c.workspace.in_(workspaces), installations.c.expires_at.is_not(None)
    )
    return {row.workspace: row.expires_at for row in connection.execute(asked)}


def heard_in(connection: Connection, workspace: str) -> Mapping[str, float]:
    """When Slack last told us of something in each channel, as far back as that is kept."""
    rows = connection.execute(
        select(inbox.c.channel, func.max(inbox.c.received_at).label("at"))
        .where(inbox.c.workspace == workspace, inbox.c.channel != "")
        .group_by(inbox.c.channel)
    )
    return {row.channel: row.at for row in rows}


def set_up_at(connection: Connection, workspace: str) -> float:
    """When the setup was last changed; 0 before anybody did."""
    changed = select(func.max(audit.c.at)).where(audit.c.workspace == workspace, audit.c.subject == "setup")
    return float(connection.execute(changed).scalar_one_or_none() or 0.0)


def _counted(connection: Connection, rows: Select[Any], now: float) -> Waiting:
    some = rows.limit(MOST).subquery()
    number, oldest = connection.execute(select(func.count(), func.min(some.c.at))).one()
    return Waiting(number, max(0.0, now - oldest) if oldest is not None else 0.0)


def tell_of_errors(casebook: Casebook, tell: Callable[[str], None]) -> None:
    """Tell of each error of the database underneath, by its kind: one that is handled is told of as well."""

    @event.listens_for(casebook.engine, "handle_error")
    def on_error(context: Any) -> None:
        tell(type(context.original_exception).__name__)

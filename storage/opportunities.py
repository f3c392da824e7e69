"""Opportunities 商機: one a case."""

import json

from sqlalchemy import Connection, literal, select, update

from bot.sales import OpportunityState
from storage.engine import insert_once
from storage.ids import new_id
from storage.outbox import SendState
from storage.schema import opportunities, outbox

PING = "sales:"


def open_or_join(
    connection: Connection,
    *,
    workspace: str,
    case_id: str,
    customer_id: str,
    owner: str | None,
    reasons: tuple[str, ...],
    now: float,
) -> str | None:
    """Open the case's opportunity; its id when it is new, None when the reasons joined the one that was there."""
    opportunity_id = new_id()
    is_new = insert_once(
        connection,
        opportunities,
        {
            "workspace": workspace,
            "id": opportunity_id,
            "case_id": case_id,
            "customer_id": customer_id,
            "state": OpportunityState.OPEN,
            "reasons": json.dumps(reasons),
            "owner": owner,
            "opened_at": now,
        },
    )
    if is_new:
        return opportunity_id
    row = connection.execute(
        select(opportunities.c.id, opportunities.c.reasons).where(
            opportunities.c.workspace == workspace, opportunities.c.case_id == case_id
        )
    ).one()
    joined = list(dict.fromkeys([*json.loads(row.reasons), *reasons]))
    connection.execute(
        update(opportunities)
        .where(opportunities.c.workspace == workspace, opportunities.c.id == row.id)
        .values(reasons=json.dumps(joined))
    )
    return None


def told_since(connection: Connection, *, workspace: str, customer_id: str, since: float) -> bool:
    """Whether a message to sales about this customer went out since then, or is about to."""
    return (
        connection.execute(
            select(opportunities.c.id)
            .join(
                outbox,
                (outbox.c.workspace == opportunities.c.workspace)
                & (outbox.c.key == literal(PING) + opportunities.c.case_id),
            )
            .where(
                opportunities.c.workspace == workspace,
                opportunities.c.customer_id == customer_id,
                outbox.c.created_at >= since,
                outbox.c.state.in_([SendState.DUE, SendState.SENDING, SendState.SENT]),
            )
            .limit(1)
        ).one_or_none()
        is not None
    )


def ping_key(case_id: str) -> str:
    """The outbox key of the one message to sales about a case."""
    return f"{PING}{case_id}"


def sales_told(connection: Connection, workspace: str, case_id: str) -> bool:
    """Whether the message to sales has really gone out: a line may claim it only then."""
    return (
        connection.execute(
            select(outbox.c.seq).where(
                outbox.c.workspace == workspace,
                outbox.c.key == ping_key(case_id),
                outbox.c.state == SendState.SENT,
            )
        ).one_or_none()
        is not None
    )

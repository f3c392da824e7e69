"""What a CRM is told of opportunities and exceptions: facts and figures, none of anybody's words."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from pydantic import BaseModel, ConfigDict

from bot.goodwill import ExceptionRequest
from bot.sales import Opportunity

RETRIES: Final = tuple(
    timedelta(seconds=each) for each in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200)
)
"""How long each next try waits; after the last one an event is left out, and the audit says so."""


class Event(BaseModel):
    """A move of an opportunity or of a request for an exception.

    Attributes:
        id: The same however often it is sent: the idempotency key.
        type: What moved and how, as `opportunity.win`.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    at: datetime
    data: Mapping[str, Any]

    @property
    def body(self) -> str:
        """What is sent."""
        spelt = {"type": self.type, "timestamp": self.at.isoformat(), "data": self.data}
        return json.dumps(spelt, ensure_ascii=False, separators=(",", ":"))


class Crm(Protocol):
    """Where events go; a client of some CRM's own interface would be another one."""

    async def send(self, event: Event) -> str | None:
        """Hand over one event; why it was not taken, in a word, None when it was. May be called again with the same."""
        ...


def of_opportunity(opportunity: Opportunity) -> dict[str, Any]:
    """What is told of an opportunity: never what the customer said."""
    return {
        "id": opportunity.id,
        "case": opportunity.case_id,
        "contract": opportunity.contract,
        "customer": opportunity.customer_id,
        "state": opportunity.state,
        "reasons": list(opportunity.reasons),
        "opened_at": opportunity.opened_at.isoformat(),
        "owner": opportunity.holder or None,
        "value": str(opportunity.value) if opportunity.value is not None else None,
        "currency": opportunity.currency,
        "months": opportunity.months,
        "lost_reason": opportunity.lost_reason,
    }


def of_exception(request: ExceptionRequest) -> dict[str, Any]:
    """What is told of a request for an exception: what it costs and what was granted, not why."""
    grant = request.grant
    return {
        "id": request.id,
        "case": request.case_id,
        "customer": request.customer_id,
        "state": request.state,
        "concession": grant.concession if grant else request.concession,
        "cost": str(request.cost),
        "cap": str(grant.cap) if grant and grant.cap is not None else None,
        "currency": request.currency,
        "fault_ours": request.fault_ours,
        "requested_at": request.requested_at.isoformat(),
        "decided_at": request.decided_at.isoformat() if request.decided_at else None,
    }

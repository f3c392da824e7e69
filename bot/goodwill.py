"""Goodwill exceptions 通融: asked for by an agent, decided once by a supervisor who never meets the customer."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.message import Role
from bot.policy import Concession, GoodwillPolicy


class ExceptionState(StrEnum):
    """The life of a request."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"


DECLINED = ExceptionState.DECLINED


class Verdict(StrEnum):
    """What a supervisor can say."""

    APPROVE = "approve"
    DECLINE = "decline"


MOVES: dict[tuple[ExceptionState, Verdict], ExceptionState] = {
    (ExceptionState.REQUESTED, Verdict.APPROVE): ExceptionState.APPROVED,
    (ExceptionState.REQUESTED, Verdict.DECLINE): ExceptionState.DECLINED,
}


class ExceptionRequest(BaseModel):
    """A request for an exception, as it stands.

    Attributes:
        fault: What is broken and whom it stops, in the agent's words.
        cost: What the service would cost us, not what the customer would pay.
        fault_ours: Whether the fault is ours, as the agent knew it: yes, no or unknown.
    """

    model_config = ConfigDict(frozen=True)

    workspace: str
    id: str
    case_id: str
    customer_id: str | None
    state: ExceptionState = ExceptionState.REQUESTED
    requested_by: str
    requested_at: datetime
    concession: Concession
    fault: str
    cost: Decimal
    currency: str
    reason: str
    fault_ours: str = "unknown"
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_reason: str = ""


class Refusal(StrEnum):
    """Why a decision is not taken."""

    NOT_SUPERVISOR = "not_supervisor"
    OWN_REQUEST = "own_request"
    TOOK_PART = "took_part"
    WINDOW_USED = "window_used"
    REASON_MISSING = "reason_missing"
    ALREADY_DECIDED = "already_decided"


def refusal(
    request: ExceptionRequest,
    verdict: Verdict,
    *,
    actor: str,
    role: Role,
    reason: str,
    took_part: bool,
    window_used: bool,
) -> Refusal | None:
    """Why this person may not decide this request this way; None when they may (*Who clicked decides*).

    Args:
        took_part: They have talked to the customer in this case (R30).
        window_used: The customer has had their exceptions of the window by now (R23).
    """
    if role is not Role.SUPERVISOR:
        return Refusal.NOT_SUPERVISOR
    if actor == request.requested_by:
        return Refusal.OWN_REQUEST
    if took_part:
        return Refusal.TOOK_PART
    if (request.state, verdict) not in MOVES:
        return Refusal.ALREADY_DECIDED
    if verdict is Verdict.DECLINE and not reason.strip():
        return Refusal.REASON_MISSING
    if verdict is Verdict.APPROVE and window_used and request.fault_ours != "yes":
        return Refusal.WINDOW_USED
    return None


def decided(request: ExceptionRequest, verdict: Verdict, *, actor: str, reason: str, now: datetime) -> ExceptionRequest:
    """The request after a decision that was not refused."""
    return request.model_copy(
        update={
            "state": MOVES[request.state, verdict],
            "decided_by": actor,
            "decided_at": now,
            "decision_reason": reason.strip(),
        }
    )


def window_is_used(granted_at: Sequence[datetime], policy: GoodwillPolicy, now: datetime) -> bool:
    """Whether the customer had all the exceptions of the window (R23); each counts from the day it was granted."""
    since = now - timedelta(days=policy.window_days)
    return sum(1 for each in granted_at if since < each <= now) >= policy.exceptions_per_window


def last_declined(asked: Sequence[ExceptionRequest]) -> datetime | None:
    """When a case last heard no; only what is new since then reopens it (R34)."""
    return max((each.decided_at for each in asked if each.state is DECLINED and each.decided_at), default=None)


def hindrance(asked: Sequence[ExceptionRequest], *, new_facts: bool) -> ExceptionState | None:
    """The state of the request because of which a case cannot ask for an exception; None when it can.

    Args:
        new_facts: Something is new since the last no (R34).
    """
    states = {each.state for each in asked}
    if DECLINED in states and new_facts:
        states.remove(DECLINED)
    return next((each for each in ExceptionState if each in states), None)


class CostError(StrEnum):
    """What is wrong with an amount somebody typed."""

    NOT_A_NUMBER = "not_a_number"
    NEGATIVE = "negative"
    ABSURD = "absurd"


MOST = Decimal(100_000_000)


def parse_cost(text: str) -> Decimal | CostError:
    """Read an amount as people type it: 3,000, NT$3000, ３０００元, 1.2 萬.

    More than `MOST` is taken for a slip of the finger.
    """
    plain = re.sub(r"(?i)nt\$|twd|usd|\$|元|圓|塊|,|\s", "", unicodedata.normalize("NFKC", text))
    factor = 1
    if plain.endswith(("萬", "万")):
        plain, factor = plain[:-1], 10_000
    try:
        amount = Decimal(plain) * factor
    except InvalidOperation:
        return CostError.NOT_A_NUMBER
    if not amount.is_finite():
        return CostError.NOT_A_NUMBER
    if amount < 0:
        return CostError.NEGATIVE
    return CostError.ABSURD if amount > MOST else amount.quantize(Decimal("0.01"))

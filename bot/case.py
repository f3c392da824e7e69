"""A case 案件: one customer, one problem; what it knows, and how far it has come."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.entitlement import Entitlement
from bot.goodwill import ExceptionRequest, ExceptionState
from bot.message import Role
from bot.playbook import CostBands, Stage


class CaseState(StrEnum):
    """The life of a case."""

    OPEN = "open"
    WAITING = "waiting"
    DECIDED = "decided"
    CLOSED = "closed"


class Case(BaseModel):
    """A case as it stands.

    Attributes:
        thread_ts: The message that opened it; its thread belongs to it.
        agent: Who handles it: the agent who spoke in it last.
    """

    model_config = ConfigDict(frozen=True)

    workspace: str
    id: str
    customer_id: str | None
    channel: str
    thread_ts: str
    state: CaseState = CaseState.OPEN
    agent: str | None = None
    opened_at: datetime


class Heard(BaseModel):
    """One message of the case, as far as the coach needs it."""

    model_config = ConfigDict(frozen=True)

    role: Role
    signals: tuple[str, ...] = ()


class Standing(BaseModel):
    """Where a case stands in each dimension of the decision table."""

    model_config = ConfigDict(frozen=True)

    entitlement: Entitlement = Entitlement.UNKNOWN
    fault_ours: str = "unknown"
    claim: str = "none"
    cost: str = "unknown"
    history: str = "clear"
    decision: str = "none"
    new_facts: str = "no"

    def value(self, dimension: str) -> str:
        """The value in one dimension."""
        return str(getattr(self, dimension))


STAGES = tuple(Stage)
RAISED_BY_CUSTOMER = frozenset({"disputes_expiry", "asks_price", "claims_promise"})
"""With these the customer speaks of warranty or price first; asked for it directly, we answer at once (R01)."""


def has_reached(stage: Stage, reached: Stage) -> bool:
    """Whether a case that reached `reached` may hear what belongs to `stage`."""
    return STAGES.index(stage) <= STAGES.index(reached)


def stage_reached(heard: Sequence[Heard], exceptions: Iterable[ExceptionRequest], *, received: bool = True) -> Stage:
    """How far the conversation has come (R01, R03).

    Warranty and cost stay unsaid until the problem is understood, unless the customer asked about them:
    late is tact, hidden is a lie.

    Args:
        received: One of us has asked about the problem or shown that it was heard; a greeting is not enough.
    """
    states = {each.state for each in exceptions}
    if states & {ExceptionState.APPROVED, ExceptionState.DECLINED}:
        return Stage.FOLLOW_UP
    if ExceptionState.REQUESTED in states:
        return Stage.DECIDE
    if any(each.role is Role.CUSTOMER and RAISED_BY_CUSTOMER.intersection(each.signals) for each in heard):
        return Stage.TELL
    if not any(each.role.is_staff for each in heard):
        return Stage.RECEIVE
    return Stage.ASSESS if is_understood(heard, received=received) else Stage.CONFIRM


def is_understood(heard: Sequence[Heard], *, received: bool) -> bool:
    """Whether one of us asked about the problem and the customer said something after."""
    first_answer = next((n for n, each in enumerate(heard) if each.role.is_staff), None)
    return received and first_answer is not None and any(each.role is Role.CUSTOMER for each in heard[first_answer:])


def belongs_to(cases: Sequence[Case], *, customer_id: str | None, spoke_in: frozenset[str]) -> Case | None:
    """Which of a channel's open cases, newest first, a customer's unthreaded message belongs to; None for a new one.

    Args:
        customer_id: Whose message it is, when that is known.
        spoke_in: The cases in which the same person has spoken.
    """
    same_person = (each for each in cases if each.id in spoke_in)
    same_customer = (each for each in cases if customer_id is not None and each.customer_id == customer_id)
    return next(same_person, next(same_customer, None))


def standing(
    *,
    entitlement: Entitlement,
    heard: Iterable[Heard],
    exceptions: Sequence[ExceptionRequest],
    recorded: Mapping[str, str],
    history_used: bool,
    bands: CostBands,
) -> Standing:
    """Place a case in the decision table, from what is on file and what people recorded."""
    states = [each.state for each in exceptions]
    cost = Decimal(recorded["cost"]) if "cost" in recorded else None
    promised = any("claims_promise" in each.signals for each in heard if each.role is Role.CUSTOMER)
    return Standing(
        entitlement=entitlement,
        fault_ours=recorded.get("fault_ours", "unknown"),
        claim=recorded.get("claim", "pending" if promised else "none"),
        cost="unknown" if cost is None else "low" if cost <= bands.low_up_to else "high",
        history="used" if history_used else "clear",
        decision="granted"
        if ExceptionState.APPROVED in states
        else "declined"
        if ExceptionState.DECLINED in states
        else "none",
        new_facts=recorded.get("new_facts", "no"),
    )


def facts_held(
    stands: Standing,
    *,
    understood: bool,
    exceptions: Iterable[ExceptionRequest],
    shown: bool,
    sales_told: bool,
    prices_on_file: bool,
) -> frozenset[str]:
    """The facts a line may claim now (domain page, *True lines only*).

    Args:
        understood: One of us asked about the problem, and the customer answered.
        shown: The card of the request is really before the supervisors.
    """
    states = {each.state for each in exceptions}
    holds = {
        "problem_confirmed": understood,
        "covered": stands.entitlement is Entitlement.COVERED,
        "partly_covered": stands.entitlement is Entitlement.PARTLY,
        "expired": stands.entitlement is Entitlement.EXPIRED,
        "prices_on_file": prices_on_file,
        "fault_ours": stands.fault_ours == "yes",
        "earlier_exception": stands.history == "used",
        "exception_requested": ExceptionState.REQUESTED in states and shown,
        "exception_approved": ExceptionState.APPROVED in states,
        "exception_declined": ExceptionState.DECLINED in states and ExceptionState.APPROVED not in states,
        "sales_told": sales_told,
        "promise_confirmed": stands.claim == "confirmed",
        "promise_not_confirmed": stands.claim == "not_confirmed",
        "cost_estimated": stands.cost != "unknown",
    }
    return frozenset(name for name, true in holds.items() if true)

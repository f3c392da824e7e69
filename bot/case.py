"""A case 案件: one customer, one problem; what it knows, and how far it has come."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import reduce

from pydantic import BaseModel, ConfigDict

from bot.entitlement import Entitlement
from bot.goodwill import GRANTED, ExceptionRequest, ExceptionState
from bot.message import Role
from bot.playbook import Stage
from bot.policy import CostBands


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
SLIGHTS = frozenset({"argues", "labels_customer", "mocks_customer", "shames_price"})
"""Words of ours that hurt, and are apologised for before anything else (R06, R07, R08, R13, R48)."""
THREATS = frozenset({"threatens_agent", "threatens_legal", "threatens_publicity", "threatens_to_leave"})
"""What nobody answers with heat (R14, R37, R38)."""


def has_reached(stage: Stage, reached: Stage) -> bool:
    """Whether a case that reached `reached` may hear what belongs to `stage`."""
    return STAGES.index(stage) <= STAGES.index(reached)


class Course(BaseModel):
    """What a conversation has come to, message by message; begin with `Course()`.

    Attributes:
        answered: One of us has answered.
        replied: The customer said something after that.
        promised: The customer said that something was promised (R24).
        pleased: The customer's last word was that they are satisfied.
        slighted: Our last words hurt the customer.
        overpromised: Our last words promised what nobody has decided (R32).
        threatened: The customer's last words were a threat.
    """

    model_config = ConfigDict(frozen=True)

    answered: bool = False
    replied: bool = False
    promised: bool = False
    pleased: bool = False
    slighted: bool = False
    overpromised: bool = False
    threatened: bool = False

    @property
    def to_mend(self) -> bool:
        """Whether our last words want mending, whatever the customer answers."""
        return self.slighted or self.overpromised

    def after(self, heard: Heard) -> "Course":
        """The course with one more message."""
        if heard.role.is_staff:
            return self.model_copy(
                update={
                    "answered": True,
                    "slighted": not SLIGHTS.isdisjoint(heard.signals),
                    "overpromised": "overpromises" in heard.signals,
                }
            )
        if heard.role is not Role.CUSTOMER:
            return self
        return Course(
            answered=self.answered,
            replied=self.answered,
            promised=self.promised or "claims_promise" in heard.signals,
            pleased="satisfied" in heard.signals,
            slighted=self.slighted,
            overpromised=self.overpromised,
            threatened=not THREATS.isdisjoint(heard.signals),
        )


def course(heard: Iterable[Heard]) -> Course:
    """The course of a conversation, from its messages in order."""
    return reduce(Course.after, heard, Course())


def stage_reached(said: Course, stands: Standing, facts: frozenset[str], *, closed: bool = False) -> Stage:
    """How far the case has come (R01, R03).

    Nobody is told anything before the problem is understood and its cost estimated (R17,
    `bot.decision_table.stage_of`); what a customer asks about directly is answered at once all the same
    (`bot.coaching.may_speak_of`). Where nothing has to be decided, what is understood can be committed to; after a
    no the decision is still what is talked about. Who is pleased with what nobody has decided is not at the end.
    """
    settled = stands.decision != "none" or stands.claim == "confirmed" or stands.fault_ours == "yes"
    served = stands.entitlement is Entitlement.COVERED and "problem_confirmed" in facts
    if closed or (said.pleased and not said.overpromised and (settled or served)):
        return Stage.FOLLOW_UP
    if stands.decision == "granted":
        return Stage.COMMIT
    if stands.decision == "declined" or "exception_requested" in facts:
        return Stage.DECIDE
    if "problem_confirmed" in facts:
        return Stage.COMMIT if settled or served else Stage.ASSESS
    return Stage.CONFIRM if said.answered else Stage.RECEIVE


def belongs_to(cases: Sequence[Case], *, customer_id: str | None, spoke_in: frozenset[str]) -> Case | None:
    """Which of a channel's open cases, newest first, a customer's unthreaded message belongs to; None for a new one.

    Args:
        customer_id: Whose message it is, when that is known.
        spoke_in: The cases in which the same person has spoken.
    """
    same_person = (each for each in cases if each.id in spoke_in)
    same_customer = (each for each in cases if customer_id is not None and each.customer_id == customer_id)
    return next(same_person, next(same_customer, None))


def may_handle(case: Case, user: str, role: Role, *, advised: bool) -> bool:
    """Whether somebody may see all that is known of a case and work on it: who handles it, and the supervisors.

    Args:
        advised: They were whispered to in it, as those on duty are until an agent answers.
    """
    return role is Role.SUPERVISOR or (role is Role.AGENT and (user == case.agent or advised))


def may_help(case: Case, user: str, role: Role, *, advised: bool, in_channel: bool) -> bool:
    """Whether somebody may check a draft for a case or ask for an exception in it.

    Besides whoever may handle it: any agent while nobody handles it, and a peer who is in its channel, since they read
    along and may be the second pair of eyes (R35). Sales and engineers do not answer customers there.
    """
    if may_handle(case, user, role, advised=advised):
        return True
    return role is Role.AGENT and (case.agent is None or in_channel)


class NotTheirs(StrEnum):
    """Why a case is not moved to another customer."""

    ALREADY = "already"
    SUPERVISOR_ONLY = "supervisor_only"
    OWN_REQUEST = "own_request"
    REASON_MISSING = "reason_missing"


def not_theirs(
    case: Case, customer_id: str, asked: Iterable[ExceptionRequest], *, user: str, role: Role, why: str
) -> NotTheirs | None:
    """Why somebody who may help in a case may not move it to this customer; None when they may.

    Once a supervisor has decided something in it, the move changes whose exception that was and whose window is free
    again (R23), or takes a no out of the sight of whoever is asked next for the same customer (R34): then it takes a
    supervisor who did not ask for it, and a reason for the audit. A no about nobody on file is in nobody's sight.

    Args:
        asked: The case's requests.
    """
    if customer_id == case.customer_id:
        return NotTheirs.ALREADY
    counts = GRANTED if case.customer_id is None else {*GRANTED, ExceptionState.DECLINED}
    decided = [each for each in asked if each.state in counts or (each.is_pending and each.first_by)]
    if not decided:
        return None
    if role is not Role.SUPERVISOR:
        return NotTheirs.SUPERVISOR_ONLY
    if any(each.requested_by == user for each in decided):
        return NotTheirs.OWN_REQUEST
    return None if why else NotTheirs.REASON_MISSING


def standing(
    *,
    entitlement: Entitlement,
    promised: bool,
    exceptions: Sequence[ExceptionRequest],
    recorded: Mapping[str, str],
    history_used: bool,
    bands: CostBands,
) -> Standing:
    """Place a case in the decision table, from what is on file; what people recorded counts before it."""
    states = {each.state for each in exceptions}
    decision = (
        "granted" if not states.isdisjoint(GRANTED) else "declined" if ExceptionState.DECLINED in states else "none"
    )
    return Standing(
        entitlement=Entitlement(recorded.get("entitlement", entitlement)),
        fault_ours=recorded.get("fault_ours", "unknown"),
        claim=recorded.get("claim", "pending" if promised else "none"),
        cost=cost_band(recorded.get("cost", "unknown"), bands),
        history=recorded.get("history", "used" if history_used else "clear"),
        decision=recorded.get("decision", decision),
        new_facts=recorded.get("new_facts", "no"),
    )


def cost_band(cost: str, bands: CostBands) -> str:
    """Whether a recorded cost to us is low or high, by policy; a band that was recorded itself stays."""
    if cost in {"low", "high", "unknown"}:
        return cost
    return "low" if Decimal(cost) <= bands.low_up_to else "high"


def facts_held(
    stands: Standing,
    recorded: Mapping[str, str],
    *,
    understood: bool,
    requested: bool,
    sales_told: bool,
    prices_on_file: bool,
    owner_left: bool = False,
    supervisor_away: bool = False,
    closed: bool = False,
    slighted: bool = False,
    overpromised: bool = False,
    threatened: bool = False,
) -> frozenset[str]:
    """The facts a line may claim now (domain page, *True lines only*).

    Args:
        recorded: What people wrote down; `yes` or `no` under a fact's name counts before anything else.
        understood: One of us asked about the problem, and the customer answered.
        requested: A request is on file, undecided, and its card is really before the supervisors.
        owner_left: The salesperson who owned the account has left (R29).
        supervisor_away: Every supervisor is away (R31).
        slighted: Our last words hurt the customer.
        overpromised: Our last words promised what nobody has decided.
        threatened: The customer's last words were a threat.
    """
    holds = {
        "problem_confirmed": understood,
        "covered": stands.entitlement is Entitlement.COVERED,
        "partly_covered": stands.entitlement is Entitlement.PARTLY,
        "expired": stands.entitlement is Entitlement.EXPIRED,
        "prices_on_file": prices_on_file,
        "fault_ours": stands.fault_ours == "yes",
        "earlier_exception": stands.history == "used",
        "exception_requested": requested,
        "exception_approved": stands.decision == "granted",
        "exception_declined": stands.decision == "declined",
        "new_facts": stands.new_facts == "yes",
        "sales_told": sales_told,
        "promise_confirmed": stands.claim == "confirmed",
        "promise_not_confirmed": stands.claim == "not_confirmed",
        "cost_estimated": stands.cost != "unknown",
        "salesperson_left": owner_left,
        "supervisor_away": supervisor_away,
        "case_closed": closed,
        "slighted": slighted,
        "overpromised": overpromised,
        "threatened": threatened,
    }
    holds |= {name: value == "yes" for name, value in recorded.items() if value in {"yes", "no"}}
    return frozenset(name for name, true in holds.items() if true)

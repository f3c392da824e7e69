"""Goodwill exceptions 通融: asked for by an agent, decided once by a supervisor who never meets the customer."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.authority import Authority, Level
from bot.policy import ApprovalPolicy, Concession, HoursPolicy
from bot.working_hours import after as working_time_after
from bot.working_hours import desk_day, end_of, last_opening_before


class ExceptionState(StrEnum):
    """The life of a request, and of the grant it may become."""

    REQUESTED = "requested"
    SECONDING = "seconding"
    ASKED_BACK = "asked_back"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    USED = "used"
    LAPSED = "lapsed"


PENDING = frozenset({ExceptionState.REQUESTED, ExceptionState.SECONDING, ExceptionState.ASKED_BACK})
"""Nobody has said yes or no yet."""
GRANTED = frozenset({ExceptionState.APPROVED, ExceptionState.USED})
"""A yes that counts in the customer's window; what lapsed unused gave the customer nothing."""


OVER = frozenset({ExceptionState.WITHDRAWN, ExceptionState.EXPIRED, ExceptionState.LAPSED})
"""Nothing came of it, so it can be asked for again."""


class Move(StrEnum):
    """What can happen to it; the last four happen by themselves, at a time."""

    APPROVE = "approve"
    RECOMMEND = "recommend"
    ASK_BACK = "ask_back"
    ANSWER = "answer"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    USE = "use"
    REMIND = "remind"
    HAND_ON = "hand_on"
    EXPIRE = "expire"
    LAPSE = "lapse"


def _moves() -> dict[tuple[ExceptionState, Move], ExceptionState]:
    state, move = ExceptionState, Move
    waiting = {
        move.APPROVE: state.APPROVED,
        move.ASK_BACK: state.ASKED_BACK,
        move.DECLINE: state.DECLINED,
        move.WITHDRAW: state.WITHDRAWN,
        move.EXPIRE: state.EXPIRED,
    }
    by_state = {
        state.REQUESTED: waiting
        | {move.RECOMMEND: state.SECONDING, move.REMIND: state.REQUESTED}
        | {move.HAND_ON: state.REQUESTED},
        state.SECONDING: waiting | {move.REMIND: state.SECONDING, move.HAND_ON: state.SECONDING},
        state.ASKED_BACK: waiting
        | {move.ANSWER: state.REQUESTED, move.RECOMMEND: state.SECONDING, move.REMIND: state.ASKED_BACK},
        state.APPROVED: {move.USE: state.USED, move.REMIND: state.APPROVED, move.LAPSE: state.LAPSED},
    }
    return {(start, each): end for start, moves in by_state.items() for each, end in moves.items()}


MOVES = _moves()
"""From which state which move leads where; what is not here cannot happen.

What is answered is looked at anew: a first approval was for the request as it stood before.
"""


class Grant(BaseModel):
    """What a yes allows, and no more: a bounded, single use.

    Attributes:
        concession: What is conceded; it may be less than what was asked for.
        scope: The service it is for.
        cap: What the service may cost us at most.
        conditions: What has to be kept to; empty when there is nothing.
        valid_until: Unused, it lapses then; None for an extension, which is in force until its last day whether
            anything is booked or not, and for what was granted before grants had an end.
        extended_to: With an extension, the last day of the cover it gives.
        ours: It puts right our own fault, which whoever granted it said: no favour, so it counts in nobody's window.
    """

    model_config = ConfigDict(frozen=True)

    concession: Concession
    scope: str
    cap: Decimal
    conditions: str = ""
    valid_until: datetime | None = None
    extended_to: date | None = None
    ours: bool = False


class ExceptionRequest(BaseModel):
    """A request for an exception, as it stands.

    Attributes:
        fault: What is broken and whom it stops, in the agent's words.
        cost: What the service would cost us, not what the customer would pay.
        fault_ours: Whether the fault is ours, as the agent knew it: yes, no or unknown. It lifts no limit: that takes
            the word of whoever grants it (`Grant.ours`).
        evidence: Links to what is in writing, in the agent's words.
        reopens: The declined request that this one reopens, of this case or another of the same customer (R34).
        new_fact: The fact that is new since then, named; without `reopens`, how this problem is another than the one
            for which the customer heard no.
        due_at: When the next thing happens by itself; None when nothing does.
        due_move: What that is.
        question: What supervisors asked back and nobody has answered before, a line each.
        answer: What the agent said to it.
        first_by: Who approved it first, when a second approver is needed.
        proposed: What they would grant; a plain second yes agrees to that.
        deputy_for: Whom the one who decided stood in for.
        grant: What was granted, once it was.
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
    evidence: str = ""
    reopens: str | None = None
    new_fact: str = ""
    due_at: datetime | None = None
    due_move: Move | None = None
    question: str = ""
    asked_back_by: str | None = None
    answer: str = ""
    first_by: str | None = None
    first_at: datetime | None = None
    proposed: Grant | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    deputy_for: str | None = None
    decision_reason: str = ""
    grant: Grant | None = None
    used_by: str | None = None
    used_at: datetime | None = None

    @property
    def is_pending(self) -> bool:
        """Whether nobody has said yes or no yet."""
        return self.state in PENDING


class Turn(BaseModel):
    """One turn of the talk about a request before it was decided: a question asked back, or its answer.

    Attributes:
        said: In whose words; empty once those were removed.
    """

    model_config = ConfigDict(frozen=True)

    request_id: str
    move: Move
    by: str
    at: datetime
    said: str


class Refusal(StrEnum):
    """Why a move is not made."""

    NOT_SUPERVISOR = "not_supervisor"
    NOT_YOURS = "not_yours"
    OWN_REQUEST = "own_request"
    FIRST_APPROVER = "first_approver"
    TOOK_PART = "took_part"
    BEYOND_LIMITS = "beyond_limits"
    NEEDS_MANAGER = "needs_manager"
    NO_MANAGER = "no_manager"
    WINDOW_USED = "window_used"
    REASON_MISSING = "reason_missing"
    NOTHING_ASKED = "nothing_asked"
    TOO_LATE = "too_late"
    ALREADY_DECIDED = "already_decided"
    CHANGED_MEANWHILE = "changed_meanwhile"


class Clicker(BaseModel):
    """Whoever makes a move, as they stand at that moment.

    Attributes:
        held: The authorities they hold now; empty for whoever decides nothing.
        took_part: They have talked to the customer in this case, or taken it over (R30).
        handles: They handle the case.
    """

    model_config = ConfigDict(frozen=True)

    user: str
    held: tuple[Authority, ...] = ()
    took_part: bool = False
    handles: bool = False


class Terms(BaseModel):
    """What a supervisor would grant, or why not.

    Attributes:
        cap: What the service may cost us at most; None for what was asked.
        valid_days: How long it can be used; None for what the policy says.
        fault_ours: Whether the fault is ours, in the word of whoever decides; unsaid, it is a favour like any other.
        for_fairness: Of a no: whether the customer may hear fairness to other customers as the reason (R28).
        reason: Required for everything but plain approval.
    """

    model_config = ConfigDict(frozen=True)

    concession: Concession | None = None
    cap: Decimal | None = None
    conditions: str = ""
    valid_days: int | None = None
    extended_to: date | None = None
    fault_ours: bool = False
    for_fairness: bool = False
    reason: str = ""


class Ruling(BaseModel):
    """What a supervisor's word comes to: a move, or why there is none.

    Attributes:
        authority: By which authority.
    """

    model_config = ConfigDict(frozen=True)

    move: Move | None = None
    refusal: Refusal | None = None
    authority: Authority | None = None


DECIDING = frozenset({Move.APPROVE, Move.ASK_BACK, Move.DECLINE})
"""What a supervisor can click."""


def ruling(
    request: ExceptionRequest,
    wanted: Move,
    clicker: Clicker,
    terms: Terms,
    policy: ApprovalPolicy,
    *,
    window_used: bool,
    has_manager: bool,
) -> Ruling:
    """Whether this person may decide this request this way, and what it then becomes (*Who clicked decides*).

    Nobody decides their own request: not by standing in for somebody, not for somebody who stands in for them, and
    not twice as both approvers. What is beyond a supervisor's limits becomes a recommendation to a manager; what we put
    right because it was our own fault knows no limits (decision table), once who decides says so: the asker's word
    lifts none.

    Args:
        wanted: One of `DECIDING`.
        window_used: The customer has had their exceptions of the window by now (R23).
        has_manager: Somebody could be the second approver.
    """
    terms = agreed(request, terms)
    held = [each for each in clicker.held if each.deputy_for != request.requested_by]
    if barred := _barred(request, wanted, clicker, held, terms):
        return Ruling(refusal=barred)
    highest = max(held, key=lambda each: (each.level is Level.MANAGER, each.deputy_for is None))
    beyond = _beyond(request, terms, highest, policy, window_used=window_used)
    if wanted is not Move.APPROVE or beyond is None:
        twice = wanted is Move.APPROVE and clicker.user == request.first_by
        return Ruling(refusal=Refusal.FIRST_APPROVER) if twice else Ruling(move=wanted, authority=highest)
    by_manager = _beyond(request, terms, Authority(level=Level.MANAGER), policy, window_used=window_used)
    if by_manager or highest.level is Level.MANAGER:
        return Ruling(refusal=by_manager or beyond)
    if not has_manager:
        return Ruling(refusal=Refusal.WINDOW_USED if beyond is Refusal.WINDOW_USED else Refusal.NO_MANAGER)
    if (request.state, Move.RECOMMEND) not in MOVES:
        return Ruling(refusal=Refusal.NEEDS_MANAGER)
    return Ruling(move=Move.RECOMMEND, authority=highest)


def agreed(request: ExceptionRequest, terms: Terms) -> Terms:
    """What a yes stands for: a plain one agrees to what the first approver would grant, if there was one."""
    proposed = request.proposed
    if proposed is None or terms.concession is not None or terms.cap is not None:
        return terms
    bounds = {name: getattr(proposed, name) for name in ("concession", "cap", "conditions", "extended_to")}
    return terms.model_copy(update=bounds)


def _barred(
    request: ExceptionRequest, wanted: Move, clicker: Clicker, held: Sequence[Authority], terms: Terms
) -> Refusal | None:
    """Why this person has no say in this request, whatever it costs."""
    refusals = (
        (Refusal.NOT_SUPERVISOR, not clicker.held),
        (Refusal.OWN_REQUEST, clicker.user == request.requested_by or not held),
        (Refusal.TOOK_PART, clicker.took_part),
        (Refusal.ALREADY_DECIDED, (request.state, wanted) not in MOVES),
        (Refusal.REASON_MISSING, wanted is not Move.APPROVE and not terms.reason.strip()),
    )
    return next((refusal for refusal, true in refusals if true), None)


def _beyond(
    request: ExceptionRequest, terms: Terms, authority: Authority, policy: ApprovalPolicy, *, window_used: bool
) -> Refusal | None:
    """What of it this authority cannot grant alone."""
    limits = authority.limits(policy)
    if terms.fault_ours:
        return None
    if window_used and not limits.beyond_the_window:
        return Refusal.WINDOW_USED
    cost = request.cost if terms.cap is None else terms.cap
    if cost > limits.up_to or (terms.concession or request.concession) not in limits.concessions:
        return Refusal.BEYOND_LIMITS
    return None


def agents_refusal(request: ExceptionRequest, wanted: Move, clicker: Clicker, now: datetime) -> Refusal | None:
    """Why this person may not answer, withdraw or book; whoever asked and whoever handles the case may.

    A grant whose time is over is not used any more, also while nobody has written down yet that it lapsed.
    """
    if clicker.user != request.requested_by and not clicker.handles:
        return Refusal.NOT_YOURS
    if wanted is Move.ANSWER and request.is_pending and request.state is not ExceptionState.ASKED_BACK:
        return Refusal.NOTHING_ASKED
    if (request.state, wanted) not in MOVES:
        return Refusal.ALREADY_DECIDED
    return Refusal.TOO_LATE if wanted is Move.USE and _is_over(request, now) else None


def by_itself(request: ExceptionRequest, now: datetime) -> Move | None:
    """What happens by itself now; None while nothing is due.

    After a downtime nobody is reminded of a grant whose time is over: it lapses.
    """
    if request.due_at is None or request.due_at > now:
        return None
    return Move.LAPSE if request.state is ExceptionState.APPROVED and _is_over(request, now) else request.due_move


def _is_over(request: ExceptionRequest, now: datetime) -> bool:
    """Whether the time in which a grant can be used is over."""
    until = request.grant.valid_until if request.grant else None
    return until is not None and until <= now


def moved(
    request: ExceptionRequest,
    move: Move,
    *,
    by: str | None,
    now: datetime,
    policy: ApprovalPolicy,
    hours: HoursPolicy,
    terms: Terms | None = None,
    authority: Authority | None = None,
) -> ExceptionRequest:
    """The request after a move that was not refused, with what happens to it next by itself.

    Args:
        by: Whose move it is; None when it happened by itself.
        terms: What a supervisor said; for an answer, its words are the reason.

    Raises:
        KeyError: When it cannot make the move from where it stands.
    """
    terms = terms or Terms()
    state = MOVES[request.state, move]
    changed: dict[str, object] = {"state": state}
    if move is Move.RECOMMEND:
        changed |= {"first_by": by, "first_at": now, "proposed": _grant(request, terms, now, policy, hours)}
    elif move is Move.ASK_BACK:
        unanswered = request.question if request.state is ExceptionState.ASKED_BACK else ""
        question = "\n".join(each for each in (unanswered, terms.reason.strip()) if each)
        changed |= {"question": question, "asked_back_by": by, "answer": ""}
    elif move is Move.ANSWER:
        changed |= {"answer": terms.reason.strip(), "first_by": None, "first_at": None, "proposed": None}
    elif move is Move.USE:
        changed |= {"used_by": by, "used_at": now}
    elif state in {ExceptionState.APPROVED, ExceptionState.DECLINED} and move in DECIDING:
        changed |= {"decided_by": by, "decided_at": now, "decision_reason": terms.reason.strip()}
        changed |= {"deputy_for": authority.deputy_for if authority else None}
    if move is Move.APPROVE:
        changed["grant"] = _grant(request, agreed(request, terms), now, policy, hours)
    if state not in PENDING:
        changed["proposed"] = None
    after = request.model_copy(update=changed)
    due = due_next(after, move, now, policy, hours)
    return after.model_copy(update={"due_at": due[0] if due else None, "due_move": due[1] if due else None})


def _grant(request: ExceptionRequest, terms: Terms, now: datetime, policy: ApprovalPolicy, hours: HoursPolicy) -> Grant:
    """What a yes allows; it is told by its last day, so it holds until that day is over at the desk."""
    today = desk_day(now, hours.timezone)
    concession = terms.concession or request.concession
    is_extension = concession is Concession.EXTENSION and terms.extended_to is not None
    days = terms.valid_days or _days_proposed(request, hours) or policy.valid_days
    last_day = today + timedelta(days=days)
    return Grant(
        concession=concession,
        scope=request.fault,
        cap=request.cost if terms.cap is None else terms.cap,
        conditions=terms.conditions.strip(),
        valid_until=None if is_extension else end_of(last_day, hours),
        extended_to=terms.extended_to if is_extension else None,
        ours=terms.fault_ours,
    )


def _days_proposed(request: ExceptionRequest, hours: HoursPolicy) -> int | None:
    """For how many days the first approver would have it used."""
    until = request.proposed.valid_until if request.proposed else None
    if until is None or request.first_at is None:
        return None
    return (desk_day(until, hours.timezone) - desk_day(request.first_at, hours.timezone)).days


def due_next(
    request: ExceptionRequest, last: Move | None, now: datetime, policy: ApprovalPolicy, hours: HoursPolicy
) -> tuple[datetime, Move] | None:
    """What happens next by itself, and when; None when nothing does.

    Args:
        last: The move just made; None for a request just filed.
    """
    remind = timedelta(minutes=policy.remind_after_minutes)
    hand_on = timedelta(minutes=policy.hand_on_after_minutes)
    expire = timedelta(hours=policy.expire_after_hours)
    answer = timedelta(hours=policy.answer_within_hours)
    wait: timedelta | None = None
    then = Move.REMIND
    if request.state in {ExceptionState.REQUESTED, ExceptionState.SECONDING}:
        match last:
            case Move.REMIND:
                wait, then = hand_on - remind, Move.HAND_ON
            case Move.HAND_ON:
                wait, then = expire - hand_on, Move.EXPIRE
            case _:
                wait = remind
    elif request.state is ExceptionState.ASKED_BACK:
        wait, then = (answer / 2, Move.EXPIRE) if last is Move.REMIND else (answer / 2, Move.REMIND)
    elif request.state is ExceptionState.APPROVED and request.grant and request.grant.valid_until:
        until = request.grant.valid_until
        remind_at = last_opening_before(desk_day(until, hours.timezone), hours)
        return (until, Move.LAPSE) if last is Move.REMIND or remind_at <= now else (remind_at, Move.REMIND)
    return (working_time_after(now, wait, hours), then) if wait is not None else None


def last_declined(asked: Sequence[ExceptionRequest]) -> datetime | None:
    """When a case last heard no; only what is new since then reopens it (R34)."""
    return max(
        (each.decided_at for each in asked if each.state is ExceptionState.DECLINED and each.decided_at), default=None
    )


def _put_ours_right(request: ExceptionRequest) -> bool:
    return request.state is ExceptionState.USED and request.grant is not None and request.grant.ours


def hindrance(asked: Sequence[ExceptionRequest], *, new_facts: bool) -> ExceptionState | None:
    """The state of the request because of which a case cannot ask for an exception; None when it can.

    What put our own fault right and is done with was no favour, and stands in nobody's way.

    Args:
        new_facts: Something is new since the last no (R34).
    """
    states = {each.state for each in asked if not _put_ours_right(each)} - OVER
    if ExceptionState.DECLINED in states and new_facts:
        states.remove(ExceptionState.DECLINED)
    return next((each for each in ExceptionState if each in states), None)

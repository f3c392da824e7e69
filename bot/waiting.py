"""What waits for a decision, as it looks to one of those who may decide."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.authority import Authority, Level
from bot.goodwill import DECIDING, Clicker, ExceptionRequest, ExceptionState, Move, Refusal, Ruling, Terms, ruling
from bot.policy import ApprovalPolicy, Concession

ASKED_NEXT = Terms(reason="asked next")
"""A window asks for the reason."""
TERMS_MAY_HELP = frozenset({Refusal.BEYOND_LIMITS, Refusal.NO_MANAGER, Refusal.WINDOW_USED})
"""What is beyond somebody's limits as asked may be within them as granted, or no favour at all."""


class Choice(StrEnum):
    """What somebody may do about a request."""

    APPROVE = "approve"
    APPROVE_WITH_TERMS = "approve_with_terms"
    ASK_BACK = "ask_back"
    DECLINE = "decline"


def may_open(wanted: Move, ruled: Ruling) -> bool:
    """Whether the window opens in which this is decided, from what it would come to as asked.

    Args:
        ruled: The ruling on it with `ASKED_NEXT`.
    """
    return ruled.move is not None or (wanted is Move.APPROVE and ruled.refusal in TERMS_MAY_HELP)


def needs_terms(request: ExceptionRequest) -> bool:
    """Whether a plain yes leaves something open: an extension's last day, or whether the fault really is ours."""
    return request.concession is Concession.EXTENSION or request.fault_ours == "yes"


class Waiting(BaseModel):
    """A request that nobody has decided yet, for one reader.

    Attributes:
        customer: Their name; empty for one who is not on file.
        may: What the reader may do about it now.
        refusal: Why they may not simply approve it; None when they may.
        is_yours: It waits for them, and not for somebody else first.
    """

    model_config = ConfigDict(frozen=True)

    request: ExceptionRequest
    customer: str
    may: frozenset[Choice] = frozenset()
    refusal: Refusal | None = None
    is_yours: bool = False


def waiting(
    request: ExceptionRequest,
    customer: str,
    clicker: Clicker,
    policy: ApprovalPolicy,
    *,
    window_used: bool,
    has_manager: bool,
    has_supervisor: bool,
) -> Waiting:
    """A request with the choices this person has: the same rules that a click meets (`bot.goodwill.ruling`).

    Args:
        has_supervisor: Somebody below the managers is there to decide first.
    """
    ruled: dict[Move, Ruling] = {
        wanted: ruling(
            request,
            wanted,
            clicker,
            ASKED_NEXT,
            policy,
            window_used=window_used,
            has_manager=has_manager,
        )
        for wanted in DECIDING
    }
    refusal = ruled[Move.APPROVE].refusal
    may: set[Choice] = set()
    if refusal is None:
        may.add(Choice.APPROVE)
    if may_open(Move.APPROVE, ruled[Move.APPROVE]):
        may.add(Choice.APPROVE_WITH_TERMS)
    if ruled[Move.ASK_BACK].move and request.state is not ExceptionState.ASKED_BACK:
        may.add(Choice.ASK_BACK)
    if ruled[Move.DECLINE].move:
        may.add(Choice.DECLINE)
    has_say = Choice.DECLINE in may and refusal is not Refusal.FIRST_APPROVER
    is_yours = has_say and _is_their_turn(request, clicker.held, has_supervisor=has_supervisor)
    return Waiting(request=request, customer=customer, may=frozenset(may), refusal=refusal, is_yours=is_yours)


def _is_their_turn(request: ExceptionRequest, held: Sequence[Authority], *, has_supervisor: bool) -> bool:
    """Whether it is the turn of somebody with these authorities; a manager's comes second, or once it was handed on."""
    if request.state is ExceptionState.ASKED_BACK:
        return False
    levels = {each.level for each in held}
    if request.state is ExceptionState.SECONDING:
        return Level.MANAGER in levels
    handed_on = request.due_move is Move.EXPIRE
    return Level.SUPERVISOR in levels or handed_on or not has_supervisor

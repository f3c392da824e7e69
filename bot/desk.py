"""What somebody has before them: the cases they handle, what those wait for, and how the team is doing."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.case import Case
from bot.commitments import Commitment
from bot.goodwill import ExceptionRequest, ExceptionState
from bot.message import Role
from bot.promises import Verification, VerificationState


class CaseAtHand(BaseModel):
    """An open case and what it waits for.

    Attributes:
        customer: Their name; empty for one who is not on file.
        request: The exception that waits for somebody, or is granted and not booked yet.
        asked: The question to sales that is not settled yet.
        last_role: Who spoke last; None when nothing that was said is kept.
        last_at: When that was; when the case was opened, when nothing is kept.
        due: What was promised next.
    """

    model_config = ConfigDict(frozen=True)

    case: Case
    customer: str
    request: ExceptionRequest | None = None
    asked: Verification | None = None
    last_role: Role | None = None
    last_at: datetime
    due: Commitment | None = None


class Wait(StrEnum):
    """For what a case waits."""

    YOUR_ANSWER = "your_answer"
    BOOKING = "booking"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    SALES = "sales"
    PROOF = "proof"


_OF_REQUEST = {
    ExceptionState.ASKED_BACK: Wait.YOUR_ANSWER,
    ExceptionState.APPROVED: Wait.BOOKING,
    ExceptionState.REQUESTED: Wait.SUPERVISOR,
    ExceptionState.SECONDING: Wait.MANAGER,
}


def waits(at_hand: CaseAtHand) -> list[Wait]:
    """For what a case waits: a word about its request, sales, or neither."""
    found = [_OF_REQUEST[at_hand.request.state]] if at_hand.request else []
    if at_hand.asked:
        found.append(Wait.SALES if at_hand.asked.state is VerificationState.ASKED else Wait.PROOF)
    return found


class Desk(BaseModel):
    """Somebody's own work.

    Attributes:
        cases: The longest untouched first; `more_cases` are left out.
        promised: What they owe customers, each with the customer's name, the one due first foremost;
            `more_promised` are left out.
        now: When this was so.
    """

    model_config = ConfigDict(frozen=True)

    cases: tuple[CaseAtHand, ...] = ()
    more_cases: int = 0
    promised: tuple[tuple[Commitment, str], ...] = ()
    more_promised: int = 0
    now: datetime


class TeamMember(BaseModel):
    """One of the team, in counts."""

    model_config = ConfigDict(frozen=True)

    user: str
    on_duty: bool = False
    open_cases: int = 0
    overdue: int = 0
    paused: bool = False
    away: bool = False


def team(
    *,
    on_duty: Iterable[str],
    open_cases: Mapping[str | None, int],
    overdue: Mapping[str, int],
    paused: frozenset[str],
    away: frozenset[str],
) -> list[TeamMember]:
    """Whoever is on duty, has open cases or owes something late; who has most on their hands first.

    Args:
        open_cases: By whoever handles them; under None those that nobody handles yet, which are nobody's here.
    """
    duty = frozenset(on_duty)
    everyone = duty | overdue.keys() | {each for each in open_cases if each}
    found = [
        TeamMember(
            user=each,
            on_duty=each in duty,
            open_cases=open_cases.get(each, 0),
            overdue=overdue.get(each, 0),
            paused=each in paused,
            away=each in away,
        )
        for each in everyone
    ]
    return sorted(found, key=lambda each: (-each.overdue, -each.open_cases, each.user))

"""Asking a colleague in: to take a conversation over 接手 (R31), or as a second pair of eyes (R35).

One person is asked at a time. Whoever cannot just now, or does not answer in time, makes room for the next.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.authority import deputies, managers, supervisors
from bot.message import Role
from bot.policy import HoursPolicy, TakeoverPolicy
from bot.setup import Setup
from bot.working_hours import after as working_time_after


class Kind(StrEnum):
    """What a colleague is asked for."""

    TAKEOVER = "takeover"
    PEER = "peer"


class AskState(StrEnum):
    """The life of one question to one colleague."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"


class AskMove(StrEnum):
    """What can happen to it; it times out by itself, and is withdrawn when somebody else is chosen."""

    ACCEPT = "accept"
    DECLINE = "decline"
    TIME_OUT = "time_out"
    WITHDRAW = "withdraw"


MOVES: dict[tuple[AskState, AskMove], AskState] = {
    (AskState.ASKED, AskMove.ACCEPT): AskState.ACCEPTED,
    (AskState.ASKED, AskMove.DECLINE): AskState.DECLINED,
    (AskState.ASKED, AskMove.TIME_OUT): AskState.TIMED_OUT,
    (AskState.ASKED, AskMove.WITHDRAW): AskState.WITHDRAWN,
}
"""From which state which move leads where; what is answered stays answered."""


class Asking(BaseModel):
    """One question to one colleague.

    Attributes:
        round: What the questions have in common that were asked one after the other for the same wish.
        number: Which of them it is, from 1.
        asked_by: Who wished for it.
        why: What they should know, in the asker's words; empty when a button asked.
        due_at: When it times out; None once it is answered.
    """

    model_config = ConfigDict(frozen=True)

    workspace: str
    id: str
    case_id: str
    kind: Kind
    round: str
    number: int = 1
    asked_by: str
    asked: str
    why: str = ""
    state: AskState = AskState.ASKED
    asked_at: datetime
    due_at: datetime | None = None
    settled_at: datetime | None = None


def ask(
    *,
    workspace: str,
    new_id: str,
    case_id: str,
    kind: Kind,
    asked_by: str,
    whom: str,
    why: str,
    now: datetime,
    policy: TakeoverPolicy,
    hours: HoursPolicy,
    before: Asking | None = None,
) -> Asking:
    """A new question, with the time by which it is answered or the next one is asked.

    Args:
        before: The question whose colleague could not, in the same round.
    """
    return Asking(
        workspace=workspace,
        id=new_id,
        case_id=case_id,
        kind=kind,
        round=before.round if before else new_id,
        number=before.number + 1 if before else 1,
        asked_by=asked_by,
        asked=whom,
        why=why,
        asked_at=now,
        due_at=working_time_after(now, timedelta(minutes=policy.answer_within_minutes), hours),
    )


def moved(asking: Asking, move: AskMove, *, now: datetime) -> Asking | None:
    """The question after a move; None when it cannot make it from where it stands."""
    state = MOVES.get((asking.state, move))
    if state is None:
        return None
    return asking.model_copy(update={"state": state, "due_at": None, "settled_at": now})


def asks_on(asking: Asking, policy: TakeoverPolicy) -> bool:
    """Whether somebody else is asked after this one could not."""
    return asking.state in {AskState.DECLINED, AskState.TIMED_OUT} and asking.number < policy.ask_at_most


def may_answer(asking: Asking, user: str, role: Role) -> bool:
    """Whether this person is the one who was asked, and still talks to customers."""
    return user == asking.asked and role in {Role.AGENT, Role.SUPERVISOR}


def in_order(
    setup: Setup,
    groups: Mapping[str, frozenset[str]],
    channel: str,
    *,
    now: datetime,
    not_these: Iterable[str | None] = (),
    rather_not: Iterable[str] = (),
) -> tuple[str, ...]:
    """Whom to ask, best first (R31).

    Whoever stands in for a supervisor who is away; else a senior peer, whom no list names: who is on duty in this
    channel, then any other agent. A supervisor comes last and a manager after them, since whoever takes a case over
    can no longer decide it (R30); one who is away is not asked.

    Args:
        groups: The members of user groups as far as they are known.
        not_these: Whoever handles the case, asks, was asked before, or wants to be left alone.
        rather_not: Whoever was asked to look at it as a second pair of eyes (R35): they are asked after the other
            peers, so that two people help, but before those who decide.
    """
    top, deciding = managers(setup, groups), supervisors(setup, groups)
    standing_in = deputies(setup, now)
    here = setup.support_channel(channel)
    on_duty = here.on_duty if here else ()
    agents = {*setup.agents.users, *(user for group in setup.agents.groups for user in groups.get(group, ()))}
    peers = [*sorted(standing_in), *on_duty, *sorted(agents)]
    looking = frozenset(rather_not)
    able = [user for user in peers if user not in top | deciding]
    wanted = [
        *(user for user in able if user not in looking),
        *able,
        *sorted(standing_in & deciding),
        *sorted(deciding),
        *sorted(top),
    ]
    left_alone = {*not_these, *(each.user for each in setup.away_now(now))}
    return tuple(user for user in dict.fromkeys(wanted) if user not in left_alone)

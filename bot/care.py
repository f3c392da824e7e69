"""Looking after the staff: abuse and threats at whoever answers are noticed, and somebody is told (R39, R47)."""

from collections.abc import Iterable
from typing import Final

from bot.case import Case, CaseState
from bot.message import Role
from bot.playbook import Play
from bot.quiet import Quiet
from bot.signals import Signal

ABUSE: Final = ("abuses_agent", "threatens_agent")
"""What a customer does to the person who answers: the supervisors hear of it, once a case and kind."""


def aimed_at_us(signals: Iterable[Signal], sure_from: float) -> tuple[str, ...]:
    """Which of these a customer's message surely shows."""
    shown = {each.id for each in signals if each.score >= sure_from}
    return tuple(each for each in ABUSE if each in shown)


def is_to_be_answered(plays: Iterable[Play]) -> bool:
    """Whether advice must not go unseen: it is always heard, since a customer threatens or abuses (R38, R39, R47)."""
    return any(each.always and each.speaker == Role.CUSTOMER for each in plays)


def is_forsaken(plays: Iterable[str], case: Case, person: str, wish: Quiet, *, answered: bool) -> bool:
    """Whether it is still theirs to react to, and nobody has; what they do not want to hear they do not hear so either.

    Args:
        plays: Ids of the advice's plays.
        answered: One of us has written in the case since.
    """
    is_theirs = case.state is not CaseState.CLOSED and case.agent in {None, person}
    is_unwanted = wish.paused_until is not None or case.id in wish.cases or not set(wish.plays).isdisjoint(plays)
    return is_theirs and not answered and not is_unwanted

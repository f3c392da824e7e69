"""Looking after the staff: abuse and threats at whoever answers are noticed, and somebody is told (R39, R47)."""

from collections.abc import Iterable
from typing import Final

from bot.signals import Signal

ABUSE: Final = ("abuses_agent", "threatens_agent")
"""What a customer does to the person who answers: the supervisors hear of it, once a case and kind."""


def aimed_at_us(signals: Iterable[Signal], sure_from: float) -> tuple[str, ...]:
    """Which of these a customer's message surely shows."""
    shown = {each.id for each in signals if each.score >= sure_from}
    return tuple(each for each in ABUSE if each in shown)

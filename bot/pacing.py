"""How fast Slack is spoken to: its limits as budgets, what goes first, and what is not worth sending any more.

Slack counts calls by method and workspace. What a budget has left is one number, the moment from which it has something
again; so workers share it as a row, and nobody counts calls. Figures: Slack's page on rate limits and each method's
own (docs/decisions/pacing.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.playbook import Play

MINUTE_SECONDS: Final = 60.0
ASKED: Final = 10_000
"""How important the answer to what somebody did is: nothing of the same kind goes before it."""
URGENT: Final = 1_000
"""From here on it is about the person's own safety, or can be taken back only now."""
MOST_SHUT_SECONDS: Final = 300.0
"""Nothing waits longer for Slack to let us: what opens later was written while the clock was wrong."""
AT_ONCE_SECONDS: Final = 10.0
"""What goes out this soon is as it was decided; what had to wait longer is looked at again."""


@dataclass(frozen=True)
class Budget:
    """So many at once, and so many a minute after that: in any minute never more than both together.

    Attributes:
        per_minute: How many it gains in a minute.
        at_once: How many it holds at most.
    """

    per_minute: float
    at_once: int = 1

    @property
    def seconds_each(self) -> float:
        """How long it takes to gain one."""
        return MINUTE_SECONDS / self.per_minute

    def spent(self, opens_at: float, now: float) -> float:
        """From which moment on there is one again, once one is taken now.

        Args:
            opens_at: Since when there has been one, or from when on there will be.
            now: Not before `opens_at`.
        """
        return max(opens_at, now - (self.at_once - 1) * self.seconds_each) + self.seconds_each


IN_A_CHANNEL: Final = Budget(per_minute=60)
"""What is visible: one message a second in a channel, a direct message's too."""

BUDGETS: Final[Mapping[str, Budget]] = MappingProxyType(
    {
        "chat.postEphemeral": Budget(per_minute=80, at_once=20),
        "views.publish": Budget(per_minute=80, at_once=20),
    }
)
"""Methods that we could call more often than Slack lets us (tier 4: a hundred a minute in a workspace)."""


def importance(plays: Iterable[Play]) -> int:
    """How important advice is: its weightiest play's priority; what is always heard before all that is not."""
    return max((min(max(each.priority, 0), URGENT - 1) + (URGENT if each.always else 0) for each in plays), default=0)


def has_passed(*, waited: float, importance: int, answered: bool, followed: bool) -> bool:
    """Whether the moment of advice that had to wait is over, so that to show it now would only disturb.

    Args:
        waited: Seconds since it was decided.
        importance: What is urgent is shown all the same.
        answered: One of us has written in the conversation since.
        followed: Newer advice for the same person in the same case, as important, waits or was shown.
    """
    return waited > AT_ONCE_SECONDS and importance < URGENT and (answered or followed)

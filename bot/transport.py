"""How Slack's events, commands and clicks come in: over Socket Mode or as HTTP requests."""

from enum import Enum
from typing import Protocol

FINISH_SECONDS = 10.0
"""How long what was begun may take to end once we are told to stop."""


class Heard(Enum):
    """What came from Slack since somebody last looked."""

    NOTHING = "nothing"
    ALL = "all"
    AFTER_A_GAP = "after a gap"
    """Slack reaches us, and there was a time when it may not have: something may have been missed."""


class Transport(Protocol):
    """One of the two ways."""

    async def start(self) -> None:
        """Let Slack reach us."""

    async def heard(self) -> Heard:
        """Whether Slack reached us since the last look."""

    async def stop(self) -> None:
        """Take nothing new, and finish what came in."""

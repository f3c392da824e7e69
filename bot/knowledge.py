"""What the coach knows at one time: a playbook, and the detector trained from it. The two are never mixed."""

from dataclasses import dataclass
from typing import Self

from bot.playbook import Playbook
from bot.signals import Detector


@dataclass(frozen=True)
class Knowledge:
    """A playbook and the detector that learnt from it."""

    playbook: Playbook
    detector: Detector

    @classmethod
    def of(cls, playbook: Playbook) -> Self:
        """Learn from a playbook; takes seconds."""
        return cls(playbook, Detector.train(playbook))

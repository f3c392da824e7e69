"""What the coach knows at one time: a playbook, and the detector that learnt from it. The two are never mixed."""

from dataclasses import dataclass

from bot.playbook import Playbook
from bot.signals import Detector


@dataclass(frozen=True)
class Knowledge:
    """A playbook and the detector that learnt from it."""

    playbook: Playbook
    detector: Detector

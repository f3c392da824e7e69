"""Whole conversations that nobody who writes the playbook has seen, and what the coach does at each of their beats."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.playbook import LANGUAGES, Playbook
from bot.replay import Replay
from bot.signals import Detector
from tests.conversations.beats import misses, play

FOLDER = Path(__file__).parent / "conversations"


@dataclass(frozen=True)
class Heard:
    """A beat.

    Attributes:
        expected: Whether a whisper is expected; None where either will do.
        whispered: Whether there was one.
        misses: How much of it is not as expected.
    """

    expected: bool | None
    whispered: bool
    misses: int

    @property
    def right(self) -> bool | None:
        """Whether it whispered or was silent as expected; None where either will do."""
        return None if self.expected is None else self.whispered is self.expected


def heard(playbook: Playbook, detector: Detector, folder: Path = FOLDER) -> dict[str, Sequence[Heard]]:
    """Every beat of every conversation in a folder, by language."""
    return {
        language: [
            Heard(
                expected=beat.whisper if isinstance(beat.whisper, bool) else None,
                whispered=told.advice is not None,
                misses=len(list(misses(told, beat))),
            )
            for path in sorted((folder / language).glob("*.jsonl"))
            for _, told, beat in play(path, Replay(playbook, detector))
        ]
        for language in LANGUAGES
    }

"""Each way of pushing, from first message to follow-up, in three languages: what the coach does at each beat."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bot.learning import learn
from bot.playbook import LANGUAGES
from bot.playbook_files import load_playbook
from bot.replay import Replay
from bot.settings import PACKAGED_PLAYBOOK, Settings
from tests.conversations.beats import FOLDER, KNOWN, conversations, misses_of, played

PUSHING = ("bluffing", "lecturing", "pleading", "pragmatic", "reasoning", "threatening", "upset")


@pytest.fixture(scope="module")
def begun() -> Callable[[], Replay]:
    """A coach who reads and advises as the bot does, and has heard nothing yet."""
    playbook = load_playbook(PACKAGED_PLAYBOOK)
    return partial(Replay, playbook, learn(playbook, Settings(), print))


def test_each_way_of_pushing_is_told_in_each_language() -> None:
    """The seven types of the trade, three languages."""
    told = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in conversations()}
    assert told == {f"{language}/{way}" for language in LANGUAGES for way in PUSHING}


@pytest.mark.parametrize("path", conversations(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_coach_does_at_each_beat_what_is_expected(begun: Callable[[], Replay], path: Path) -> None:
    """But for the misses that are written down; a new one fails, and so does one that is no longer there."""
    known = [line for line in KNOWN.read_text(encoding="utf-8").splitlines() if line.startswith(f"{played(path)}:")]
    assert misses_of(path, begun()) == known, "look at what changed; `python -m tests.conversations` writes it down"


def test_nearly_every_whisper_and_silence_is_right(begun: Callable[[], Replay]) -> None:
    """Where a conversation asks for a whisper or for silence, the coach agrees in four of five beats at least."""
    right = wrong = 0
    for path in conversations():
        for line in misses_of(path, begun(), whispers=True):
            right += line.endswith("right")
            wrong += line.endswith("wrong")
    assert right / (right + wrong) >= 0.8

"""Each way of pushing, from first message to follow-up, in three languages: what the coach does at each beat."""

from pathlib import Path

import pytest

from bot.learning import learn
from bot.playbook import LANGUAGES
from bot.playbook_files import load_playbook
from bot.replay import Replay
from bot.settings import PACKAGED_PLAYBOOK, Settings
from tests.conversations.beats import FOLDER, KNOWN, VERDICTS, conversations, found_in, played

pytestmark = pytest.mark.slow

PUSHING = ("bluffing", "lecturing", "pleading", "pragmatic", "reasoning", "threatening", "upset")


@pytest.fixture(scope="module")
def played_through() -> dict[Path, list[str]]:
    """What was found in each conversation: its misses, and whether each whisper or silence was right."""
    playbook = load_playbook(PACKAGED_PLAYBOOK)
    detector = learn(playbook, Settings(), print)
    return {path: found_in(path, Replay(playbook, detector)) for path in conversations()}


def test_each_way_of_pushing_is_told_in_each_language() -> None:
    """The seven types of the trade, three languages."""
    told = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in conversations()}
    assert told == {f"{language}/{way}" for language in LANGUAGES for way in PUSHING}


@pytest.mark.parametrize("path", conversations(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_coach_does_at_each_beat_what_is_expected(played_through: dict[Path, list[str]], path: Path) -> None:
    """But for the misses that are written down; a new one fails, and so does one that is no longer there."""
    known = [line for line in KNOWN.read_text(encoding="utf-8").splitlines() if line.startswith(f"{played(path)}:")]
    misses = [line for line in played_through[path] if not line.endswith(VERDICTS)]
    assert misses == known, "look at what changed; `python -m tests.conversations` writes it down"


def test_nearly_every_whisper_and_silence_is_right(played_through: dict[Path, list[str]]) -> None:
    """Where a conversation asks for a whisper or for silence, the coach agrees in four of five beats at least."""
    verdicts = [line for found in played_through.values() for line in found if line.endswith(VERDICTS)]
    right = sum(line.endswith(VERDICTS[0]) for line in verdicts)
    assert right / len(verdicts) >= 0.8

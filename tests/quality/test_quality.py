"""The command that writes docs/quality.md, on a few messages and the tests' own small playbook."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.features import normal_form
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK
from bot.signals import SPEAKERS, examples
from tests.quality import page
from tests.quality.__main__ import main
from tests.quality.figures import Count, Figures, auc, macro_f1, read, together
from tests.quality.whole import Heard

TINY = Path(__file__).parent.parent / "playbook" / "tiny"
MESSAGES: list[dict[str, Any]] = [
    {
        "role": "customer",
        "lang": "zh-TW",
        "text": "你們要賠償我們的損失",
        "signals": ["demands_compensation"],
        "kind": "plain",
    },
    {"role": "customer", "lang": "zh-TW", "text": "等到火大", "signals": ["anger"], "anger": 2, "kind": "plain"},
    {"role": "customer", "lang": "zh-TW", "text": "我們不是要賠償", "signals": [], "kind": "lookalike", "anger": 0},
    {"role": "customer", "lang": "en", "text": "We want a refund", "signals": [], "kind": "lookalike"},
    {"role": "customer", "lang": "en", "text": "I am FURIOUS", "signals": [], "may": ["anger"], "kind": "neutral"},
    {"role": "agent", "lang": "zh-CN", "text": "请问是哪一台", "signals": [], "may": [], "kind": "neutral"},
]


def lines(messages: list[dict[str, Any]]) -> str:
    """As a file of JSON lines."""
    return "".join(json.dumps(message, ensure_ascii=False) + "\n" for message in messages)


@pytest.fixture
def quality(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with held-out messages; the page goes there too."""
    monkeypatch.setenv("ASIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ASIDE_ENCODERS", "none")
    monkeypatch.delenv("ASIDE_ORDINARY", raising=False)
    by_language: dict[str, list[dict[str, Any]]] = {}
    for message in MESSAGES:
        by_language.setdefault(message["lang"], []).append(message)
    for language, messages in by_language.items():
        (tmp_path / f"held_out.{language}.jsonl").write_text(lines(messages), encoding="utf-8")
    return tmp_path


def run(folder: Path, *options: str) -> Result:
    """Run the command on a folder."""
    place = folder / "quality.md"
    return CliRunner().invoke(
        main, ["--held-out", str(folder), "--page", str(place), "--playbook", str(TINY), *options]
    )


def row(folder: Path, name: str) -> list[str]:
    """The cells of a line of the page."""
    text = (folder / "quality.md").read_text(encoding="utf-8")
    (found,) = [line for line in text.splitlines() if line.startswith(f"| {name}")]
    return [cell.strip() for cell in found.strip("|").split("|")][1:]


def test_the_page_holds_what_was_counted(quality: Path) -> None:
    """Each signal by language, and what is said of the whole; what one may hear counts neither way."""
    assert run(quality).exit_code == 0
    assert row(quality, "`anger`") == ["1.00 1.00 **1.00**", "", "", "1.00 1.00 **1.00**"]
    assert row(quality, "`demands_compensation`") == [
        "1.00 1.00 **1.00**",
        "",
        "0.00 1.00 **0.00**",
        "0.50 1.00 **0.67**",
    ]
    assert row(quality, "Macro-F1") == ["1.000", "0.000", "0.000", "0.833", "≥ 0.80"]
    assert row(quality, "Lowest F1 of a signal") == ["", "", "", "0.667", "≥ 0.60"]
    assert row(quality, "Look-alikes flagged") == ["0.000", "", "1.000", "0.500", "≤ 0.15"]
    assert row(quality, "Messages without a signal flagged") == ["0.000", "0.000", "0.500", "0.250", ""]
    assert row(quality, "Anger AUC") == ["1.000", "", "", "1.000", "≥ 0.90"]
    assert row(quality, "Ordinary questions") == ["", "", "not at hand", "", "≤ 0.04"]


def test_ordinary_messages_are_counted_where_they_are_at_hand(quality: Path) -> None:
    """An alarm is anything but what a message is about."""
    file = quality / "ordinary.jsonl"
    texts = ["We want a refund", "Where is the export button?", "hello", "thank you"]
    file.write_text(lines([{"role": "customer", "text": text} for text in texts]), encoding="utf-8")
    assert run(quality, "--ordinary", str(file)).exit_code == 0
    assert row(quality, "Ordinary questions") == ["", "", "0.250", "", "≤ 0.04"]
    # who checks without the file cannot know, and is not told off
    assert run(quality, "--check").exit_code == 0
    assert run(quality, "--check", "--ordinary", str(file)).exit_code == 0


def test_a_page_that_is_no_longer_true_fails_the_check(quality: Path) -> None:
    """The lines that changed are named."""
    run(quality)
    assert run(quality, "--check").exit_code == 0
    place = quality / "quality.md"
    place.write_text(place.read_text(encoding="utf-8").replace("| 0.833 |", "| 0.900 |"), encoding="utf-8")
    checked = run(quality, "--check")
    assert checked.exit_code == 1
    assert "| Macro-F1 | 1.000 | 0.000 | 0.000 | 0.833 | ≥ 0.80 |" in checked.output
    place.unlink()
    assert run(quality, "--check").exit_code == 1


def test_a_hundredth_is_rounding() -> None:
    """Another machine's arithmetic may move a message over a level; more than a hundredth is news."""
    known = "| Macro-F1 | 0.810 | ≥ 0.80 |"
    assert page.differs("| Macro-F1 | 0.802 | ≥ 0.80 |", known) == []
    assert page.differs("| Macro-F1 | 0.799 | ≥ 0.80 |", known) == ["| Macro-F1 | 0.799 | ≥ 0.80 |"]
    assert page.differs("| Macro-F2 | 0.810 | ≥ 0.80 |", known) == ["| Macro-F2 | 0.810 | ≥ 0.80 |"]
    assert page.differs(known + "\n", known + "\nmore") == ["2 lines have become 1"]


def test_anger_ranks() -> None:
    """The share of pairs in which the angry one is told angrier, ties half."""
    assert auc([3, 2], [0, 1]) == 1
    assert auc([1], [1]) == 0.5
    assert auc([0, 2], [1]) == 0.5
    assert auc([], [1]) is None


def test_figures_of_a_signal() -> None:
    """Precision, recall and F1 from counts; what was never told is precise, what never was there is not missed."""
    assert Count(3, 1, 2).precision == 0.75
    assert Count(3, 1, 2).recall == 0.6
    assert Count(3, 1, 2).f1 == pytest.approx(2 / 3)
    assert (Count().precision, Count().recall, Count().f1) == (1, 1, 0)
    assert together([Count(1, 2, 3), Count(4, 5, 6)]) == Count(5, 7, 9)
    assert macro_f1(Figures({"a": {"en": Count(1)}, "b": {"en": Count(0, 0, 1)}}, {}, {})) == 0.5


def test_nothing_that_is_held_out_stands_among_the_examples() -> None:
    """What is judged with was never learnt from, word for word."""
    playbook = load_playbook(PACKAGED_PLAYBOOK)
    learnt_from = {example.text for speaker in SPEAKERS for example in examples(playbook, speaker)}
    files = Path(__file__).parent.glob("held_out.*.jsonl")
    held_out = {normal_form(message["text"]) for file in files for message in read(file)}
    assert held_out
    assert held_out.isdisjoint(learnt_from)


def test_whole_conversations_are_told_by_language_and_together() -> None:
    """Three beats, of which one wants a whisper and gets none; where either will do only the rest is judged."""
    beats = {
        "en": [Heard(expected=True, whispered=False, misses=1), Heard(expected=False, whispered=False, misses=0)],
        "zh-TW": [Heard(expected=None, whispered=True, misses=0)],
    }
    told = page.write(Figures({}, {}, {}), 0, None, beats).splitlines()
    start = next(number for number, line in enumerate(told) if line.startswith("| Whisper or silence"))
    assert told[start : start + 4] == [
        "| Whisper or silence as expected, where one of them is |  |  | 0.500 | 0.500 |",
        "| … a whisper where one is expected |  |  | 0.000 | 0.000 |",
        "| … silence where silence is expected |  |  | 1.000 | 1.000 |",
        "| Messages at which all is as expected, signals and anger too | 1.000 |  | 0.500 | 0.667 |",
    ]

"""The page from which a support manager adds a play alone: what it says to copy works as it stands there."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.advice import Advice, Situation
from bot.case import Standing
from bot.coaching import advise
from bot.entitlement import Entitlement
from bot.language import language_of_text
from bot.message import Role
from bot.playbook import Language, Playbook, Stage
from bot.playbook_files import read_with_places
from bot.playbook_warnings import warnings
from bot.settings import PACKAGED_PLAYBOOK
from bot.signals import Detector, Reading, Signal

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("playbook.md", "playbook.zh-TW.md")
BOX = re.compile(r"^```yaml\n# my-playbook/(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def boxes(page: str) -> list[tuple[str, str]]:
    """Each box of a page that is to be copied: the file at whose end it goes, and its text."""
    return BOX.findall((DOCS / page).read_text(encoding="utf-8"))


@pytest.fixture(params=PAGES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the packaged playbook with everything pasted that a page tells to paste."""
    copy = Path(shutil.copytree(PACKAGED_PLAYBOOK, tmp_path / "my-playbook"))
    for name, text in boxes(request.param):
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}")
    return copy


def read(folder: Path) -> Playbook:
    """The playbook, which has no fault."""
    playbook, faults, _ = read_with_places(folder)
    assert faults == ()
    assert playbook
    return playbook


def with_few_examples(playbook: Playbook) -> Playbook:
    """The same with the last few examples of each list, from which a coach learns in a second."""

    def words(language: Language) -> dict[str, Any]:
        known = playbook.words[language]
        signals = {
            name: each.model_copy(update={"examples": each.examples[-8:]}) for name, each in known.signals.items()
        }
        return {"signals": signals}

    return playbook.model_copy(
        update={"words": {each: playbook.words[each].model_copy(update=words(each)) for each in playbook.words}}
    )


def whispered(
    playbook: Playbook, reading: Reading, entitlement: Entitlement, language: Language, *facts: str
) -> Advice:
    """What an agent is told about a customer's message."""
    situation = Situation(standing=Standing(entitlement=entitlement), stage=Stage.RECEIVE, facts=frozenset(facts))
    advice = advise(
        playbook, reading=reading, speaker=Role.CUSTOMER, situation=situation, given=(), language=language, now=NOW
    )
    assert advice
    return advice


def test_both_pages_tell_to_paste_the_same() -> None:
    """Whichever of them one follows, the playbook is the same in the end."""
    first, second = (
        sorted((name, yaml.safe_dump(yaml.safe_load(text))) for name, text in boxes(page)) for page in PAGES
    )
    assert first == second
    assert len(first) == 10


def test_what_is_pasted_is_without_fault_and_warns_as_the_page_says(folder: Path) -> None:
    """Three warnings, of the new signal alone: five examples where 25 are needed."""
    playbook, faults, files = read_with_places(folder)
    assert faults == ()
    assert playbook
    told = [re.sub(r"line \d+", "line n", str(each)) for each in warnings(playbook, files)]
    assert told == [
        f"{language}/signals.yaml, line n, asks_loan_unit.examples: 5 examples; a signal needs 25, so 20 more."
        for language in ("en", "zh-CN", "zh-TW")
    ]


def test_the_new_play_for_a_signal_that_was_there_is_whispered(folder: Path) -> None:
    """To whoever has a customer with cover; the line that says so waits for the fact."""
    playbook = read(folder)
    reading = Reading((Signal("asks_engineer", 0.9, "engineer"),))
    told = whispered(playbook, reading, Entitlement.COVERED, "en", "covered")
    assert told.plays[0] == "engineer_in_cover"
    assert [line.text for line in told.lines][:2] == list(
        playbook.words["en"].plays["engineer_in_cover"].lines.values()
    )
    unknown = whispered(playbook, reading, Entitlement.COVERED, "zh-TW")
    assert playbook.words["zh-TW"].plays["engineer_in_cover"].lines["in_cover"] in [
        each.text for each in unknown.withheld
    ]
    elsewhere = whispered(playbook, reading, Entitlement.EXPIRED, "en", "expired")
    assert "engineer_in_cover" not in elsewhere.plays


def test_the_new_signal_is_heard_and_answered(folder: Path) -> None:
    """In each language, in words that stand in no example; what the veto names is not heard."""
    playbook = read(folder)
    detector = Detector.train(with_few_examples(playbook))
    for text in ("請問有備用機可以借用幾天嗎", "请问备用机怎么借", "Is there a loan machine for us?"):
        reading = detector.read(Role.CUSTOMER, text)
        assert "asks_loan_unit" in reading.ids, text
        language = language_of_text(text, "en")
        told = whispered(playbook, reading, Entitlement.UNKNOWN, language)
        assert told.plays[0] == "asks_loan_unit"
        assert told.lines[0].text == playbook.words[language].plays["asks_loan_unit"].lines["how_long"]
    assert "asks_loan_unit" not in detector.read(Role.CUSTOMER, "我們自己有一台備用機").ids


@pytest.mark.parametrize("page", PAGES)
def test_every_file_of_a_playbook_is_named(page: str) -> None:
    """A page that leaves one out sends its reader looking."""
    text = (DOCS / page).read_text(encoding="utf-8")
    names = {file.name for file in PACKAGED_PLAYBOOK.rglob("*.yaml")}
    assert [name for name in sorted(names) if name not in text] == []

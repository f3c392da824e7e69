"""When the coach speaks and when it is silent, and what it says of an agent's own words."""

from datetime import timedelta

import pytest

from bot.advice import Advice
from bot.case import Standing
from bot.coaching import advise
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import Action, Playbook, Speaker, Stage
from bot.quiet import Given
from bot.signals import Reading, Signal
from tests.core.coached import NOW, reading, situation_of, whispered


def test_an_overpromise_is_taken_back_however_much_was_whispered(playbook: Playbook) -> None:
    """R32: it can be taken back now, not later; neither a cooldown nor a budget holds it."""
    budget = playbook.policy.whisper.per_case_per_hour
    advice = advise(
        playbook,
        reading=reading("overpromises"),
        speaker=Role.AGENT,
        situation=situation_of(Standing(), Stage.CONFIRM),
        given=[Given(plays=("overpromises",), at=NOW)] * budget,
        language="en",
        now=NOW,
    )
    assert advice
    assert advice.plays == ("overpromises",)


@pytest.mark.parametrize(
    "stands",
    [
        Standing(fault_ours="yes"),
        Standing(claim="confirmed"),
        Standing(entitlement=Entitlement.EXPIRED, decision="granted"),
    ],
)
def test_a_thank_you_is_left_alone_whatever_the_case_knows(playbook: Playbook, stands: Standing) -> None:
    """A fact that holds is no reason to speak."""
    situation = situation_of(stands, Stage.COMMIT)
    assert whispered(playbook, situation, "satisfied") is None
    assert whispered(playbook, situation, "satisfied", "reports_fault") is None
    assert whispered(playbook, situation, "asks_favour")


def test_what_has_been_answered_is_not_asked_again(playbook: Playbook) -> None:
    """R03: once the problem is confirmed, nobody is asked what stands still."""
    question = playbook.words["en"].plays["asks_favour"].lines["to_ask_well"]
    for stage, asked in ((Stage.CONFIRM, True), (Stage.ASSESS, False)):
        advice = whispered(playbook, situation_of(Standing(entitlement=Entitlement.EXPIRED), stage), "asks_favour")
        assert advice
        assert (question in {line.text for line in advice.lines}) == asked


def test_advice_of_an_earlier_version_can_be_read() -> None:
    """What is stored stays readable: new fields have defaults."""
    kept = {
        "signals": [],
        "anger": 0,
        "plays": ["asks_favour"],
        "rules": ["R19"],
        "stage": "assess",
        "row": "ask_goodwill",
        "lines": [{"lang": "en", "text": "…"}],
        "withheld": [],
        "routes": ["supervisor"],
        "action": "ask_exception",
        "facts": [],
        "playbook_version": "0123456789ab",
    }
    advice = Advice.model_validate(kept)
    assert (advice.action, advice.actions, advice.beside) == (Action.ASK_EXCEPTION, (), ())


def test_the_same_play_is_not_whispered_again_within_its_cooldown(playbook: Playbook) -> None:
    """Quiet by default."""
    situation = situation_of(Standing(), Stage.RECEIVE)

    def at(seconds: float) -> object:
        return advise(
            playbook,
            reading=reading("reports_fault"),
            speaker=Role.CUSTOMER,
            situation=situation,
            given=[Given(plays=("reports_fault", "which_machine"), at=NOW)],
            language="en",
            now=NOW + timedelta(seconds=seconds),
        )

    assert at(60) is None
    assert at(playbook.policy.whisper.cooldown_seconds + 1) is not None


def test_beyond_the_budget_the_coach_is_silent(playbook: Playbook) -> None:
    """An attention budget an agent and case."""
    budget = playbook.policy.whisper.per_case_per_hour
    given_already = [Given(plays=("other",), at=NOW - timedelta(minutes=each)) for each in range(budget)]
    advice = advise(
        playbook,
        reading=reading("asks_favour"),
        speaker=Role.CUSTOMER,
        situation=situation_of(Standing(), Stage.ASSESS),
        given=given_already,
        language="en",
        now=NOW,
    )
    assert advice is None


@pytest.mark.parametrize(("speaker", "signal"), [(Role.CUSTOMER, "asks_favour"), (Role.AGENT, "cites_policy")])
def test_what_is_unsure_is_not_acted_on(playbook: Playbook, speaker: Speaker, signal: str) -> None:
    """Silent when unsure, and more so about the agent's own words."""
    whisper = playbook.policy.whisper
    level = whisper.sure_of_ours_from if speaker is Role.AGENT else whisper.sure_from
    situation = situation_of(Standing(), Stage.ASSESS)
    advice = [
        advise(
            playbook,
            reading=Reading((Signal(signal, score, "…"),), 0),
            speaker=speaker,
            situation=situation,
            given=(),
            language="en",
            now=NOW,
        )
        for score in (level - 0.01, level)
    ]
    assert [bool(each) for each in advice] == [False, True]


@pytest.mark.parametrize("signal", ["cites_policy", "blames_customer", "overpromises", "shames_price"])
def test_an_agents_own_slip_gets_a_private_word_and_no_route(playbook: Playbook, signal: str) -> None:
    """What an agent is told about their own words stays with them."""
    advice = advise(
        playbook,
        reading=reading(signal),
        speaker=Role.AGENT,
        situation=situation_of(Standing(), Stage.CONFIRM),
        given=(),
        language="zh-TW",
        now=NOW,
    )
    assert advice
    assert advice.row is None
    assert advice.action is None
    assert advice.lines

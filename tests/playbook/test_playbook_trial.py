"""A playbook tried on its own examples, each read by a detector that has not seen it."""

from collections.abc import Callable
from pathlib import Path

from bot.features import normal_form
from bot.message import Role
from bot.playbook import LANGUAGES, Playbook
from bot.playbook_files import load_playbook, read_with_places
from bot.playbook_trial import FOLDS, Score, Tried, false_alarms, scores, stray_patterns, tried
from bot.signals import Detector

TINY = Path(__file__).parent / "tiny"
Spoil = Callable[[str, str, str], Path]


def all_texts(playbook: Playbook) -> set[str]:
    """Every example and every message that shows nothing, in normal form."""
    return {
        normal_form(text)
        for words in playbook.words.values()
        for texts in (
            *(signal.examples for signal in words.signals.values()), words.neutral.customer, words.neutral.agent,
        )
        for text in texts
    }  # fmt: skip


def test_every_example_is_read_once_by_a_detector_that_has_not_seen_it() -> None:
    """What is held out is gone from every list and language before the coach learns."""
    playbook = load_playbook(TINY)
    seen: list[set[str]] = []

    def train(rest: Playbook) -> Detector:
        seen.append(all_texts(rest))
        return Detector.train(rest)

    parts = list(tried(playbook, train))
    assert len(parts) == len(seen) == FOLDS
    for part, known in zip(parts, seen, strict=True):
        assert part
        assert known.isdisjoint(normal_form(each.text) for each in part)
    read = [(each.role, each.language, normal_form(each.text)) for part in parts for each in part]
    assert len(read) == len(set(read))
    assert {text for _, _, text in read} == all_texts(playbook)


def test_patterns_and_vetoes_are_kept_while_examples_are_held_out() -> None:
    """Only the examples are on trial, so what a pattern is sure of is told."""
    outcome = [each for part in tried(load_playbook(TINY), Detector.train) for each in part]
    furious = next(each for each in outcome if each.text == "we are furious with you")
    assert furious.shows == {"anger"}
    assert furious.heard[0] == "anger"


def test_an_example_of_two_signals_shows_both(spoil: Spoil) -> None:
    """Wherever it stands, all it shows is expected of it, and it is held out of both lists together."""
    folder = spoil("en/signals.yaml", "[I am really angry about this, ", "[I am really angry about this, pay us back, ")
    outcome = [each for part in tried(load_playbook(folder), Detector.train) for each in part]
    assert [each.shows for each in outcome if each.text == "pay us back"] == [{"anger", "demands_compensation"}]


def test_a_score_counts_what_is_told_and_what_is_mistaken() -> None:
    """In its own examples and in others of the same speaker; in one language or in all."""
    playbook = load_playbook(TINY)

    def message(language: str, shows: set[str], *heard: str, role: Role = Role.CUSTOMER) -> Tried:
        known = next(each for each in LANGUAGES if each == language)
        return Tried(Role.AGENT if role is Role.AGENT else Role.CUSTOMER, known, "x", frozenset(shows), heard)

    outcome = [
        message("en", {"anger"}, "anger", "satisfied"),
        message("en", {"anger"}),
        message("zh-TW", {"anger", "satisfied"}, "satisfied", "anger"),
        message("zh-CN", set(), "anger"),
        message("en", set(), "refuses_early", role=Role.AGENT),
    ]
    told = scores(playbook, outcome)
    assert told["anger"] == Score(examples=3, told=2, mistaken=1)
    assert round(told["anger"].f1, 3) == 0.667
    assert told["satisfied"] == Score(examples=1, told=1, mistaken=1)
    assert told["refuses_early"] == Score(examples=0, told=0, mistaken=1)
    assert scores(playbook, outcome, "zh-TW")["anger"] == Score(examples=1, told=1, mistaken=0)
    assert [each.heard for each in false_alarms(playbook, outcome)] == [("anger",), ("refuses_early",)]


def test_what_only_informs_is_no_false_alarm() -> None:
    """A thank-you heard where there is none disturbs nobody."""
    outcome = [Tried(Role.CUSTOMER, "en", "x", frozenset(), ("satisfied",))]
    assert false_alarms(load_playbook(TINY), outcome) == []


def test_a_pattern_that_fits_a_message_that_shows_nothing_is_told(spoil: Spoil) -> None:
    """Unless a veto takes it back from that sentence."""
    spoil("en/neutral.yaml", "how do I add a user, ", "how do I add a user, may I ask for a refund form, ")
    folder = spoil("en/neutral.yaml", "does Tuesday", "we are not asking for compensation, does Tuesday")
    playbook, _, files = read_with_places(folder)
    assert playbook
    assert [str(each) for each in stray_patterns(playbook, files)] == [
        (
            "en/signals.yaml, line 10, demands_compensation.patterns[1]: "
            "this fits a message that shows nothing: may I ask for a refund form."
        )
    ]


def test_a_veto_that_takes_back_an_example_of_its_own_signal_is_told(spoil: Spoil) -> None:
    """It would silence what it is meant to sharpen."""
    folder = spoil("en/signals.yaml", r"'\bnot (angry|furious|upset)\b'", r"'\bfurious with\b'")
    playbook, _, files = read_with_places(folder)
    assert playbook
    assert [str(each) for each in stray_patterns(playbook, files)] == [
        "en/signals.yaml, line 5, anger.vetoes[0]: this takes back an example of anger: we are furious with you."
    ]

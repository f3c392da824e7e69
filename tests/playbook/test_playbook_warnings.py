"""What is not wrong in a playbook but keeps it from working well, told apart from the faults."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.advice import Situation
from bot.case import Standing
from bot.coaching import fits
from bot.playbook import LANGUAGES, Conditions, Stage
from bot.playbook_files import read_with_places
from bot.playbook_warnings import _holds_with, warnings
from bot.settings import PACKAGED_PLAYBOOK

TINY = Path(__file__).parent / "tiny"
Spoil = Callable[[str, str, str], Path]


def doubts(folder: Path) -> list[str]:
    """Every warning as it is shown, but those about how few examples there are in so small a playbook."""
    playbook, faults, files = read_with_places(folder)
    assert playbook, faults
    told = [str(each) for each in warnings(playbook, files)]
    return [each for each in told if "a signal needs" not in each and "are needed" not in each]


def with_plays(folder: Path, *plays: str) -> Path:
    """The playbook with more plays, one a line of YAML; each has words in both languages."""
    shown = yaml.safe_load((folder / "en/plays.yaml").read_text(encoding="utf-8"))["compensation_asked"]
    with (folder / "plays.yaml").open("a", encoding="utf-8") as file:
        file.writelines(f"- {play}\n" for play in plays)
    for language in ("zh-TW", "en"):
        with (folder / language / "plays.yaml").open("a", encoding="utf-8") as file:
            for play in plays:
                words = {part: shown[part] for part in ("title", "meaning", "next_step", "avoid")}
                file.write(yaml.safe_dump({yaml.safe_load(play)["id"]: words}, allow_unicode=True))
    return folder


def play(name: str, when: str, priority: int, more: str = "") -> str:
    """A play without lines."""
    return f"{{id: {name}, rules: [R05], speaker: customer, when: {when}, priority: {priority}{more}}}"


def test_the_packaged_playbook_has_none() -> None:
    """Enough examples, no contradiction, nothing hidden: what we ship is what we ask of others."""
    playbook, faults, files = read_with_places(PACKAGED_PLAYBOOK)
    assert faults == ()
    assert playbook
    assert [str(each) for each in warnings(playbook, files)] == []


def test_a_signal_with_few_examples_is_told_with_how_many_are_missing() -> None:
    """In each language by itself, where its examples stand."""
    playbook, _, files = read_with_places(TINY)
    assert playbook
    told = [str(each) for each in warnings(playbook, files)]
    assert "en/signals.yaml, line 6, anger.examples: 4 examples; a signal needs 25, so 21 more." in told
    assert len([each for each in told if "a signal needs 25" in each]) == 6 * len(LANGUAGES)
    assert "*/neutral.yaml, customer: 11 messages in all languages show nothing; 300 are needed, so 289 more." in told


def test_a_signal_without_examples_is_told_too(spoil: Spoil) -> None:
    """A list that is not there is as short as can be."""
    examples = "thanks for your help, great it works again, that was quick thank you, very happy with this"
    folder = spoil("en/signals.yaml", f"  examples: [{examples}]\n", "")
    playbook, _, files = read_with_places(folder)
    assert playbook
    told = [str(each) for each in warnings(playbook, files)]
    assert any(each.endswith("satisfied.examples: no examples; a signal needs 25, so 25 more.") for each in told)


def test_an_example_that_stands_twice_is_told(spoil: Spoil) -> None:
    """Whatever its width, case and script."""
    folder = spoil("zh-TW/signals.yaml", "[我真的很火大, ", "[我真的很火大, 我真的很火大, ")
    assert doubts(folder) == ["zh-TW/signals.yaml, line 6, anger.examples[1]: this stands twice, first on line 6."]
    folder = spoil("en/neutral.yaml", "how do I add a user, ", "how do I add a user, How do I add a USER, ")
    assert "en/neutral.yaml, line 1, customer[1]: this stands twice, first on line 1." in doubts(folder)


def test_an_example_that_stands_in_two_lists_of_a_signal_is_told(spoil: Spoil) -> None:
    """How angry its writer is, is either known or not."""
    folder = spoil(
        "zh-TW/signals.yaml", "  examples: [我真的很火大, ", "  calm: [我真的很火大]\n  examples: [我真的很火大, "
    )
    assert [each.partition(": ")[2] for each in doubts(folder)] == ["this stands twice, first on line 7."]


def test_an_example_that_also_shows_nothing_is_told(spoil: Spoil) -> None:
    """Nobody can learn that the same words are a signal and none."""
    folder = spoil("zh-CN/neutral.yaml", "customer: [", "customer: [氣到不想再講, ")
    assert doubts(folder) == [
        "zh-CN/neutral.yaml, line 1, customer[0]: this shows nothing here, but anger in zh-TW/signals.yaml, line 6."
    ]


def test_an_example_of_two_signals_is_no_contradiction(spoil: Spoil) -> None:
    """What clearly shows two things stands under both."""
    folder = spoil("en/signals.yaml", "[I am really angry about this, ", "[I am really angry about this, pay us back, ")
    assert doubts(folder) == []


def test_a_play_behind_two_others_that_always_fit_is_told_with_their_names(folder: Path) -> None:
    """Only two are shown, so a third one that asks for no less is heard only while they rest."""
    with_plays(
        folder,
        play("first", "{signals: [anger]}", 9),
        play("second", "{signals: [anger, satisfied]}", 8),
        play("third", "{signals: [anger], min_anger: 2}", 7),
    )
    assert doubts(folder) == [
        (
            "plays.yaml, line 13, [3]: the play third is heard only while first and second rest: "
            "they fit whenever it does, and come before it."
        )
    ]


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        ("{signals: [anger]}", "{signals: [satisfied]}", "{signals: [anger, satisfied]}"),
        ("{signals: [anger]}", "{signals: [anger], no_signals: [satisfied]}", "{signals: [anger]}"),
        ("{signals: [anger]}", "{signals: [anger], min_anger: 1}", "{signals: [anger]}"),
        ("{signals: [anger]}", "{signals: [anger], case: {cost: [low]}}", "{signals: [anger]}"),
        ("{signals: [anger]}", "{signals: [anger], stages: [tell]}", "{signals: [anger]}"),
        ("{signals: [anger]}", "{signals: [anger], facts: [expired]}", "{signals: [anger]}"),
        ("{signals: [anger]}", "{all_signals: [anger, satisfied]}", "{signals: [anger]}"),
        ("{facts: [expired]}", "{signals: [anger]}", "{signals: [anger]}"),
    ],
)
def test_a_play_that_is_sometimes_among_the_two_is_not_told(folder: Path, first: str, second: str, third: str) -> None:
    """One that fits where one of the others does not is heard there."""
    with_plays(folder, play("first", first, 9), play("second", second, 8), play("third", third, 7))
    assert doubts(folder) == []


def test_a_play_that_is_always_heard_is_hidden_only_by_others_of_its_kind(folder: Path) -> None:
    """When a budget is spent, the others are silent and it is not."""
    with_plays(
        folder,
        play("first", "{signals: [anger]}", 9),
        play("second", "{signals: [anger]}", 8),
        play("third", "{signals: [anger]}", 7, ", always: true"),
    )
    assert doubts(folder) == []


def test_a_play_that_can_never_fit_is_told(folder: Path) -> None:
    """What it asks for contradicts itself."""
    with_plays(folder, play("never", "{signals: [anger], no_signals: [anger]}", 9))
    assert doubts(folder) == ["plays.yaml, line 11, [1].when.no_signals: so the play never never fits."]


def test_a_row_that_no_case_reaches_is_told(folder: Path) -> None:
    """The first row that fits wins, so one behind a wider one is never reached."""
    with (folder / "decisions.yaml").open("a", encoding="utf-8") as file:
        file.write("  - {id: late, rules: [R20], when: {cost: [high]}}\n")
    for language in ("zh-TW", "en"):
        with (folder / language / "decisions.yaml").open("a", encoding="utf-8") as file:
            file.write("late: {route: x, customer_hears: y}\n")
    assert doubts(folder) == [
        "decisions.yaml, line 6, rows[2]: no case reaches the row late: renew fits whenever it does."
    ]


DIMENSIONS = {"cost": ("low", "high", "unknown")}
SIGNALS = ("anger", "satisfied", "demands_compensation")
FACTS = ("expired", "exception_requested")
some_signals = st.lists(st.sampled_from(SIGNALS), unique=True, max_size=2).map(tuple)
some_facts = st.lists(st.sampled_from(FACTS), unique=True, max_size=2).map(tuple)
conditions = st.builds(
    Conditions,
    signals=some_signals,
    all_signals=some_signals,
    no_signals=some_signals,
    min_anger=st.integers(0, 2),
    max_anger=st.integers(1, 3),
    case=st.dictionaries(
        st.just("cost"), st.lists(st.sampled_from(["low", "high", "unknown"]), unique=True, min_size=1).map(tuple)
    ),
    facts=some_facts,
    no_facts=some_facts,
    stages=st.lists(st.sampled_from([Stage.RECEIVE, Stage.DECIDE]), unique=True).map(tuple),
)
situations = st.builds(
    Situation,
    standing=st.builds(Standing, cost=st.sampled_from(["low", "high", "unknown"])),
    stage=st.sampled_from([Stage.RECEIVE, Stage.DECIDE]),
    facts=st.frozensets(st.sampled_from(FACTS)),
)


@given(conditions, conditions, situations, st.frozensets(st.sampled_from(SIGNALS)), st.integers(0, 3))
@settings(deadline=None, max_examples=400)
def test_what_is_said_to_hold_with_something_does(
    narrow: Conditions, wide: Conditions, situation: Situation, signals: frozenset[str], anger: int
) -> None:
    """No false alarm: whenever the one is found to imply the other, the coach agrees in every case."""
    narrow = narrow.model_copy(update={"signals": narrow.signals[:1]})
    if _holds_with(narrow, wide, DIMENSIONS) and fits(narrow, signals=signals, anger=anger, situation=situation):
        assert fits(wide, signals=signals, anger=anger, situation=situation)


def test_every_condition_is_weighed() -> None:
    """A new kind of condition has to be thought of where one play is held against another."""
    assert set(Conditions.model_fields) == {
        "signals", "all_signals", "no_signals", "min_anger", "max_anger", "case", "facts", "no_facts", "stages",
    }  # fmt: skip

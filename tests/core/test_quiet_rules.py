"""How quiet the coach is: budgets, cooldowns, what is said in vain, mutes, and corrected signals."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.message import Role
from bot.playbook import Conditions, Play
from bot.playbook_files import load_playbook
from bot.policy import WhisperPolicy
from bot.quiet import Given, audible, corrected, corrected_ids, pause_minutes
from bot.settings import PACKAGED_PLAYBOOK
from bot.signals import Reading, Signal

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
POLICY = WhisperPolicy(cooldown_seconds=180, per_case_per_hour=4, per_person_per_hour=6, same_play_per_day=3)
KNOWS = frozenset({"expired"})


def play(name: str, *, priority: int = 0, always: bool = False, cooldown_seconds: int | None = None) -> Play:
    """A play that fits."""
    return Play(
        id=name,
        rules=("R02",),
        speaker=Role.CUSTOMER,
        when=Conditions(signals=("anger",)),
        priority=priority,
        always=always,
        cooldown_seconds=cooldown_seconds,
    )


def ago(minutes: float, *plays: str, facts: frozenset[str] = KNOWS, helpful: bool = False) -> Given:
    """Advice given so many minutes ago."""
    return Given(plays=plays, at=NOW - timedelta(minutes=minutes), facts=facts, helpful=helpful)


def heard(plays: list[Play], *before: Given, muted: frozenset[str] = frozenset(), elsewhere: int = 0) -> list[str]:
    """Which of them are heard."""
    audible_now = audible(plays, before, POLICY, NOW, facts=KNOWS, muted=muted, elsewhere=elsewhere)
    return [each.id for each in audible_now]


def test_the_most_important_speaks_first() -> None:
    """Higher priority first."""
    assert heard([play("a"), play("b", priority=5)]) == ["b", "a"]


@pytest.mark.parametrize(("minutes", "expected"), [(2.9, []), (3, ["a"])])
def test_a_play_rests_for_the_policys_cooldown(minutes: float, expected: list[str]) -> None:
    """Not twice in a row."""
    assert heard([play("a")], ago(minutes, "a")) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(9.9, []), (10, ["a"])])
def test_a_play_may_have_a_cooldown_of_its_own(minutes: float, expected: list[str]) -> None:
    """Longer or shorter than the policy's."""
    assert heard([play("a", cooldown_seconds=600)], ago(minutes, "a")) == expected
    assert heard([play("a", cooldown_seconds=0)], ago(0, "a")) == ["a"]


def test_beyond_the_budget_of_a_case_only_safety_speaks() -> None:
    """Four an hour; a threat to the agent comes through."""
    spent = [ago(10 * each, f"other{each}") for each in range(1, 5)]
    assert heard([play("a"), play("b", always=True)], *spent) == ["b"]
    assert heard([play("a")], *spent[1:]) == ["a"]


@pytest.mark.parametrize(("elsewhere", "expected"), [(3, ["a"]), (4, []), (40, [])])
def test_beyond_the_budget_of_a_person_it_is_silent(elsewhere: int, expected: list[str]) -> None:
    """Six an hour over all their cases."""
    before = (ago(20, "x"), ago(30, "y"))
    assert heard([play("a")], *before, elsewhere=elsewhere) == expected


def test_what_was_said_in_vain_is_not_said_again_that_day() -> None:
    """Three times, and the case knows no more than it did."""
    before = [ago(60 * each, "a") for each in (2, 5, 9)]
    assert heard([play("a"), play("b"), play("c", always=True)], *before, ago(700, "c"), ago(800, "c")) == ["b", "c"]
    assert heard([play("a")], *before[1:], ago(60 * 24, "a")) == ["a"]


def test_what_was_followed_or_helped_is_said_again() -> None:
    """The case has learnt something since, or the person said that it helped."""
    assert heard([play("a")], *[ago(60 * each, "a", facts=frozenset()) for each in (2, 5, 9)]) == ["a"]
    assert heard([play("a")], ago(120, "a", helpful=True), ago(300, "a"), ago(400, "a")) == ["a"]


given_before = st.lists(
    st.builds(
        ago,
        st.floats(0, 60 * 30),
        st.sampled_from(["a", "b", "c"]),
        facts=st.sampled_from([KNOWS, frozenset[str]()]),
        helpful=st.booleans(),
    ),
    max_size=12,
)
all_plays = [play("a", priority=1), play("b", always=True), play("c", cooldown_seconds=900)]


@given(before=given_before, muted=st.sets(st.sampled_from(["a", "b", "c"])), elsewhere=st.integers(0, 30))
def test_a_mute_is_the_persons_own_word_and_holds_for_everything(
    before: list[Given], muted: set[str], elsewhere: int
) -> None:
    """Also for what is about their safety; and muting one play changes nothing about the others."""
    unmuted = heard(all_plays, *before, elsewhere=elsewhere)
    assert heard(all_plays, *before, muted=frozenset(muted), elsewhere=elsewhere) == [
        each for each in unmuted if each not in muted
    ]


@given(before=given_before, more=given_before, elsewhere=st.integers(0, 30))
def test_who_was_told_more_hears_no_more(before: list[Given], more: list[Given], elsewhere: int) -> None:
    """Whatever was whispered only ever makes the coach quieter."""
    assert set(heard(all_plays, *before, *more, elsewhere=elsewhere)) <= set(
        heard(all_plays, *before, elsewhere=elsewhere)
    )


@pytest.mark.parametrize(
    ("typed", "minutes"), [("", 60), ("30", 30), ("３０", 30), ("600", 600), ("601", None), ("0", None), ("x", None)]
)
def test_minutes_are_read_as_people_type_them(typed: str, minutes: int | None) -> None:
    """An hour unless they say; full-width digits too; no more than ten hours."""
    assert pause_minutes(typed) == minutes


@given(typed=st.text())
def test_no_typing_breaks_it(typed: str) -> None:
    """A number of minutes in bounds, or none."""
    minutes = pause_minutes(typed)
    assert minutes is None or 1 <= minutes <= 600


def test_a_corrected_message_shows_what_it_really_was() -> None:
    """The wrong signal is out, what it really was is in once, and with anger goes its level."""
    reading = Reading((Signal("anger", 0.9, "!"), Signal("asks_why", 0.8, "?")), 2)
    assert corrected(reading, {}) == reading
    assert corrected(reading, {"asks_why": "asks_price"}).ids == ("anger", "asks_price")
    assert corrected(reading, {"anger": "asks_why"}) == Reading((Signal("asks_why", 0.8, "?"),), 0)
    assert corrected_ids(["anger", "asks_why"], {"anger": "asks_why"}) == ("asks_why",)


def test_only_safety_and_a_promise_to_take_back_pass_the_budgets() -> None:
    """The packaged playbook names the plays, and no other play may shout."""
    playbook = load_playbook(PACKAGED_PLAYBOOK)
    assert {each.id for each in playbook.plays if each.always} == {
        "abuses_agent",
        "overpromises",
        "promises_money",
        "threatens_agent",
        "threatens_legal",
    }

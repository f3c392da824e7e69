"""How fast Slack is spoken to: no budget is exceeded, what is important goes first, what is too late is not said."""

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.message import Role
from bot.pacing import (
    ASKED,
    AT_ONCE_SECONDS,
    BUDGETS,
    IN_A_CHANNEL,
    MINUTE_SECONDS,
    URGENT,
    Budget,
    has_passed,
    importance,
)
from bot.playbook import Conditions, Play
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK

LATE = AT_ONCE_SECONDS + 1
TIER_4 = 100
"""Slack's own figure for a minute (docs/decisions/pacing.md)."""


def play(name: str = "a", *, priority: int = 0, always: bool = False) -> Play:
    """A play of a customer's message."""
    when = Conditions(signals=("anger",))
    return Play(id=name, rules=("R02",), speaker=Role.CUSTOMER, when=when, priority=priority, always=always)


def taken(budget: Budget, asked_at: list[float]) -> list[float]:
    """When each of those was let through that asked at these moments, had they waited in turn."""
    opens_at, passed = 0.0, []
    for moment in sorted(asked_at):
        now = max(moment, opens_at)
        opens_at = budget.spent(opens_at, now)
        passed.append(now)
    return passed


budgets = st.builds(Budget, per_minute=st.floats(1, 600), at_once=st.integers(1, 30))
moments = st.lists(st.floats(1_000, 1_300), max_size=200)


@given(budgets, moments)
def test_in_any_minute_no_more_go_than_a_budget_has(budget: Budget, asked_at: list[float]) -> None:
    """However they come: those it holds at once, and those it gains in that minute."""
    passed = taken(budget, asked_at)
    for number, moment in enumerate(passed):
        within = bisect_right(passed, moment + MINUTE_SECONDS - 1e-6) - number
        assert within <= budget.at_once + budget.per_minute


@given(budgets, moments)
def test_nobody_waits_longer_than_all_before_them_take(budget: Budget, asked_at: list[float]) -> None:
    """What a budget has is given out: it is never idle while somebody waits."""
    in_turn = sorted(asked_at)
    for number, (asked, passed) in enumerate(zip(in_turn, taken(budget, asked_at), strict=True)):
        longest = max((in_turn[first] + (number - first) * budget.seconds_each for first in range(number)), default=0.0)
        assert passed <= max(asked, longest) + 1e-6


@given(budgets)
def test_a_budget_that_rested_is_full_and_no_fuller(budget: Budget) -> None:
    """So many go at once, and the next waits for one to be gained."""
    passed = taken(budget, [5_000.0] * (budget.at_once + 1))
    assert passed == pytest.approx([5_000.0] * budget.at_once + [5_000.0 + budget.seconds_each])


def test_our_budgets_are_slacks() -> None:
    """A hundred a minute for what is of tier 4, and one visible message a second in a channel."""
    assert {method: each.per_minute + each.at_once for method, each in BUDGETS.items()} == {
        "chat.postEphemeral": TIER_4,
        "views.publish": TIER_4,
    }
    assert (IN_A_CHANNEL.seconds_each, IN_A_CHANNEL.at_once) == (1.0, 1)


def test_threats_and_abuse_go_before_all_other_advice_and_answers_before_both() -> None:
    """The order of what the packaged playbook says, as far as it decides who waits where Slack lets us say no more."""
    playbook = load_playbook(PACKAGED_PLAYBOOK)
    weights = {each.id: importance([each]) for each in playbook.plays}
    urgent = {name for name, weight in weights.items() if weight >= URGENT}
    assert {"abuses_agent", "threatens_agent", "threatens_legal"} <= urgent
    assert urgent == {each.id for each in playbook.plays if each.always}
    assert max(weights.values()) < ASKED


@given(st.lists(st.builds(play, priority=st.integers(-5, 5_000), always=st.booleans()), max_size=4))
def test_advice_is_as_important_as_its_weightiest_play(plays: list[Play]) -> None:
    """Whatever stands beside it; a play that is always heard outweighs every priority, and an answer outweighs it."""
    weight = importance(plays)
    assert weight == max((importance([each]) for each in plays), default=0)
    assert (weight >= URGENT) == any(each.always for each in plays)
    assert 0 <= weight < ASKED


@pytest.mark.parametrize(
    ("waited", "weight", "answered", "followed", "passed"),
    [
        (LATE, 50, True, False, True),
        (LATE, 50, False, True, True),
        (LATE, 50, False, False, False),
        (LATE, URGENT, True, True, False),
        (AT_ONCE_SECONDS, 50, True, True, False),
    ],
)
def test_advice_that_had_to_wait_is_dropped_once_people_have_moved_on(
    *, waited: float, weight: int, answered: bool, followed: bool, passed: bool
) -> None:
    """An answer of ours, or newer advice as important; never what is urgent, and never what goes out at once."""
    assert has_passed(waited=waited, importance=weight, answered=answered, followed=followed) is passed

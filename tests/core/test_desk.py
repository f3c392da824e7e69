"""What somebody has before them: what a case waits for, and the team in counts."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.cards.board import age_words
from bot.case import Case
from bot.desk import CaseAtHand, TeamMember, Wait, team, waits
from bot.goodwill import ExceptionState
from bot.i18n import words
from bot.promises import Verification, VerificationState
from tests.core.test_waiting import ASKED, NOW

CASE = Case(workspace="T1", id="c1", customer_id="C-1", channel="C1", thread_ts="1.0", agent="UA", opened_at=NOW)
QUESTION = Verification(
    workspace="T1", id="v1", case_id="c1", customer_id=None, claimed="free", asked_by="UA", asked_at=NOW, told=("UX",)
)


@pytest.mark.parametrize(
    ("state", "wait"),
    [
        (ExceptionState.REQUESTED, Wait.SUPERVISOR),
        (ExceptionState.SECONDING, Wait.MANAGER),
        (ExceptionState.ASKED_BACK, Wait.YOUR_ANSWER),
        (ExceptionState.APPROVED, Wait.BOOKING),
    ],
)
def test_a_case_waits_for_whoever_its_request_waits_for(state: ExceptionState, wait: Wait) -> None:
    """And for sales, when sales was asked as well; once somebody said yes from memory, for a supervisor."""
    request = ASKED.model_copy(update={"state": state})
    at_hand = CaseAtHand(case=CASE, customer="Hefeng", request=request, last_at=NOW)
    assert waits(at_hand) == [wait]
    assert waits(at_hand.model_copy(update={"asked": QUESTION})) == [wait, Wait.SALES]
    remembered = QUESTION.model_copy(update={"state": VerificationState.REMEMBERED})
    assert waits(at_hand.model_copy(update={"asked": remembered})) == [wait, Wait.PROOF]
    assert waits(at_hand.model_copy(update={"request": None})) == []


def test_the_team_is_whoever_is_on_duty_has_cases_or_owes_something_late() -> None:
    """Who is latest comes first; what nobody handles is nobody's; who is merely paused is not listed."""
    found = team(
        on_duty=["UA", "UB", "UA"],
        open_cases={"UA": 2, "UC": 5, None: 4},
        overdue={"UD": 1},
        paused=frozenset({"UC", "UZ"}),
        away=frozenset({"UB"}),
    )
    assert found == [
        TeamMember(user="UD", overdue=1),
        TeamMember(user="UC", open_cases=5, paused=True),
        TeamMember(user="UA", on_duty=True, open_cases=2),
        TeamMember(user="UB", on_duty=True, away=True),
    ]


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(minutes=9), "just now"),
        (timedelta(minutes=10), "for 10 minutes"),
        (timedelta(minutes=59), "for 50 minutes"),
        (timedelta(hours=1), "for 1 hour"),
        (timedelta(hours=23, minutes=59), "for 23 hours"),
        (timedelta(days=1), "for 1 day"),
        (timedelta(days=40), "for 40 days"),
    ],
)
def test_an_age_is_told_in_steps(passed: timedelta, shown: str) -> None:
    """An open page need not change every minute."""
    now = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    assert age_words(now - passed, now, words("en")) == shown

"""Whom to ask in, in which order, and what becomes of the question (R30, R31, R35)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.care import aimed_at_us
from bot.message import Role
from bot.policy import HoursPolicy, TakeoverPolicy
from bot.setup import Away, RoleSource, Setup, SupportChannel
from bot.signals import Signal
from bot.takeover import MOVES, Asking, AskMove, AskState, Kind, ask, asks_on, in_order, may_answer, moved

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # a Monday, nine o'clock in Taipei
SETUP = Setup(
    support=(SupportChannel(channel="C1", on_duty=("UB", "US")), SupportChannel(channel="C2", on_duty=("UC",))),
    agents=RoleSource(users=("UA", "UB", "UC"), groups=("G1",)),
    supervisors=RoleSource(users=("US",), groups=("G2",)),
    managers=RoleSource(users=("UM",)),
    sales=RoleSource(users=("UX",)),
)
GROUPS = {"G1": frozenset({"UD"}), "G2": frozenset({"US2"})}
POLICY, HOURS = TakeoverPolicy(), HoursPolicy()


def asking(whom: str = "UB", *, before: Asking | None = None, now: datetime = NOW) -> Asking:
    """A question put now."""
    return ask(
        workspace="T1",
        new_id=f"t{whom}",
        case_id="c1",
        kind=Kind.TAKEOVER,
        asked_by="UA",
        whom=whom,
        why="",
        now=now,
        policy=POLICY,
        hours=HOURS,
        before=before,
    )


def test_a_peer_on_duty_here_is_asked_first_and_those_who_decide_last() -> None:
    """R30: whoever takes over cannot decide, so supervisors are asked when nobody else is left, managers after them."""
    assert in_order(SETUP, GROUPS, "C1", now=NOW) == ("UB", "UA", "UC", "UD", "US", "US2", "UM")
    assert in_order(SETUP, GROUPS, "C2", now=NOW)[0] == "UC"


def test_whoever_stands_in_for_a_supervisor_who_is_away_is_asked_before_anybody() -> None:
    """R31: supervisor away: the deputy takes over; whoever is away is not asked at all."""
    away = SETUP.with_away("US", Away(user="US", deputy="UC"))
    assert in_order(away, GROUPS, "C1", now=NOW) == ("UC", "UB", "UA", "UD", "US2", "UM")
    back = SETUP.with_away("US", Away(user="US", deputy="UC", until=NOW))
    assert in_order(back, GROUPS, "C1", now=NOW)[0] == "UB"


def test_a_deputy_who_decides_themselves_keeps_out_of_it_while_a_peer_is_there() -> None:
    """R30 comes before R31: a supervisor who stands in is asked after the peers, and before other supervisors."""
    away = SETUP.with_away("UM", Away(user="UM", deputy="US2"))
    assert in_order(away, GROUPS, "C1", now=NOW) == ("UB", "UA", "UC", "UD", "US2", "US")


def test_whoever_looks_as_a_second_pair_of_eyes_is_asked_to_take_over_after_the_other_peers() -> None:
    """R35 beside R31: two people help, while there are two; those who decide still come last."""
    assert in_order(SETUP, GROUPS, "C1", now=NOW, rather_not=["UB"]) == ("UA", "UC", "UD", "UB", "US", "US2", "UM")
    alone = ["UA", "UC", "UD"]
    assert in_order(SETUP, GROUPS, "C1", now=NOW, not_these=alone, rather_not=["UB", "US"])[:2] == ("UB", "US")


@given(
    st.lists(st.sampled_from(["UA", "UB", "UC", "UD", "US", "US2", "UM", None]), max_size=7),
    st.sampled_from(["C1", "C2", "C3"]),
)
def test_nobody_is_asked_twice_nor_who_is_to_be_left_alone_and_no_salesperson(
    left_alone: list[str | None], channel: str
) -> None:
    """Whoever handles it, asks, or was asked is not asked; everybody else of support is, once."""
    found = in_order(SETUP, GROUPS, channel, now=NOW, not_these=left_alone)
    assert sorted(found) == sorted({"UA", "UB", "UC", "UD", "US", "US2", "UM"} - set(left_alone))


def test_there_are_ten_minutes_of_working_time_to_answer() -> None:
    """Asked on Friday five minutes before closing, the next one is asked on Monday five minutes after opening."""
    assert asking().due_at == NOW + timedelta(minutes=10)
    friday = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)
    assert asking(now=friday).due_at == datetime(2026, 11, 23, 1, 5, tzinfo=UTC)


def test_three_are_asked_one_after_the_other_and_then_nobody() -> None:
    """At most three: a customer does not wait for the fourth."""
    first = asking("UB")
    said_no = moved(first, AskMove.DECLINE, now=NOW)
    assert said_no
    second = asking("UC", before=said_no)
    silent = moved(second, AskMove.TIME_OUT, now=NOW)
    assert silent
    third = moved(asking("UD", before=silent), AskMove.DECLINE, now=NOW)
    assert third
    assert [each.number for each in (said_no, silent, third)] == [1, 2, 3]
    assert {each.round for each in (said_no, silent, third)} == {first.id}
    assert [asks_on(each, POLICY) for each in (said_no, silent, third)] == [True, True, False]


def test_nobody_is_asked_after_somebody_came_or_somebody_else_was_chosen() -> None:
    """Only who could not makes room for the next."""
    for move in (AskMove.ACCEPT, AskMove.WITHDRAW):
        after = moved(asking(), move, now=NOW)
        assert after
        assert not asks_on(after, POLICY)


@given(st.sampled_from(AskState), st.lists(st.sampled_from(AskMove), min_size=1, max_size=6))
def test_what_is_answered_stays_answered_and_waits_for_nothing(state: AskState, moves: list[AskMove]) -> None:
    """One move, then none: in any order, from any state, and only what is asked has a time."""
    at = asking().model_copy(update={"state": state, "due_at": NOW if state is AskState.ASKED else None})
    made = 0
    for move in moves:
        after = moved(at, move, now=NOW)
        assert (after is not None) == ((at.state, move) in MOVES)
        if after:
            at, made = after, made + 1
            assert (at.due_at, at.settled_at) == (None, NOW)
    assert made == (1 if state is AskState.ASKED else 0)


@pytest.mark.parametrize(
    ("user", "role", "may"),
    [
        ("UB", Role.AGENT, True),
        ("UB", Role.SUPERVISOR, True),
        ("UB", Role.SALES, False),
        ("UB", Role.CUSTOMER, False),
        ("UB", Role.COLLEAGUE, False),
        ("UC", Role.AGENT, False),
    ],
)
def test_only_whoever_was_asked_answers_and_only_while_they_talk_to_customers(user: str, role: Role, may: bool) -> None:  # noqa: FBT001 - a table's column
    """Who clicked decides, with the role they have at the click."""
    assert may_answer(asking("UB"), user, role) is may


def test_a_supervisor_hears_only_of_what_was_surely_aimed_at_us() -> None:
    """R39, R47: abuse and personal threats, not every sharp word, and no guess."""
    said = [Signal("anger", 1.0, ""), Signal("threatens_legal", 0.9, ""), Signal("threatens_agent", 0.7, "")]
    assert aimed_at_us(said, 0.5) == ("threatens_agent",)
    assert aimed_at_us([*said, Signal("abuses_agent", 0.6, "")], 0.5) == ("abuses_agent", "threatens_agent")
    assert aimed_at_us(said, 0.8) == ()

"""What waits for a decision offers each reader only what their click would be let do."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.authority import Authority, Level
from bot.goodwill import PENDING, Clicker, ExceptionRequest, ExceptionState, Move, Refusal, Terms, ruling
from bot.policy import ApprovalPolicy, Concession
from bot.waiting import Choice, Waiting, needs_terms, waiting

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
POLICY = ApprovalPolicy()
SUPERVISOR, MANAGER = Authority(level=Level.SUPERVISOR), Authority(level=Level.MANAGER)
DEPUTY = Authority(level=Level.SUPERVISOR, deputy_for="US2")
ASKED = ExceptionRequest(
    workspace="T1",
    id="e1",
    case_id="c1",
    customer_id="C-1",
    requested_by="UA",
    requested_at=NOW,
    concession=Concession.FULL,
    fault="down",
    cost=Decimal(3000),
    currency="TWD",
    reason="regular",
)
EVERYTHING = frozenset(Choice)


def seen(
    request: ExceptionRequest = ASKED,
    *held: Authority,
    user: str = "US",
    took_part: bool = False,
    window_used: bool = False,
    has_manager: bool = True,
    has_supervisor: bool = True,
) -> Waiting:
    """The request as somebody sees it."""
    return waiting(
        request,
        "Hefeng",
        Clicker(user=user, held=held, took_part=took_part),
        POLICY,
        window_used=window_used,
        has_manager=has_manager,
        has_supervisor=has_supervisor,
    )


@pytest.mark.parametrize("authority", [SUPERVISOR, DEPUTY])
def test_a_supervisor_and_a_deputy_may_do_everything_about_a_new_request(authority: Authority) -> None:
    """It waits for them."""
    shown = seen(ASKED, authority)
    assert (shown.may, shown.refusal, shown.is_yours) == (EVERYTHING, None, True)


def test_whoever_decides_nothing_may_do_nothing() -> None:
    """Without an authority no button is shown."""
    shown = seen(ASKED)
    assert (shown.may, shown.refusal, shown.is_yours) == (frozenset(), Refusal.NOT_SUPERVISOR, False)


@pytest.mark.parametrize("held", [(SUPERVISOR,), (MANAGER,), (SUPERVISOR, DEPUTY)])
def test_their_own_request_is_shown_without_buttons(held: tuple[Authority, ...]) -> None:
    """Nobody decides their own, not by deputy either."""
    shown = seen(ASKED.model_copy(update={"requested_by": "US"}), *held)
    assert (shown.may, shown.refusal, shown.is_yours) == (frozenset(), Refusal.OWN_REQUEST, False)


def test_whoever_talks_to_the_customer_gets_no_buttons() -> None:
    """Who decides does not negotiate (R30)."""
    assert seen(ASKED, SUPERVISOR, took_part=True).may == frozenset()


def test_the_second_yes_waits_for_a_manager() -> None:
    """A supervisor may still ask or decline; the first approver does not say yes twice."""
    seconding = ASKED.model_copy(update={"state": ExceptionState.SECONDING, "cost": Decimal(45_000), "first_by": "US2"})
    by_manager = seen(seconding, MANAGER, user="UM")
    assert (by_manager.may, by_manager.is_yours) == (EVERYTHING, True)
    by_supervisor = seen(seconding, SUPERVISOR)
    assert by_supervisor.may == {Choice.ASK_BACK, Choice.DECLINE}
    assert (by_supervisor.refusal, by_supervisor.is_yours) == (Refusal.NEEDS_MANAGER, False)
    twice = seen(seconding.model_copy(update={"first_by": "UM"}), MANAGER, user="UM")
    assert (Choice.APPROVE in twice.may, twice.refusal, twice.is_yours) == (False, Refusal.FIRST_APPROVER, False)


def test_what_is_a_supervisors_comes_to_a_manager_once_it_is_handed_on_or_no_supervisor_is_there() -> None:
    """Until then a manager may decide it, but it waits for others."""
    first = seen(ASKED, MANAGER)
    assert (first.may, first.is_yours) == (EVERYTHING, False)
    assert seen(ASKED.model_copy(update={"due_move": Move.EXPIRE}), MANAGER).is_yours
    assert seen(ASKED, MANAGER, has_supervisor=False).is_yours


def test_what_was_asked_back_waits_for_the_agent_and_is_not_asked_again() -> None:
    """It can be decided all the same."""
    shown = seen(ASKED.model_copy(update={"state": ExceptionState.ASKED_BACK}), SUPERVISOR)
    assert (shown.may, shown.is_yours) == (EVERYTHING - {Choice.ASK_BACK}, False)


def test_what_is_beyond_every_limit_can_only_be_granted_in_part() -> None:
    """The window with the conditions is the way to a lower limit."""
    shown = seen(ASKED.model_copy(update={"cost": Decimal(900_000)}), SUPERVISOR)
    assert (shown.may, shown.refusal) == (EVERYTHING - {Choice.APPROVE}, Refusal.BEYOND_LIMITS)


def test_a_second_favour_without_a_manager_can_only_be_the_putting_right_of_our_own_fault() -> None:
    """So the window with the terms opens, in which whoever decides says whether it is."""
    shown = seen(ASKED, SUPERVISOR, window_used=True, has_manager=False)
    assert (shown.may, shown.refusal) == (EVERYTHING - {Choice.APPROVE}, Refusal.WINDOW_USED)


@pytest.mark.parametrize(
    ("asked", "open_"),
    [({}, False), ({"concession": Concession.EXTENSION}, True), ({"fault_ours": "yes"}, True)],
    ids=["plain", "extension", "ours"],
)
def test_a_plain_yes_is_no_whole_one_for_an_extension_or_a_fault_that_is_said_to_be_ours(
    asked: dict[str, object],
    open_: bool,  # noqa: FBT001 - a table's column
) -> None:
    """The last day, and whose fault it is, are for whoever decides to say."""
    assert needs_terms(ASKED.model_copy(update=asked)) is open_


authorities = st.builds(Authority, level=st.sampled_from(Level), deputy_for=st.sampled_from((None, "UA", "UB", "US")))


@given(
    request=st.builds(
        lambda state, cost, fault_ours, first_by, by, concession: ASKED.model_copy(
            update={
                "state": state,
                "cost": cost,
                "fault_ours": fault_ours,
                "first_by": first_by,
                "requested_by": by,
                "concession": concession,
            }
        ),
        st.sampled_from(sorted(PENDING)),
        st.sampled_from((Decimal(1), Decimal(20_001), Decimal(200_001))),
        st.sampled_from(("yes", "no", "unknown")),
        st.sampled_from((None, "US", "UB")),
        st.sampled_from(("UA", "US")),
        st.sampled_from(Concession),
    ),
    held=st.lists(authorities, max_size=3).map(tuple),
    took_part=st.booleans(),
    window_used=st.booleans(),
    has_manager=st.booleans(),
    has_supervisor=st.booleans(),
)
def test_a_button_is_there_when_its_click_would_be_taken(
    request: ExceptionRequest,
    held: tuple[Authority, ...],
    *,
    took_part: bool,
    window_used: bool,
    has_manager: bool,
    has_supervisor: bool,
) -> None:
    """Approve and decline stand there exactly when the rule at the click lets them through."""
    shown = seen(
        request,
        *held,
        took_part=took_part,
        window_used=window_used,
        has_manager=has_manager,
        has_supervisor=has_supervisor,
    )
    clicker = Clicker(user="US", held=held, took_part=took_part)
    for choice, move in ((Choice.APPROVE, Move.APPROVE), (Choice.DECLINE, Move.DECLINE)):
        ruled = ruling(
            request, move, clicker, Terms(reason="x"), POLICY, window_used=window_used, has_manager=has_manager
        )
        assert (choice in shown.may) == (ruled.move is not None)
    if Choice.APPROVE_WITH_TERMS in shown.may:
        confirmed = Terms(reason="x", cap=Decimal(1), concession=Concession.FULL, fault_ours=True)
        ruled = ruling(
            request, Move.APPROVE, clicker, confirmed, POLICY, window_used=window_used, has_manager=has_manager
        )
        assert ruled.move or ruled.refusal is Refusal.FIRST_APPROVER
    assert not shown.is_yours or Choice.DECLINE in shown.may

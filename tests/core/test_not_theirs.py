"""Who may say whose case it is, once that changes whose exception was granted."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.case import Case, NotTheirs, not_theirs
from bot.goodwill import GRANTED, ExceptionRequest, ExceptionState
from bot.message import Role
from bot.policy import Concession

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DECIDED = [
    *((state, None) for state in sorted(GRANTED)),
    (ExceptionState.SECONDING, "U2"),
    (ExceptionState.ASKED_BACK, "U2"),
    (ExceptionState.DECLINED, None),
]
OPEN = [(state, None) for state in ExceptionState if state not in {*GRANTED, ExceptionState.DECLINED}]


def case(customer_id: str | None = "C-1") -> Case:
    """A case of this customer's."""
    return Case(workspace="T1", id="c", customer_id=customer_id, channel="C1", thread_ts="1.0", opened_at=NOW)


def request(state: ExceptionState, first_by: str | None) -> ExceptionRequest:
    """What somebody asked for."""
    return ExceptionRequest(
        workspace="T1",
        id="e",
        case_id="c",
        customer_id="C-1",
        state=state,
        requested_by="UASKED",
        requested_at=NOW,
        concession=Concession.FULL,
        fault="It is broken",
        cost=Decimal(3000),
        currency="TWD",
        reason="An old customer",
        first_by=first_by,
    )


@pytest.mark.parametrize(
    ("customer_id", "state", "first_by"),
    [(customer, *each) for each in OPEN for customer in (None, "C-1")] + [(None, ExceptionState.DECLINED, None)],
)
def test_before_anything_is_decided_whoever_may_help_says_whose_case_it_is(
    customer_id: str | None, state: ExceptionState, first_by: str | None
) -> None:
    """No reason is asked for: it changes what is looked up and nobody's window; a no about nobody finds its owner."""
    asked = [request(state, first_by)]
    assert not_theirs(case(customer_id), "C-2", asked, user="UASKED", role=Role.AGENT, why="") is None


@pytest.mark.parametrize(("state", "first_by"), DECIDED)
@pytest.mark.parametrize(
    ("user", "role", "why", "refused"),
    [
        ("UOTHER", Role.AGENT, "wrong branch", NotTheirs.SUPERVISOR_ONLY),
        ("UASKED", Role.SUPERVISOR, "wrong branch", NotTheirs.OWN_REQUEST),
        ("UOTHER", Role.SUPERVISOR, "", NotTheirs.REASON_MISSING),
        ("UOTHER", Role.SUPERVISOR, "wrong branch", None),
    ],
)
def test_after_a_decision_a_supervisor_who_did_not_ask_says_why(
    state: ExceptionState, first_by: str | None, user: str, role: Role, why: str, refused: NotTheirs | None
) -> None:
    """R23, R34: else a case moved elsewhere would free a window for the next exception, or hide a no from it."""
    assert not_theirs(case(), "C-2", [request(state, first_by)], user=user, role=role, why=why) is refused


def test_a_case_is_not_moved_to_whose_it_is() -> None:
    """Nothing changes, and whoever clicked hears so."""
    assert not_theirs(case(), "C-1", [], user="UME", role=Role.SUPERVISOR, why="") is NotTheirs.ALREADY

"""Who may decide an exception, once, and what an amount means."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.goodwill import (
    CostError,
    ExceptionRequest,
    ExceptionState,
    Refusal,
    Verdict,
    decided,
    parse_cost,
    refusal,
    window_is_used,
)
from bot.message import Role
from bot.policy import Concession, GoodwillPolicy

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ASKED = ExceptionRequest(
    workspace="T1",
    id="e1",
    case_id="c1",
    customer_id="C-1",
    requested_by="UAGENT",
    requested_at=NOW,
    concession=Concession.FULL,
    fault="down",
    cost=Decimal(3000),
    currency="TWD",
    reason="regular",
)


def refused(
    verdict: Verdict = Verdict.DECLINE,
    *,
    actor: str = "UBOSS",
    role: Role = Role.SUPERVISOR,
    reason: str = "because",
    took_part: bool = False,
    window_used: bool = False,
    **more: object,
) -> Refusal | None:
    """Why this person may not decide the request like this."""
    request = ASKED.model_copy(update=more)
    return refusal(
        request, verdict, actor=actor, role=role, reason=reason, took_part=took_part, window_used=window_used
    )


def test_a_supervisor_decides() -> None:
    """The ordinary way."""
    assert refused() is None


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SUPERVISOR])
def test_nobody_else_decides(role: Role) -> None:
    """Denied by default, whoever asks."""
    assert refused(role=role) is Refusal.NOT_SUPERVISOR


def test_nobody_decides_their_own_request() -> None:
    """A supervisor may ask, and then another one decides."""
    assert refused(actor="UAGENT") is Refusal.OWN_REQUEST


def test_whoever_talks_to_the_customer_does_not_decide() -> None:
    """R30: who decides does not negotiate."""
    assert refused(took_part=True) is Refusal.TOOK_PART


def test_a_decline_has_a_reason_and_an_approval_needs_none() -> None:
    """The agent builds the answer on the reason."""
    assert refused(reason="  ") is Refusal.REASON_MISSING
    assert refused(Verdict.APPROVE, reason="") is None


def test_a_second_exception_in_the_window_is_not_approved_but_our_own_fault_is_put_right() -> None:
    """R23 at the moment of the decision, whatever the card still shows; limits do not hold for our own mistakes."""
    assert refused(Verdict.APPROVE, window_used=True) is Refusal.WINDOW_USED
    assert refused(Verdict.APPROVE, window_used=True, fault_ours="yes") is None
    assert refused(Verdict.DECLINE, window_used=True) is None


@pytest.mark.parametrize("state", [ExceptionState.APPROVED, ExceptionState.DECLINED])
def test_what_is_decided_stays_decided(state: ExceptionState) -> None:
    """A threat or a second click does not turn it (R34)."""
    assert refused(state=state) is Refusal.ALREADY_DECIDED


def test_a_decision_carries_who_when_and_why() -> None:
    """All that the ledger needs."""
    after = decided(ASKED, Verdict.DECLINE, actor="UBOSS", reason=" others paid ", now=NOW)
    assert (after.state, after.decided_by, after.decided_at, after.decision_reason) == (
        ExceptionState.DECLINED,
        "UBOSS",
        NOW,
        "others paid",
    )


@pytest.mark.parametrize(
    ("days_ago", "used"), [([], False), ([364], True), ([366], False), ([400, 10], True), ([365], False)]
)
def test_one_exception_uses_the_window_for_a_year(days_ago: list[int], used: bool) -> None:  # noqa: FBT001 - the expectation
    """R23: granted once; it counts from the day it was granted."""
    granted = [NOW - timedelta(days=each) for each in days_ago]
    assert window_is_used(granted, GoodwillPolicy(), NOW) is used


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("3000", Decimal(3000)),
        ("NT$3,000", Decimal(3000)),
        ("３，０００元", Decimal(3000)),
        ("1.2 萬", Decimal(12000)),
        (" 0 ", Decimal(0)),
        ("2500.5", Decimal("2500.50")),
        ("-1", CostError.NEGATIVE),
        ("", CostError.NOT_A_NUMBER),
        ("免費", CostError.NOT_A_NUMBER),
        ("NaN", CostError.NOT_A_NUMBER),
        ("inf", CostError.NOT_A_NUMBER),
        ("1e30", CostError.ABSURD),
        ("100000001", CostError.ABSURD),
    ],
)
def test_an_amount_is_read_as_people_type_it(typed: str, amount: Decimal | CostError) -> None:
    """Full-width digits, currency signs and 萬 are read; nonsense is named."""
    assert parse_cost(typed) == amount


@given(st.text(max_size=200))
def test_no_text_breaks_the_amount(typed: str) -> None:
    """Whatever is typed, there is an amount within bounds or an error."""
    cost = parse_cost(typed)
    assert isinstance(cost, CostError) or 0 <= cost <= 100_000_000

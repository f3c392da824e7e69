"""A customer's claim held against the record: supported, contradicted or nothing on file, with the row."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import claims as card
from bot.claims import ClaimCheck, ClaimVerdict, CoverageRow, GrantRow, check
from bot.entitlement import Coverage, CoverageKind, CoverageOn, DateBasis, coverage_on
from bot.goodwill import ExceptionRequest, ExceptionState, Grant
from bot.i18n import words
from bot.policy import Concession
from bot.promises import Answer, Given, Verification, VerificationState

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
TAIPEI = ZoneInfo("Asia/Taipei")


def coverage(end: date | None, product: str | None = "ERP", *, start: date | None = date(2024, 1, 1)) -> CoverageOn:
    """A contract with this end."""
    made = Coverage(
        kind=CoverageKind.CONTRACT, reference="M-1", product=product, start=start, end=end, basis=DateBasis.SIGNING
    )
    return coverage_on(made, TODAY)


def granted(concession: Concession, *, ours: bool = False, on: datetime = NOW) -> ExceptionRequest:
    """An exception of the ledger."""
    return ExceptionRequest(
        workspace="T1",
        id="e",
        case_id="c0",
        customer_id="C-1",
        state=ExceptionState.APPROVED,
        requested_by="U1",
        requested_at=on,
        concession=concession,
        fault="?",
        cost=Decimal(3000),
        currency="TWD",
        reason="?",
        fault_ours="yes" if ours else "no",
        decided_by="U2",
        decided_at=on,
        grant=Grant(concession=concession, scope="?", cap=Decimal(3000), ours=ours),
    )


def verification(state: VerificationState, *, answered: bool = True) -> Verification:
    """What sales was asked, and what they said."""
    mail = "mail of 3 March"
    given = {each: Given(answer=each, by="U3", at=NOW, evidence=mail) for each in Answer}
    remembered = Given(answer=Answer.YES, by="U4", at=NOW)
    said = {
        VerificationState.ASKED: (given[Answer.NOT_SURE],),
        VerificationState.REMEMBERED: (remembered,),
        VerificationState.CONTRADICTED: (remembered, given[Answer.NO]),
        VerificationState.NOT_CONFIRMED: (given[Answer.NO],),
    }.get(state, (given[Answer.YES],))
    return Verification(
        workspace="T1",
        id="v",
        case_id="c",
        customer_id="C-1",
        claimed="…",
        state=state,
        asked_by="U1",
        asked_at=NOW,
        told=("U3",),
        answers=said if answered else (),
    )


def held(
    claim: str,
    *,
    coverages: tuple[CoverageOn, ...] = (),
    grants: tuple[ExceptionRequest, ...] = (),
    asked: Verification | None = None,
) -> tuple[ClaimCheck, ...]:
    """One claim held against a record."""
    return check([claim], coverages=coverages, granted=grants, verification=asked, zone=TAIPEI)


IN_FORCE, OVER, GAP = coverage(date(2027, 1, 1)), coverage(date(2026, 3, 31)), coverage(None)
FUTURE = coverage(date(2027, 12, 31), start=date(2027, 1, 1))


@pytest.mark.parametrize(
    ("coverages", "verdict"),
    [
        ((IN_FORCE,), ClaimVerdict.SUPPORTED),
        ((OVER,), ClaimVerdict.CONTRADICTED),
        ((GAP,), ClaimVerdict.NOTHING),
        ((OVER, GAP), ClaimVerdict.NOTHING),
        ((OVER, IN_FORCE), ClaimVerdict.SUPPORTED),
        ((FUTURE,), ClaimVerdict.NOTHING),
        ((OVER, FUTURE), ClaimVerdict.NOTHING),
        ((), ClaimVerdict.NOTHING),
    ],
)
def test_still_covered_rests_on_the_best_row(coverages: tuple[CoverageOn, ...], verdict: ClaimVerdict) -> None:
    """Unknown is never expired: a gap in the file contradicts nobody."""
    (found,) = held("disputes_expiry", coverages=coverages)
    assert found.verdict is verdict
    assert (found.coverage is None) == (coverages == ())


def test_each_product_is_told_apart() -> None:
    """A customer seldom says which product; the record says so for each, and one for all counts for all."""
    over = coverage(date(2026, 3, 31), "POS")
    found = held("disputes_expiry", coverages=(IN_FORCE, over))
    assert [(each.coverage and each.coverage.product, each.verdict) for each in found] == [
        ("ERP", ClaimVerdict.SUPPORTED),
        ("POS", ClaimVerdict.CONTRADICTED),
    ]
    whole = coverage(date(2027, 1, 1), None)
    (one,) = held("disputes_expiry", coverages=(over, whole))
    assert one.verdict is ClaimVerdict.SUPPORTED


def test_the_row_keeps_its_dates_and_their_basis() -> None:
    """Vendors and customers remember different days: the agent sees which one counts on file."""
    (found,) = held("disputes_expiry", coverages=(OVER,))
    assert isinstance(found.row, CoverageRow)
    assert (found.row.start, found.row.end, found.row.basis) == (
        date(2024, 1, 1),
        date(2026, 3, 31),
        DateBasis.SIGNING,
    )


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (None, ClaimVerdict.NOTHING),
        (verification(VerificationState.ASKED, answered=False), ClaimVerdict.NOTHING),
        (verification(VerificationState.ASKED), ClaimVerdict.NOTHING),
        (verification(VerificationState.CONFIRMED), ClaimVerdict.SUPPORTED),
        (verification(VerificationState.NOT_CONFIRMED), ClaimVerdict.CONTRADICTED),
        (verification(VerificationState.REMEMBERED), ClaimVerdict.NOTHING),
        (verification(VerificationState.CONTRADICTED), ClaimVerdict.NOTHING),
        (verification(VerificationState.LAPSED), ClaimVerdict.NOTHING),
    ],
)
def test_a_promise_rests_on_what_sales_answered(asked: Verification | None, verdict: ClaimVerdict) -> None:
    """R24: neither denied nor confirmed before somebody has answered."""
    (found,) = held("claims_promise", asked=asked)
    assert found.verdict is verdict
    assert (found.answer is None) == (asked is None)


def test_answers_that_differ_stand_side_by_side_on_every_card() -> None:
    """Whoever decides sees both, with who and what; where evidence binds, the no stands beside it."""
    (both,) = held("claims_promise", asked=verification(VerificationState.CONTRADICTED))
    shown = card.row_words(both, words("en"))
    assert "Sales has said both yes and no, so nothing is settled." in shown
    assert "• Yes, says <@U4>" in shown
    assert "• <@U3> does not know of it" in shown
    assert "mail of 3 March" in shown
    proven = verification(VerificationState.CONFIRMED)
    late = Given(answer=Answer.NO, by="U5", at=NOW, evidence="only a discount")
    (binding,) = held("claims_promise", asked=proven.model_copy(update={"answers": (*proven.answers, late)}))
    shown = card.row_words(binding, words("en"))
    assert binding.verdict is ClaimVerdict.SUPPORTED
    assert "Confirmed by <@U3>" in shown
    assert "• <@U5> does not know of it" in shown
    assert "only a discount" in shown


@pytest.mark.parametrize(
    ("grants", "verdict"),
    [
        ((), ClaimVerdict.NOTHING),
        ((granted(Concession.FULL),), ClaimVerdict.SUPPORTED),
        ((granted(Concession.DISCOUNT),), ClaimVerdict.CONTRADICTED),
        ((granted(Concession.FULL), granted(Concession.LABOUR_WAIVED)), ClaimVerdict.SUPPORTED),
    ],
)
def test_done_before_rests_on_the_ledger(grants: tuple[ExceptionRequest, ...], verdict: ClaimVerdict) -> None:
    """What was granted then, with its day where the customer is."""
    (found,) = held("claims_precedent", grants=grants)
    assert found.verdict is verdict


def test_the_ledgers_day_is_the_customers() -> None:
    """At eight in the evening in London it is the next morning in Taipei."""
    (found,) = held("claims_precedent", grants=(granted(Concession.FULL, on=NOW - timedelta(hours=3)),))
    assert isinstance(found.row, GrantRow)
    assert found.row.on == date(2026, 11, 22)


def test_without_a_grant_the_cover_of_that_time_may_explain_it() -> None:
    """Nothing in the ledger, but a contract that ran until March: it may have been covered then."""
    (found,) = held("claims_precedent", coverages=(OVER,))
    assert found.verdict is ClaimVerdict.NOTHING
    assert found.coverage
    assert found.coverage.end == date(2026, 3, 31)


def test_no_claim_is_no_check() -> None:
    """Silence where nothing was claimed."""
    assert held("reports_fault", coverages=(OVER,)) == ()
    assert card.blocks((), words("en")) == []


ALL = st.sets(st.sampled_from(["disputes_expiry", "claims_promise", "claims_precedent", "anger", "lectures"]))
ENDS = st.lists(st.tuples(st.sampled_from(["ERP", "POS", None]), st.dates() | st.none()), max_size=8)


@given(signals=ALL, ends=ENDS)
def test_nobody_is_contradicted_without_a_row_that_is_over(
    signals: set[str], ends: list[tuple[str | None, date | None]]
) -> None:
    """Whatever is on file: a contradiction always shows what it rests on, and a gap never is one."""
    on = tuple(coverage(end, product, start=None) for product, end in ends)
    for found in check(signals, coverages=on, granted=(), verification=None, zone=TAIPEI):
        if found.verdict is ClaimVerdict.CONTRADICTED:
            assert found.coverage
            assert found.coverage.end
            assert found.coverage.end < TODAY


@given(signals=ALL, heat=st.sets(st.sampled_from(["anger", "threatens_legal", "abuses_agent"])), ends=ENDS)
def test_heat_changes_nothing_that_is_on_file(
    signals: set[str], heat: set[str], ends: list[tuple[str | None, date | None]]
) -> None:
    """The record says the same to somebody who shouts."""
    on = tuple(coverage(end, product) for product, end in ends)
    calm, hot = (
        check(seen, coverages=on, granted=(), verification=None, zone=TAIPEI) for seen in (signals, signals | heat)
    )
    assert calm == hot

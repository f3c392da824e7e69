"""An extension that was promised is shown as cover, bounded by what was recorded: until its day, and in its words."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.warranty import coverage_lines
from bot.claims import ClaimVerdict, check
from bot.entitlement import Coverage, CoverageKind, CoverageState, Covers, Entitlement, coverage_on, entitlement
from bot.grants import promised_extension
from bot.i18n import words
from bot.policy import Concession, HoursPolicy
from bot.promises import Answer, Given, Scope, Verification, VerificationState

HOURS = HoursPolicy()
SAID = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
RECORDED = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
"""One in the morning of the 21st at the desk."""
LAST = date(2026, 12, 31)
NAMES = {"US": "陳志遠", "UV": "張惠君"}
WHOLE = Covers(updates=True, remote=True, onsite=True, parts=True, labour=True, expenses=True)
ENDED = Coverage(kind=CoverageKind.CONTRACT, reference="M-1", end=date(2026, 10, 31), covers=WHOLE)


def promise(
    concession: Concession = Concession.EXTENSION,
    until: date | None = LAST,
    state: VerificationState = VerificationState.CONFIRMED,
) -> Verification:
    """A promise that sales confirmed and a supervisor recorded."""
    return Verification(
        workspace="T1",
        id="abcdef0123456789",
        case_id="c",
        customer_id="C-1",
        claimed="…",
        state=state,
        asked_by="UA",
        asked_at=SAID,
        told=("US",),
        answers=(Given(answer=Answer.YES, by="US", at=SAID, evidence="mail"),),
        scope=Scope(concession=concession, what="維護合約延長到年底", until=until, by="UV", at=RECORDED),
    )


def cover(made: Verification) -> Coverage:
    """The cover it gives."""
    found = promised_extension(made, NAMES, HOURS)
    assert found
    return found


def test_it_is_cover_from_the_day_it_was_recorded_until_its_last_day() -> None:
    """By the desk's clock; on its last day still, and not after it."""
    known = cover(promise())
    assert (known.kind, known.start, known.end) == (CoverageKind.EXTENSION, date(2026, 11, 21), LAST)
    states = [coverage_on(known, LAST + timedelta(days=each)).state for each in (-60, -1, 0, 1)]
    assert states == [
        CoverageState.NOT_STARTED,
        CoverageState.ENDS_SOON,
        CoverageState.ENDS_SOON,
        CoverageState.EXPIRED,
    ]


@pytest.mark.parametrize(
    "made",
    [
        promise(Concession.FULL),
        promise(Concession.LABOUR_WAIVED),
        promise(until=None),
        promise().model_copy(update={"scope": None}),
    ],
)
def test_nothing_else_that_was_promised_is_cover(made: Verification) -> None:
    """Free labour is no contract, and what has no last day or no scope is bounded by nothing."""
    assert promised_extension(made, NAMES, HOURS) is None


@pytest.mark.parametrize(
    ("language", "first", "small"),
    [
        (
            "zh-TW",
            "🟢 有效 · 答應過的延長 abcdef01 · 維護合約延長到年底",
            "到 2026-12-31 · 陳志遠 答應，張惠君 於 2026-11-21 記下",
        ),
        (
            "en",
            "🟢 In force · Extension promised abcdef01 · 維護合約延長到年底",
            "until 2026-12-31 · promised by 陳志遠, recorded by 張惠君 on 2026-11-21",
        ),
    ],
)
def test_it_names_whose_word_it_rests_on(language: str, first: str, small: str) -> None:
    """Who said so, who recorded it and when; what it is for in the supervisor's words, not "all their products"."""
    on = coverage_on(cover(promise()), date(2026, 11, 22), 7)
    assert coverage_lines(on, words(language)) == (first, small)


def test_whoever_is_not_known_any_more_is_not_guessed() -> None:
    """It stays known that it was one of us."""
    known = promised_extension(promise(), {}, HOURS)
    assert known
    (_, small) = coverage_lines(coverage_on(known, date(2026, 11, 22)), words("en"))
    assert small == "until 2026-12-31 · promised by a colleague, recorded by a supervisor on 2026-11-21"


@pytest.mark.parametrize(
    ("day", "stands"),
    [(date(2026, 11, 22), Entitlement.UNKNOWN), (LAST, Entitlement.UNKNOWN), (date(2027, 1, 1), Entitlement.EXPIRED)],
)
def test_what_it_covers_is_unknown_and_stays_so(day: date, stands: Entitlement) -> None:
    """A contract that is over, and a promise in words: neither covered nor expired, until the promise is over too."""
    coverages = [coverage_on(each, day) for each in (ENDED, cover(promise()))]
    assert entitlement(coverages) is stands


@given(days=st.integers(0, 400), kind=st.sampled_from([promise(), promise(state=VerificationState.LAPSED)]))
def test_an_extension_takes_no_cover_away(days: int, kind: Verification) -> None:
    """Whoever is covered by a contract is covered beside a promise, before it, during it, and when it is over."""
    contract = ENDED.model_copy(update={"product": "ERP", "end": date(2030, 1, 1)})
    day = date(2026, 11, 1) + timedelta(days=days)
    assert entitlement([coverage_on(each, day) for each in (contract, cover(kind))]) is Entitlement.COVERED


def test_beside_the_claim_that_it_is_still_covered_stands_the_promise_and_what_the_file_says() -> None:
    """The promise hides no contract that is over, since it may be for something else."""
    contract = ENDED.model_copy(update={"product": "ERP"})
    on = [coverage_on(each, date(2026, 11, 22)) for each in (contract, cover(promise()))]
    found = check(["disputes_expiry"], coverages=on, granted=(), verification=None, zone=UTC)
    assert [each.verdict for each in found] == [ClaimVerdict.SUPPORTED, ClaimVerdict.CONTRADICTED]

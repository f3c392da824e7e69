"""What a customer is entitled to on a day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.entitlement import (
    Coverage,
    CoverageKind,
    CoverageState,
    Covers,
    Entitlement,
    coverage_on,
    entitlement,
)

TODAY = date(2026, 11, 21)
WHOLE = Covers(updates=True, remote=True, labour=True)


def cover(
    start: date | None = date(2025, 1, 1),
    end: date | None = date(2027, 1, 1),
    covers: Covers = WHOLE,
    product: str | None = None,
    incidents_left: int | None = None,
) -> Coverage:
    """A coverage for these tests."""
    return Coverage(
        kind=CoverageKind.CONTRACT,
        reference="M-1",
        product=product,
        start=start,
        end=end,
        covers=covers,
        incidents_left=incidents_left,
    )


@pytest.mark.parametrize(
    ("start", "end", "state", "days"),
    [
        (date(2025, 1, 1), date(2027, 1, 1), CoverageState.IN_FORCE, 41),
        (date(2025, 1, 1), date(2026, 12, 21), CoverageState.ENDS_SOON, 30),
        (date(2025, 1, 1), date(2026, 12, 22), CoverageState.IN_FORCE, 31),
        (date(2025, 1, 1), TODAY, CoverageState.ENDS_SOON, 0),
        (date(2025, 1, 1), date(2026, 11, 20), CoverageState.EXPIRED, -1),
        (date(2026, 11, 22), date(2027, 11, 21), CoverageState.NOT_STARTED, 365),
        (TODAY, date(2027, 11, 21), CoverageState.IN_FORCE, 365),
        (date(2025, 1, 1), None, CoverageState.NOT_ON_FILE, None),
        (None, None, CoverageState.NOT_ON_FILE, None),
        (None, date(2026, 11, 20), CoverageState.EXPIRED, -1),
        (date(2026, 11, 22), None, CoverageState.NOT_STARTED, None),
    ],
)
def test_a_coverage_holds_through_its_last_day(
    start: date | None, end: date | None, state: CoverageState, days: int | None
) -> None:
    """In force on the last day, over on the next; what is not on file is neither."""
    on = coverage_on(cover(start, end), TODAY)
    assert (on.state, on.days) == (state, days)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)) | st.none(), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_without_an_end_on_file_nothing_ever_reads_as_expired(start: date | None, day: date) -> None:
    """Unknown is not expired."""
    assert coverage_on(cover(start, None), day).state in {CoverageState.NOT_ON_FILE, CoverageState.NOT_STARTED}


@given(st.dates(date(2000, 1, 1), date(2099, 1, 1)), st.integers(0, 5000), st.integers(-6000, 6000))
def test_days_count_down_to_the_end_and_below(start: date, length: int, offset: int) -> None:
    """`days` is the distance to the end on every day, and its sign tells whether it is over."""
    end = start + timedelta(days=length)
    day = start + timedelta(days=offset)
    on = coverage_on(cover(start, end), day)
    assert on.days == (end - day).days
    assert on.state.is_live == (start <= day <= end)


@pytest.mark.parametrize(
    ("coverages", "word"),
    [
        ([], Entitlement.UNKNOWN),
        ([cover()], Entitlement.COVERED),
        ([cover(end=date(2026, 11, 20))], Entitlement.EXPIRED),
        ([cover(end=None)], Entitlement.UNKNOWN),
        ([cover(end=date(2026, 1, 1)), cover(end=None)], Entitlement.UNKNOWN),
        ([cover(covers=Covers(labour=False, parts=True))], Entitlement.PARTLY),
        ([cover(covers=Covers())], Entitlement.UNKNOWN),
        ([cover(incidents_left=0)], Entitlement.PARTLY),
        ([cover(end=date(2026, 1, 1), product="ERP"), cover(product="ERP")], Entitlement.COVERED),
        ([cover(end=date(2026, 1, 1), product="ERP"), cover(product="POS")], Entitlement.PARTLY),
        ([cover(end=date(2026, 1, 1), product="ERP"), cover()], Entitlement.COVERED),
        ([cover(start=date(2027, 1, 1), end=date(2028, 1, 1))], Entitlement.EXPIRED),
    ],
)
def test_one_word_for_all_coverages(coverages: list[Coverage], word: Entitlement) -> None:
    """Covered, partly, expired or unknown; a gap in the file is never an expiry."""
    assert entitlement([coverage_on(each, TODAY) for each in coverages]) is word

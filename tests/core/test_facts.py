"""What people recorded: the newest counts, what is not out yet does not, and only what is new since a no reopens it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.facts import MOST_HOURS, HoursError, RecordedFact, current, parse_hours, spelt
from bot.goodwill import ExceptionRequest, ExceptionState, Grant, hindrance, last_declined
from bot.policy import Concession

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def fact(name: str, value: str, *, minutes: int = 0, holds: bool = True) -> RecordedFact:
    """A fact, some minutes from now."""
    return RecordedFact(name=name, value=value, by="U1", at=NOW + timedelta(minutes=minutes), holds=holds)


def request(state: ExceptionState, *, minutes: int = 0) -> ExceptionRequest:
    """A request, decided some minutes from now."""
    return ExceptionRequest(
        workspace="T1",
        id="e",
        case_id="c",
        customer_id=None,
        state=state,
        requested_by="U1",
        requested_at=NOW,
        concession=Concession.FULL,
        fault="?",
        cost=Decimal(1),
        currency="TWD",
        reason="?",
        decided_at=NOW + timedelta(minutes=minutes) if state is not ExceptionState.REQUESTED else None,
    )


def test_the_newest_of_a_name_counts() -> None:
    """Nothing is overwritten; the last word stands."""
    assert current([fact("cost", "1"), fact("severity", "site"), fact("cost", "2")]) == {
        "cost": "2",
        "severity": "site",
    }


def test_what_is_not_out_yet_does_not_count() -> None:
    """A question that nobody has got was not asked."""
    assert current([fact("engineer_assigned", "yes", holds=False)]) == {}
    assert current([fact("claim", "pending"), fact("claim", "confirmed", holds=False)]) == {"claim": "pending"}


@pytest.mark.parametrize(("minutes", "counts"), [(-1, False), (0, False), (1, True)])
def test_only_what_is_new_since_the_no_reopens_it(minutes: int, counts: bool) -> None:  # noqa: FBT001 - a case of a table
    """R34: what was known then was weighed then."""
    found = current([fact("new_facts", "yes", minutes=minutes)], declined_at=NOW)
    assert ("new_facts" in found) is counts


REQUESTED, APPROVED, DECLINED = ExceptionState.REQUESTED, ExceptionState.APPROVED, ExceptionState.DECLINED


@pytest.mark.parametrize(
    ("states", "new_facts", "stands"),
    [
        ((), False, None),
        ((REQUESTED,), True, REQUESTED),
        ((APPROVED,), True, APPROVED),
        ((DECLINED,), False, DECLINED),
        ((DECLINED,), True, None),
        ((DECLINED, REQUESTED), True, REQUESTED),
        ((DECLINED, APPROVED), True, APPROVED),
        ((DECLINED, DECLINED), False, DECLINED),
    ],
)
def test_a_no_stands_until_something_is_new(
    states: tuple[ExceptionState, ...],
    new_facts: bool,  # noqa: FBT001 - a case of a table
    stands: ExceptionState | None,
) -> None:
    """R34, and one exception a case."""
    assert hindrance([request(state) for state in states], new_facts=new_facts) is stands


@pytest.mark.parametrize(
    ("state", "ours", "stands"),
    [
        (ExceptionState.USED, True, None),
        (ExceptionState.USED, False, ExceptionState.USED),
        (APPROVED, True, APPROVED),
    ],
)
def test_what_put_our_own_fault_right_was_no_favour(
    state: ExceptionState,
    ours: bool,  # noqa: FBT001 - a case of a table
    stands: ExceptionState | None,
) -> None:
    """A case may ask for its exception afterwards; while the work is not booked yet there is no need to."""
    grant = Grant(concession=Concession.FULL, scope="?", cap=Decimal(1), ours=ours)
    assert hindrance([request(state).model_copy(update={"grant": grant})], new_facts=False) is stands


def test_the_last_no_is_the_one_that_counts() -> None:
    """After a second no the fact that led to it is old."""
    asked = [request(DECLINED), request(DECLINED, minutes=9), request(REQUESTED)]
    assert last_declined(asked) == NOW + timedelta(minutes=9)
    assert last_declined([request(APPROVED)]) is None


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2", "2"), ("1.5 h", "1.5"), ("２ 小時", "2"), ("3 hours", "3"), ("0.25hr", "0.25"), ("4個小時", "4")],
)
def test_hours_are_read_as_people_type_them(text: str, hours: str) -> None:
    """Full width, units, blanks."""
    assert parse_hours(text) == Decimal(hours)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", HoursError.NOT_A_NUMBER),
        ("很久", HoursError.NOT_A_NUMBER),
        ("NaN", HoursError.NOT_A_NUMBER),
        ("Infinity", HoursError.NOT_A_NUMBER),
        ("0", HoursError.NOT_POSITIVE),
        ("-1", HoursError.NOT_POSITIVE),
        ("2001", HoursError.ABSURD),
        ("1e9", HoursError.ABSURD),
    ],
)
def test_a_slip_is_named(text: str, error: HoursError) -> None:
    """Each slip has its own sentence."""
    assert parse_hours(text) is error


@given(st.text(max_size=40))
def test_whatever_is_typed_is_hours_or_a_named_slip(text: str) -> None:
    """Never an exception, never more than a year's work."""
    read = parse_hours(text)
    assert isinstance(read, HoursError) or Decimal(0) <= read <= MOST_HOURS


@given(st.decimals(min_value=0, max_value=2000, places=2))
def test_a_number_is_spelt_without_exponent_and_loses_nothing(number: Decimal) -> None:
    """What is on file can be read, and read back."""
    assert "E" not in spelt(number)
    assert Decimal(spelt(number)) == number

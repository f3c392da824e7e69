"""Contracts that end: when each comes up."""

from datetime import date, timedelta

import pytest

from bot.customer import Contract, Customer, CustomerRecord
from bot.entitlement import Coverage, CoverageKind
from bot.policy import SalesPolicy
from bot.renewals import ending

POLICY = SalesPolicy()
TODAY = date(2026, 11, 23)


def contract(number: str, days: int | None, product_: str | None = "ERP") -> tuple[Contract, Coverage]:
    """A contract that ends in so many days."""
    end = TODAY + timedelta(days=days) if days is not None else None
    covers = Coverage(
        kind=CoverageKind.CONTRACT, reference=number, product=product_, start=TODAY - timedelta(days=300), end=end
    )
    return Contract(number=number, name="Care"), covers


def holding(*held: tuple[Contract, Coverage]) -> CustomerRecord:
    """A customer with these contracts."""
    return CustomerRecord(
        customer=Customer(id="C-1", name="廣昕"),
        contracts=[each for each, _ in held],
        coverages=[each for _, each in held],
    )


@pytest.mark.parametrize(
    ("days", "within"), [(91, None), (90, 90), (61, 90), (60, 60), (31, 60), (30, 30), (0, 30), (-1, None)]
)
def test_a_contract_comes_under_the_nearest_threshold(days: int, within: int | None) -> None:
    """90, 60 and 30 days ahead, to the day; what is over is no renewal ahead."""
    found = ending(holding(contract("M-1", days)), TODAY, POLICY)
    assert [each.within for each in found] == ([within] if within else [])


def test_what_was_renewed_or_has_a_gap_is_not_told() -> None:
    """A later contract for the same thing follows it; one for another product does not; no date is not an end."""
    assert ending(holding(contract("M-1", 20), contract("M-2", 385)), TODAY, POLICY) == []
    assert ending(holding(contract("M-1", 20), contract("M-2", 385, None)), TODAY, POLICY) == []
    (found,) = ending(holding(contract("M-1", 20), contract("M-2", 385, "POS")), TODAY, POLICY)
    assert found.contract == "M-1"
    assert ending(holding(contract("M-1", None)), TODAY, POLICY) == []

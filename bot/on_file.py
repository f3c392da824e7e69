"""What a customer's record gives the coach to speak of."""

from collections.abc import Sequence
from datetime import date

from bot.customer import CustomerRecord, ServicePrice
from bot.entitlement import CoverageOn, CoverageState


def line_values(record: CustomerRecord, coverages: Sequence[CoverageOn]) -> dict[str, str | date]:
    """What a line's placeholders stand for; one that is not known is not there, and the line is kept back."""
    values: dict[str, str | date] = {"customer": record.customer.name}
    over = [each.coverage.end for each in coverages if each.state is CoverageState.EXPIRED and each.coverage.end]
    if len(over) == 1:
        values["ended_on"] = over[0]
    products = {each.coverage.product for each in coverages if each.coverage.product}
    if len(products) == 1:
        values["product"] = products.pop()
    return values


def has_prices(record: CustomerRecord, service_prices: Sequence[ServicePrice]) -> bool:
    """Whether both prices are known: that of one service and that of the contract (R20)."""
    return bool(service_prices) and any(contract.price for contract in record.contracts)

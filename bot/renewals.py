"""Contracts that end: which come up when (R44)."""

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict

from bot.customer import CustomerRecord, Price
from bot.entitlement import CoverageKind
from bot.policy import SalesPolicy


class Ending(BaseModel):
    """A contract that ends soon and has no successor on file.

    Attributes:
        within: The threshold it has come under, in days.
        days: Days until the end; 0 on the last day.
    """

    model_config = ConfigDict(frozen=True)

    customer_id: str
    customer: str
    contract: str
    name: str
    price: Price | None
    ends_on: date
    days: int
    within: int


def reach(policy: SalesPolicy) -> timedelta:
    """How far ahead contracts are looked at."""
    return timedelta(days=max(policy.renewals_ahead_days, default=0))


def ending(record: CustomerRecord, today: date, policy: SalesPolicy) -> list[Ending]:
    """The customer's contracts that have come under one of the policy's thresholds, the one that ends first foremost.

    A contract that another one follows has been renewed; one with a gap in its dates is not known to end.
    """
    contracts = [each for each in record.coverages if each.kind is CoverageKind.CONTRACT]
    found = []
    for contract in record.contracts:
        own = [each for each in contracts if each.reference == contract.number]
        ends = [each.end for each in own]
        if not own or None in ends:
            continue
        last = max(end for end in ends if end)
        days = (last - today).days
        within = min((each for each in policy.renewals_ahead_days if 0 <= days <= each), default=None)
        followed = any(
            each.reference != contract.number
            and each.end
            and each.end > last
            and (each.product is None or each.product in {one.product for one in own})
            for each in contracts
        )
        if within is not None and not followed:
            found.append(
                Ending(
                    customer_id=record.customer.id,
                    customer=record.customer.name,
                    contract=contract.number,
                    name=contract.name,
                    price=contract.price,
                    ends_on=last,
                    days=days,
                    within=within,
                )
            )
    return sorted(found, key=lambda each: (each.ends_on, each.contract))

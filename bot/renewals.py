"""Contracts that end: which come up when, and what is made of one (R44).

There is no case, so there is no opportunity either until somebody says something: that they are on it, that it was
renewed, that it was not. Each end of a contract has one.
"""

import json
from datetime import date, datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.customer import CustomerRecord, Price
from bot.entitlement import CoverageKind
from bot.policy import SalesPolicy
from bot.sales import Opportunity, OpportunityState

CONTRACT_ENDS = "contract_ends"
"""Why sales has an opportunity that comes from no case."""
MOST_LISTED = 45
"""So many contracts stand in one list; the next ones come with the next day's."""


class EndingKey(BaseModel):
    """Which end of which contract.

    Attributes:
        contract: Its number, which another customer's may have too.
        ends_on: The last day that is covered; a contract that is renewed under its number ends again.
    """

    model_config = ConfigDict(frozen=True)

    customer_id: str
    contract: str
    ends_on: date

    @property
    def key(self) -> "EndingKey":
        """The same, without what else is known."""
        return EndingKey(customer_id=self.customer_id, contract=self.contract, ends_on=self.ends_on)

    @property
    def spelt(self) -> str:
        """As it stands on a menu or a window."""
        return json.dumps(
            [self.customer_id, self.contract, self.ends_on.isoformat()], ensure_ascii=False, separators=(",", ":")
        )

    @classmethod
    def read(cls, spelt: str) -> Self | None:
        """What was spelt; None for anything else, like the id of an opportunity."""
        try:
            customer_id, contract, ends_on = json.loads(spelt)
            return cls(customer_id=customer_id, contract=contract, ends_on=ends_on)
        except (TypeError, ValueError, ValidationError):
            return None


class Ending(EndingKey):
    """A contract that ends.

    Attributes:
        name: What it is called.
        price: What it costs a year.
        days: Days until the end; 0 on the last day, negative once it is over.
    """

    customer: str
    name: str
    price: Price | None
    days: int


class Listed(BaseModel):
    """A contract on somebody's list.

    Attributes:
        keeper: With whom it is; None when it is the reader.
        opportunity: What somebody made of it; None while nobody has said anything.
        is_theirs: The reader may say more of it than that they are on it.
    """

    model_config = ConfigDict(frozen=True)

    ending: Ending
    keeper: str | None = None
    opportunity: Opportunity | None = None
    is_theirs: bool = True


def reach(policy: SalesPolicy) -> timedelta:
    """How far ahead contracts are looked at."""
    return timedelta(days=max(policy.renewals_ahead_days, default=0))


def threshold(ending: Ending, policy: SalesPolicy) -> int | None:
    """Under which of the policy's thresholds, in days, a contract has come; None while it is under none."""
    return min((each for each in policy.renewals_ahead_days if 0 <= ending.days <= each), default=None)


def is_last_call(within: int, policy: SalesPolicy) -> bool:
    """Whether no other threshold follows: whatever nobody has spoken for by now, a sales manager hears of as well."""
    return within == min(policy.renewals_ahead_days)


def endings(record: CustomerRecord, today: date, ahead: timedelta) -> list[Ending]:
    """The customer's contracts that end within that time, the one that ends first foremost.

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
        followed = any(
            each.reference != contract.number
            and each.end
            and each.end > last
            and (each.product is None or each.product in {one.product for one in own})
            for each in contracts
        )
        key = EndingKey(customer_id=record.customer.id, contract=contract.number, ends_on=last)
        if today <= last <= today + ahead and not followed and (ending := on_file(record, key, today)):
            found.append(ending)
    return sorted(found, key=lambda each: (each.ends_on, each.contract))


def on_file(record: CustomerRecord, key: EndingKey, today: date) -> Ending | None:
    """The contract whose end it is, whatever became of it; None when it is not on file any more."""
    contract = next((each for each in record.contracts if each.number == key.contract), None)
    if contract is None:
        return None
    return Ending(
        **dict(key),
        customer=record.customer.name,
        name=contract.name,
        price=contract.price,
        days=(key.ends_on - today).days,
    )


def spoken_for(key: EndingKey, *, workspace: str, opportunity_id: str, now: datetime) -> Opportunity:
    """The opportunity that begins when somebody says the first word of a contract that ends."""
    return Opportunity(
        workspace=workspace,
        id=opportunity_id,
        contract=key.contract,
        customer_id=key.customer_id,
        ends_on=key.ends_on,
        state=OpportunityState.ASKED,
        reasons=(CONTRACT_ENDS,),
        opened_at=now,
    )


def key_of(opportunity: Opportunity) -> EndingKey | None:
    """Which end of which contract an opportunity comes from; None for a case's."""
    if opportunity.contract is None or opportunity.customer_id is None or opportunity.ends_on is None:
        return None
    return EndingKey(customer_id=opportunity.customer_id, contract=opportunity.contract, ends_on=opportunity.ends_on)

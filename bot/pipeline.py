"""What a salesperson has before them: opportunities, renewals that come up, and what became of the last ones."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from bot.customer import CustomerRecord
from bot.renewals import Ending, Listed, endings
from bot.sales import LostReason, Opportunity

MONTHS = 6
"""How many months of renewals are shown, the current one first."""


class Mine(BaseModel):
    """An opportunity on somebody's list.

    Attributes:
        customer: Their name; None when they are not on file any more.
        ending: The contract from which it comes; None for a case's, or when it is not on file any more.
    """

    model_config = ConfigDict(frozen=True)

    opportunity: Opportunity
    customer: str | None
    ending: Ending | None = None


class RenewalMonth(BaseModel):
    """The contracts that end in a month.

    Attributes:
        first: The month's first day.
        contracts: How many.
        worth: What they cost a year, by currency; those without a price on file are not in it.
    """

    model_config = ConfigDict(frozen=True)

    first: date
    contracts: int = 0
    worth: dict[str, Decimal] = {}


class Settled(BaseModel):
    """What became of the opportunities somebody settled lately.

    Attributes:
        won: How many were won.
        value: What they are worth, by currency.
        lost: How many were lost, by reason, the most frequent first.
    """

    model_config = ConfigDict(frozen=True)

    won: int = 0
    value: dict[str, Decimal] = {}
    lost: dict[LostReason, int] = {}


class Pipeline(BaseModel):
    """All of it.

    Attributes:
        mine: Opportunities that are theirs, the one that is due first foremost.
        others: Those that colleagues have; for sales managers.
        free: Those that anybody in sales may take.
        renewals: The next months' renewals of the accounts they look after; empty months are among them.
        next_endings: The first few of those contracts that are on no list above: of which nobody has said what comes
            of them, and those that a colleague has.
        more_endings: How many more of those there are.
        settled: What they won and lost lately.
        days: How many days that is.
    """

    model_config = ConfigDict(frozen=True)

    mine: tuple[Mine, ...] = ()
    others: tuple[Mine, ...] = ()
    free: tuple[Mine, ...] = ()
    renewals: tuple[RenewalMonth, ...] = ()
    next_endings: tuple[Listed, ...] = ()
    more_endings: int = 0
    settled: Settled = Settled()
    days: int = 90


def by_due(opportunities: Iterable[Opportunity]) -> list[Opportunity]:
    """What has a time first, the next one foremost; then the oldest."""
    return sorted(opportunities, key=lambda each: (each.due_at is None, each.due_at or each.opened_at, each.id))


def month_starts(today: date, months: int = MONTHS) -> list[date]:
    """The first days of this month and the ones after it."""
    first = today.year * 12 + today.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(first, first + months)]


def last_day(today: date) -> date:
    """The last day of the last month that is shown."""
    return month_starts(today, MONTHS + 1)[-1] - timedelta(days=1)


def endings_ahead(records: Iterable[CustomerRecord], today: date) -> list[Ending]:
    """The contracts that end in the months that are shown and have no successor on file, the first to end foremost."""
    ahead = last_day(today) - today
    found = [each for record in records for each in endings(record, today, ahead)]
    return sorted(found, key=lambda each: (each.ends_on, each.contract))


def by_month(endings: Sequence[Ending], today: date) -> tuple[RenewalMonth, ...]:
    """How many end in each month, and what they are worth."""
    found = []
    for first in month_starts(today):
        ending_then = [each for each in endings if each.ends_on.replace(day=1) == first]
        worth: dict[str, Decimal] = {}
        for each in ending_then:
            if each.price:
                worth[each.price.currency] = worth.get(each.price.currency, Decimal(0)) + each.price.amount
        found.append(RenewalMonth(first=first, contracts=len(ending_then), worth=worth))
    return tuple(found)


def is_overdue(opportunity: Opportunity, now: datetime) -> bool:
    """Whether its time has come."""
    return opportunity.due_at is not None and opportunity.due_at <= now

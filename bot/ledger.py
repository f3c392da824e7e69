"""The ledger 通融紀錄: what goodwill was granted, what it cost us, and who has had theirs."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from bot.goodwill import ExceptionState
from bot.policy import Concession

MONTHS = 6
LONGEST_BAR = 10


class Total(BaseModel):
    """What was granted over the policy's window in one currency; money is never summed over currencies.

    Attributes:
        cost: What it may have cost us: the grants' caps.
        dearest: The greatest of them.
        ours: It was put right because the fault was our own, which is no favour and counts in nobody's window.
    """

    model_config = ConfigDict(frozen=True)

    currency: str
    granted: int
    cost: Decimal
    dearest: Decimal
    ours: bool = False


class Month(BaseModel):
    """What was granted as a favour in one month and one currency.

    Attributes:
        first: The month's first day.
    """

    model_config = ConfigDict(frozen=True)

    first: date
    currency: str
    granted: int
    cost: Decimal


class AtLimit(BaseModel):
    """A customer who has had all the exceptions of the window (R23).

    Attributes:
        free_on: From which day the next one is possible, by the desk's clock.
    """

    model_config = ConfigDict(frozen=True)

    customer_id: str
    free_on: date


class Entry(BaseModel):
    """One decision.

    Attributes:
        cost: What was granted at most; what was asked for, where nothing was granted.
        decided_by: Slack id.
    """

    model_config = ConfigDict(frozen=True)

    decided_at: datetime
    customer_id: str | None
    concession: Concession
    cost: Decimal
    currency: str
    decided_by: str | None
    state: ExceptionState


class Ledger(BaseModel):
    """The ledger as it stands.

    Attributes:
        totals: Over the policy's window.
        months: The last `MONTHS` months, by the desk's clock; those in which nothing was granted are not among them.
        at_limit: Customers who have had theirs, the one who is free again first foremost; `at_limit_more` are left out.
        outcomes: How many of the requests filed in the window came to nothing, by state.
        entries: The last decisions, newest first.
    """

    model_config = ConfigDict(frozen=True)

    totals: tuple[Total, ...] = ()
    months: tuple[Month, ...] = ()
    at_limit: tuple[AtLimit, ...] = ()
    at_limit_more: int = 0
    outcomes: dict[ExceptionState, int] = {}
    entries: tuple[Entry, ...] = ()


def month_starts(now: datetime, zone: ZoneInfo, months: int = MONTHS) -> list[date]:
    """The first days of the last months, oldest first, the current one last."""
    today = now.astimezone(zone).date()
    current = today.year * 12 + today.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(current - months + 1, current + 1)]


def bar(amount: Decimal, most: Decimal) -> str:
    """An amount as a bar beside the greatest; as long as one block at least, unless it is nothing."""
    if amount <= 0 or most <= 0:
        return ""
    return "▇" * max(1, round(amount / most * LONGEST_BAR))

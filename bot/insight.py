"""What came of it: the report's figures, and what they say in words (R42–R45)."""

import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from bot.goodwill import ExceptionState
from bot.promises import VerificationState
from bot.sales import LostReason


class Figures(BaseModel):
    """Some figures of the report."""

    model_config = ConfigDict(frozen=True)


class Granted(Figures):
    """Exceptions granted, in one currency; money is never summed over currencies.

    Attributes:
        ours: To put our own fault right, which is no favour.
        cost: What they may have cost us: the grants' caps.
    """

    currency: str
    ours: bool
    granted: int
    cost: Decimal


class AskedAgain(Figures):
    """A customer for whom an exception was asked after an earlier one, in another case."""

    customer_id: str
    requests: int
    granted: int


class Wanted(Figures):
    """Something customers said, and in how many cases (R45).

    Attributes:
        signal: Its id in the playbook.
    """

    signal: str
    cases: int


class Kept(Figures):
    """What became of the commitments that were due (R33, R42).

    Attributes:
        in_time: Kept by the time the customer was told first.
        moved: Kept by another time the customer was told later.
        late: Kept after their time.
        missed: Still not kept.
    """

    in_time: int = 0
    moved: int = 0
    late: int = 0
    missed: int = 0

    @property
    def due(self) -> int:
        """All of them."""
        return self.in_time + self.moved + self.late + self.missed


class Whispers(Figures):
    """How whispers were taken."""

    shown: int = 0
    helpful: int = 0
    unhelpful: int = 0

    @property
    def rated(self) -> int:
        """How many were rated."""
        return self.helpful + self.unhelpful


class Sale(Figures):
    """Renewals won, in one currency.

    Attributes:
        after_exception: How many of them by customers who had been granted an exception before.
        value_after_exception: What those are worth.
    """

    currency: str
    won: int
    value: Decimal
    after_exception: int
    value_after_exception: Decimal

    @property
    def average(self) -> Decimal:
        """The average sale (R44)."""
        return self.value / self.won


class Lost(Figures):
    """Why opportunities were lost."""

    reason: LostReason
    times: int


class Breadth(Figures):
    """How many products a customer holds on average (R44); None where there is nobody to count.

    Attributes:
        renewed: Among customers who renewed in the period.
        everybody: Among all customers with products on file.
    """

    renewed: float | None = None
    everybody: float | None = None


class Insight(Figures):
    """The report over a period.

    Attributes:
        since: From when on.
        until: Up to when, exclusive.
        opened: Cases opened.
        closed: How many of them are closed.
        waits: Seconds from the message to the whisper about it, for each case's first whisper.
        opportunities: By state, those opened in the period.
    """

    since: datetime
    until: datetime
    opened: int = 0
    closed: int = 0
    granted: tuple[Granted, ...] = ()
    asked: Mapping[ExceptionState, int] = {}
    asked_again: tuple[AskedAgain, ...] = ()
    claims: Mapping[VerificationState, int] = {}
    wanted: tuple[Wanted, ...] = ()
    waits: tuple[float, ...] = ()
    whispers: Whispers = Whispers()
    kept: Kept = Kept()
    opportunities: Mapping[str, int] = {}
    sales: tuple[Sale, ...] = ()
    lost: tuple[Lost, ...] = ()
    breadth: Breadth = Breadth()


def median(values: Sequence[float]) -> float:
    """The one in the middle."""
    return statistics.median(values)


def ninth_tenth(values: Sequence[float]) -> float:
    """Nine of ten are not above it."""
    return statistics.quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else values[0]

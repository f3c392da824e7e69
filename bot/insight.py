"""What came of it: the report's figures (R42–R45)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from bot.goodwill import ExceptionState
from bot.policy import Concession
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


class AskedFor(Figures):
    """What was asked for on customers' behalf, by kind of concession (R45)."""

    concession: Concession
    asked: int
    granted: int


class AskedAgain(Figures):
    """A customer for whom an exception was asked after an earlier one, in another case.

    Attributes:
        customer_id: None where the case was nobody's who is on file.
        requests: Requests that were filed.
        turned_away: In how many cases nothing was filed, since the exceptions of the window were used up (R23).
    """

    customer_id: str | None
    requests: int = 0
    granted: int = 0
    turned_away: int = 0


class Wanted(Figures):
    """Something customers said, and in how many cases (R45).

    Attributes:
        signal: Its id in the playbook.
    """

    signal: str
    cases: int


class Product(Figures):
    """A product, and the cases of the customers who hold it (R45).

    No case says which product it is about: a customer who holds several counts for each.

    Attributes:
        holders: How many customers hold it.
        heard: What was heard in those cases, the most frequent first.
    """

    name: str
    holders: int
    cases: int
    heard: tuple[Wanted, ...] = ()


class FirstWhispers(Figures):
    """Seconds from the message to the whisper about it, over each case's first whisper.

    Attributes:
        cases: How many cases had one.
        median: The one in the middle; of two, their mean. None where there was none.
        nine_of_ten: Nine of ten came no later.
    """

    cases: int = 0
    median: float | None = None
    nine_of_ten: float | None = None


class AskedAfter(Figures):
    """Cases that Aside closed, and how many we asked after: the next word in them was ours (R42)."""

    closed: int = 0
    asked_after: int = 0


class Kept(Figures):
    """What became of commitments: those kept in the period, and those missed that were due in it (R33, R42).

    Attributes:
        in_time: Kept by the time the customer was told first.
        moved: Kept by another time the customer was told later.
        late: Kept after their time.
        missed: Due and still not kept.
    """

    in_time: int = 0
    moved: int = 0
    late: int = 0
    missed: int = 0

    @property
    def ended(self) -> int:
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


class LostWords(Figures):
    """What a salesperson wrote down that the customer said; the words may name them, the figures do not (R45)."""

    reason: LostReason
    settled_at: datetime
    words: str


class Breadth(Figures):
    """How many products a customer holds on average (R44); None where there is nobody to count.

    Attributes:
        renewed: Among customers who renewed in the period.
        everybody: Among all customers with products on file.
    """

    renewed: float | None = None
    everybody: float | None = None


class Month(Figures):
    """What a month was.

    Attributes:
        first: Its first day at the desk.
        granted: Exceptions granted as a favour.
        cost: What those may have cost us at most, by currency.
        won: Renewals won.
        value: What those are worth, by currency.
        first_whisper: The median of the first whispers of the cases opened in it, in seconds; None without any.
        claims: Promises that sales was asked about.
    """

    first: date
    opened: int = 0
    granted: int = 0
    cost: Mapping[str, Decimal] = {}
    won: int = 0
    value: Mapping[str, Decimal] = {}
    first_whisper: float | None = None
    claims: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was counted in it."""
        return not (self.opened or self.granted or self.won or self.claims)


class Insight(Figures):
    """The report over a period.

    Attributes:
        since: From when on, by the desk's clock.
        until: Up to when, exclusive.
        opened: Cases opened.
        closed: How many of them are closed.
        asked: Requests for an exception by where they stand.
        opportunities: By state, those opened in the period.
        followed_up: Those of `kept` that were made in a case after a renewal was won in it.
        months: One after the other, the last one up to `until`; empty where nobody asked for them.
    """

    since: datetime
    until: datetime
    opened: int = 0
    closed: int = 0
    first_whisper: FirstWhispers = FirstWhispers()
    whispers: Whispers = Whispers()
    granted: tuple[Granted, ...] = ()
    asked: Mapping[ExceptionState, int] = {}
    asked_for: tuple[AskedFor, ...] = ()
    asked_again: tuple[AskedAgain, ...] = ()
    claims: Mapping[VerificationState, int] = {}
    opportunities: Mapping[str, int] = {}
    sales: tuple[Sale, ...] = ()
    lost: tuple[Lost, ...] = ()
    lost_words: tuple[LostWords, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    products: tuple[Product, ...] = ()
    kept: Kept = Kept()
    followed_up: Kept = Kept()
    asked_after: AskedAfter = AskedAfter()
    breadth: Breadth = Breadth()
    months: tuple[Month, ...] = ()


def by_product(
    came: Mapping[str, int],
    heard: Iterable[tuple[str, Wanted]],
    held: Mapping[str, frozenset[str]],
    holders: Mapping[str, int],
) -> tuple[Product, ...]:
    """The products of the customers who came, the one with most cases first.

    Args:
        came: How many cases each customer had.
        heard: What was heard in them, by customer.
        held: The products of each.
        holders: How many customers hold each product, with a case or without.
    """
    cases: Counter[str] = Counter()
    said: dict[str, Counter[str]] = {}
    for customer, times in came.items():
        cases.update(dict.fromkeys(held.get(customer, ()), times))
    for customer, wanted in heard:
        for product in held.get(customer, ()):
            said.setdefault(product, Counter())[wanted.signal] += wanted.cases
    return tuple(
        Product(
            name=product,
            holders=holders.get(product, 0),
            cases=times,
            heard=tuple(
                Wanted(signal=signal, cases=found) for signal, found in _most_first(said.get(product, Counter()))
            ),
        )
        for product, times in _most_first(cases)
    )


def _most_first(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))

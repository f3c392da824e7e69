"""What similar customers also hold: what goes together over the whole directory (R44).

Counted, not guessed: of the customers who hold one thing, how many hold the other. Nothing here names another customer.
"""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import combinations

DOUBT = 5
"""Customers who hold the first thing and not the second, added to each count: few tell less than many."""


@dataclass(frozen=True)
class AlsoHeld:
    """Something that customers with the same thing hold as well.

    Attributes:
        item: What this customer does not have.
        because_of: What they have that it goes with most.
        holders: How many customers hold `because_of`.
        both: How many of those hold `item` too.
        lift: How many times more often than among all customers.
    """

    item: str
    because_of: str
    holders: int
    both: int
    lift: float

    @property
    def confidence(self) -> float:
        """The share of those who hold `because_of` that hold `item` too, 0 to 1."""
        return self.both / self.holders


@dataclass(frozen=True)
class Holdings:
    """How many customers hold what, and what together with what.

    Attributes:
        customers: How many hold anything.
        held: By how many each item is held.
        together: By how many each two are held, under both orders.
    """

    customers: int = 0
    held: Counter[str] = field(default_factory=Counter)
    together: dict[str, Counter[str]] = field(default_factory=dict)

    @classmethod
    def counted(cls, customers: Iterable[AbstractSet[str]]) -> "Holdings":
        """Count what each customer holds."""
        total = 0
        held: Counter[str] = Counter()
        together: dict[str, Counter[str]] = {}
        for items in customers:
            if not items:
                continue
            total += 1
            held.update(items)
            for one, other in combinations(items, 2):
                together.setdefault(one, Counter())[other] += 1
                together.setdefault(other, Counter())[one] += 1
        return cls(total, held, together)

    @property
    def breadth(self) -> float | None:
        """How many different things a customer holds on average; None when nobody holds any (R44)."""
        return self.held.total() / self.customers if self.customers else None

    def also_held(self, owned: AbstractSet[str], *, held_by_at_least: int, limit: int = 3) -> tuple[AlsoHeld, ...]:
        """What goes with what a customer owns, the likeliest first; never what they own.

        Each thing they own speaks for what is held with it, by its share of common customers; several that speak for
        the same thing add up as independent chances.

        Args:
            owned: What the customer has.
            held_by_at_least: Support: how many customers have to hold both at least; so no single one is told of.
            limit: How many at most.
        """
        missed: dict[str, float] = {}
        best: dict[str, AlsoHeld] = {}
        for own in owned:
            for item, both in self.together.get(own, Counter()).items():
                lift = both * self.customers / (self.held[own] * self.held[item])
                if item in owned or both < held_by_at_least or lift <= 1:
                    continue
                missed[item] = missed.get(item, 1.0) * (1 - both / (self.held[own] + DOUBT))
                found = AlsoHeld(item, own, holders=self.held[own], both=both, lift=lift)
                if item not in best or (found.confidence, found.both) > (best[item].confidence, best[item].both):
                    best[item] = found
        ranked = sorted(best.values(), key=lambda each: (missed[each.item], -each.both, each.item))
        return tuple(ranked[:limit])

"""Sales walks in: when a customer without cover has a need, the account owner knows (R20, R24, R36)."""

from collections.abc import Iterable
from enum import StrEnum

from bot.entitlement import Entitlement

NEEDS = frozenset(
    {
        "reports_fault",
        "asks_favour",
        "asks_price",
        "claims_promise",
        "demands_compensation",
        "disputes_charge",
        "disputes_expiry",
        "threatens_to_leave",
    }
)


class OpportunityState(StrEnum):
    """The life of an opportunity 商機."""

    OPEN = "open"
    TAKEN = "taken"
    WON = "won"
    LOST = "lost"


def reasons_to_tell_sales(entitlement: Entitlement, signals: Iterable[str]) -> tuple[str, ...]:
    """The signals for which sales should know now; none while any cover is in force or the record has a gap."""
    if entitlement is not Entitlement.EXPIRED:
        return ()
    return tuple(sorted(NEEDS.intersection(signals)))

"""Why sales should know of a case, how grave it is, and so at what hour they are told (R20, R24, R36).

A threat brings people in and puts nothing on the table (R36): nothing here looks at how angry somebody is.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.entitlement import Entitlement
from bot.playbook import Action, DecisionRow, Route
from bot.policy import HoursPolicy, SalesPolicy
from bot.working_hours import after as working_time_after

NEEDS = frozenset(
    {
        "reports_fault",
        "asks_favour",
        "asks_price",
        "claims_promise",
        "demands_compensation",
        "disputes_charge",
        "disputes_expiry",
    }
)
"""What a customer without cover says that is a need."""
ALWAYS = frozenset({"threatens_to_leave"})
"""Told whether they are covered or not (R36)."""
ROW = "row:"
"""Before the id of a row of the decision table, when that is the reason."""


def reasons_to_tell(
    entitlement: Entitlement, signals: Iterable[str], rows: Iterable[DecisionRow] = ()
) -> tuple[str, ...]:
    """Why sales should know now; empty when they need not.

    A need of who is covered is served, and a gap in the record is looked into first; a promise is claimed also by
    whoever is covered in part or by nobody knows what (R24), and who threatens to leave may be covered (R36).

    Args:
        rows: The rows of the decision table that hold; one that has sales asked about a promise is that question's
            own matter (`bot.promises`).
    """
    said = frozenset(signals)
    told = said & ALWAYS
    if entitlement is Entitlement.EXPIRED:
        told |= said & NEEDS
    elif entitlement is not Entitlement.COVERED:
        told |= said & {"claims_promise"}
    called = [f"{ROW}{row.id}" for row in rows if Route.SALES in row.routes and row.action is not Action.ASK_SALES]
    return (*sorted(told), *dict.fromkeys(called))


def weight(reasons: Iterable[str], policy: SalesPolicy) -> int:
    """How grave the gravest of some reasons is: 0 a need, 1 the decision table asks for sales, more what is urgent."""
    urgent = {reason: len(policy.urgent) - at + 1 for at, reason in enumerate(policy.urgent)}
    return max((urgent.get(each, int(each.startswith(ROW))) for each in reasons), default=0)


def is_urgent(grave: int) -> bool:
    """Whether something of this weight is told at any hour."""
    return grave > 1


def tell_at(grave: int, now: datetime, hours: HoursPolicy) -> datetime:
    """When something of this weight is told: now, or when the desk opens."""
    return now if is_urgent(grave) else working_time_after(now, timedelta(0), hours)

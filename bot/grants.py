"""What a yes allows: told to whoever speaks of it, and shown as cover where it extends the customer's own."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from bot.entitlement import Coverage, CoverageKind, Covers, Promised
from bot.goodwill import GRANTED, ExceptionRequest
from bot.policy import Concession, HoursPolicy
from bot.promises import Verification
from bot.working_hours import desk_day


class Granted(BaseModel):
    """What a yes allows, for whoever is about to speak of it: its days are the desk's (`bot.working_hours.desk_day`).

    Attributes:
        cap: What the service may cost us at most; never a price, and never told to the customer.
        book_by: The last day on which it can be booked; None when it has none, or is booked.
        extended_to: With an extension, the last day of the cover.
    """

    model_config = ConfigDict(frozen=True)

    concession: Concession
    scope: str
    cap: Decimal
    currency: str
    conditions: str = ""
    book_by: date | None = None
    extended_to: date | None = None


def extension(request: ExceptionRequest, hours: HoursPolicy) -> Coverage | None:
    """The cover that an extension gives, of everything the customer has; None for any other exception.

    It begins on the day of the decision, by the desk's clock.
    """
    grant = request.grant
    if grant is None or grant.extended_to is None or request.decided_at is None or request.state not in GRANTED:
        return None
    whole = Covers(updates=True, remote=True, onsite=True, parts=True, labour=True, expenses=True)
    return Coverage(
        kind=CoverageKind.EXTENSION,
        reference=request.id[:8],
        start=desk_day(request.decided_at, hours.timezone),
        end=grant.extended_to,
        covers=whole,
    )


def promised_extension(verification: Verification, names: Mapping[str, str], hours: HoursPolicy) -> Coverage | None:
    """The cover that a promised extension gives up to its day; None for any other promise, or one without a day.

    It begins on the day on which its scope was recorded, by the desk's clock. What it covers stands in the supervisor's
    words alone, so for the decision table it is unknown, neither covered nor expired.

    Args:
        names: What our people are called, by Slack id.
    """
    scope, said = verification.scope, verification.standing
    if scope is None or scope.concession is not Concession.EXTENSION or scope.until is None:
        return None
    recorded_on = desk_day(scope.at, hours.timezone)
    return Coverage(
        kind=CoverageKind.EXTENSION,
        reference=verification.id[:8],
        start=min(recorded_on, scope.until),
        end=scope.until,
        promised=Promised(
            what=scope.what,
            by=names.get(said.by, "") if said else "",
            recorded_by=names.get(scope.by, ""),
            recorded_on=recorded_on,
        ),
    )


def allowed(request: ExceptionRequest, timezone: str) -> Granted | None:
    """What was granted, and no more; None for a request that was not.

    Args:
        timezone: The desk's clock.
    """
    grant = request.grant
    if grant is None:
        return None
    return Granted(
        concession=grant.concession,
        scope=grant.scope,
        cap=grant.cap,
        currency=request.currency,
        conditions=grant.conditions,
        book_by=desk_day(grant.valid_until, timezone) if grant.valid_until and not request.used_at else None,
        extended_to=grant.extended_to,
    )

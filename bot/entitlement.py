"""Entitlement 權益: what a customer's warranties and contracts give them on a given day (R16)."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

ENDS_SOON_DAYS = 30


class CoverageKind(StrEnum):
    """Where a coverage comes from."""

    WARRANTY = "warranty"
    CONTRACT = "contract"
    EXTENSION = "extension"


class DateBasis(StrEnum):
    """From which event the dates count; vendors and customers remember different ones."""

    DELIVERY = "delivery"
    INSTALLATION = "installation"
    ACCEPTANCE = "acceptance"
    SIGNING = "signing"


class CoverageState(StrEnum):
    """How a coverage stands on one day. Unknown is never expired."""

    NOT_STARTED = "not_started"
    IN_FORCE = "in_force"
    ENDS_SOON = "ends_soon"
    EXPIRED = "expired"
    NOT_ON_FILE = "not_on_file"

    @property
    def is_live(self) -> bool:
        """Whether the customer is entitled on that day."""
        return self in {CoverageState.IN_FORCE, CoverageState.ENDS_SOON}


class Covers(BaseModel):
    """What is covered; None where the file does not say."""

    model_config = ConfigDict(frozen=True)

    updates: bool | None = None
    remote: bool | None = None
    onsite: bool | None = None
    parts: bool | None = None
    labour: bool | None = None
    expenses: bool | None = None


class Promised(BaseModel):
    """Whose word an extension rests on: sales gave it, and a supervisor recorded its scope (R25).

    Attributes:
        what: What was promised, in the words of whoever recorded it; nothing else says what is covered.
        by: Who said that it was promised, by name; empty when we no longer know them.
        recorded_on: By the desk's clock.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    by: str
    recorded_by: str
    recorded_on: date


class Coverage(BaseModel):
    """One warranty or contract as it stands on file.

    Attributes:
        reference: The contract's number, or the warranty's id.
        product: Name of the product; None when it covers all that the customer has.
        end: The last day that is covered.
        basis: From which event the dates count; None when the file does not say.
        response_hours: Promised time to first response, in hours.
        incidents_left: How many incidents are still included; None when they are not counted.
        promised: With an extension that was promised and not granted, by whom.
    """

    model_config = ConfigDict(frozen=True)

    kind: CoverageKind
    reference: str
    product: str | None = None
    serial: str | None = None
    start: date | None = None
    end: date | None = None
    basis: DateBasis | None = None
    covers: Covers = Covers()
    response_hours: float | None = None
    incidents_left: int | None = None
    promised: Promised | None = None


class CoverageOn(BaseModel):
    """A coverage on one day.

    Attributes:
        days: Days until the end, 0 on the last day, negative once over; None without an end on file.
    """

    model_config = ConfigDict(frozen=True)

    coverage: Coverage
    state: CoverageState
    days: int | None


class Entitlement(StrEnum):
    """What the decision table asks about a customer."""

    COVERED = "covered"
    PARTLY = "partly"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


def coverage_on(coverage: Coverage, day: date, ends_soon_days: int = ENDS_SOON_DAYS) -> CoverageOn:
    """How a coverage stands on `day`, a day in the customer's own time zone."""
    days = (coverage.end - day).days if coverage.end else None
    return CoverageOn(coverage=coverage, state=_state(coverage, day, days, ends_soon_days), days=days)


def _state(coverage: Coverage, day: date, days: int | None, ends_soon_days: int) -> CoverageState:
    if coverage.start and day < coverage.start:
        return CoverageState.NOT_STARTED
    if days is None:
        return CoverageState.NOT_ON_FILE
    if days < 0:
        return CoverageState.EXPIRED
    return CoverageState.ENDS_SOON if days <= ends_soon_days else CoverageState.IN_FORCE


def entitlement(coverages: Sequence[CoverageOn]) -> Entitlement:
    """One word for all of a customer's coverages, or for those of the product in question.

    A gap in the file makes it unknown, never expired; something left out, or used up, makes it partly. An extension
    that is over says nothing of what the customer has.
    """
    live = [each for each in coverages if each.state.is_live]
    gaps = [each for each in coverages if each.state is CoverageState.NOT_ON_FILE]
    if not coverages or (gaps and not any(_is_whole(each) for each in live)):
        return Entitlement.UNKNOWN
    if not live:
        return Entitlement.EXPIRED
    if all(_says_nothing(each) for each in live):
        return Entitlement.UNKNOWN
    whole_products = {each.coverage.product for each in live if _is_whole(each)}
    on_file = (each for each in coverages if each.coverage.kind is not CoverageKind.EXTENSION)
    lapsed = {each.coverage.product for each in on_file if not each.state.is_live} - whole_products
    if whole_products and (None in whole_products or not lapsed):
        return Entitlement.COVERED
    return Entitlement.PARTLY


def _flags(coverage: Coverage) -> list[bool]:
    stated = coverage.covers.model_dump().values()
    return [flag for flag in stated if flag is not None]


def _says_nothing(on: CoverageOn) -> bool:
    return not _flags(on.coverage)


def _is_whole(on: CoverageOn) -> bool:
    flags = _flags(on.coverage)
    return bool(flags) and all(flags) and on.coverage.incidents_left != 0

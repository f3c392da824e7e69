"""The policy: the figures a manager decides, in one file (`playbooks/policy.yaml`)."""

from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A piece of the playbook: nothing unknown is let in."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Concession(StrEnum):
    """What is conceded 讓步."""

    FULL = "full"
    LABOUR_WAIVED = "labour_waived"
    DISCOUNT = "discount"
    EXTENSION = "extension"


class CostBands(Part):
    """Up to where a cost to us counts as low."""

    currency: str = "TWD"
    low_up_to: Decimal


class GoodwillPolicy(Part):
    """Limits on exceptions 通融.

    Attributes:
        window_days: How long an exception counts against the next.
        exceptions_per_window: How many a customer may have in that window.
    """

    window_days: int = Field(default=365, ge=1)
    exceptions_per_window: int = Field(default=1, ge=0)


class WhisperPolicy(Part):
    """How quiet the coach is.

    Attributes:
        lines: At most this many lines a suggestion.
        cooldown_seconds: The same play is not whispered again in a case before this.
        per_case_per_hour: At most this many whispers an agent and case.
        per_person_per_hour: At most this many whispers an agent over all their cases.
        same_play_per_day: At most so often a day in a case that learns nothing new meanwhile.
        sure_from: A signal below this score is not acted on.
        stale_after_minutes: About what was said longer ago than this nothing is whispered any more.
    """

    lines: int = Field(default=3, ge=1, le=3)
    cooldown_seconds: int = Field(default=180, ge=0)
    per_case_per_hour: int = Field(default=12, ge=1)
    per_person_per_hour: int = Field(default=20, ge=1)
    same_play_per_day: int = Field(default=3, ge=1)
    sure_from: float = Field(default=0.5, ge=0, le=1)
    stale_after_minutes: int = Field(default=30, ge=1)


class SalesPolicy(Part):
    """When and how often sales is told.

    Attributes:
        quiet_days: After a ping about a customer, another case pings again only after this long.
    """

    quiet_days: int = Field(default=1, ge=0)


class CasePolicy(Part):
    """When something said belongs to an open case, and when a case is over.

    Attributes:
        joins_within_hours: What is said outside threads belongs to the channel's only open case for this long.
        closes_after_days: A case in which nothing is said any more closes after this long.
    """

    joins_within_hours: int = Field(default=72, ge=1)
    closes_after_days: int = Field(default=14, ge=1)


class Policy(Part):
    """The figures a manager decides, in one file."""

    ends_soon_days: int = Field(default=30, ge=0)
    cost: CostBands
    goodwill: GoodwillPolicy = GoodwillPolicy()
    whisper: WhisperPolicy = WhisperPolicy()
    sales: SalesPolicy = SalesPolicy()
    case: CasePolicy = CasePolicy()

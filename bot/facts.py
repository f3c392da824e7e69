"""What people wrote down about a case: each fact with who, when and why; the newest of its name counts."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class RecordedFact(BaseModel):
    """A fact as somebody wrote it down.

    Attributes:
        name: `severity`, `effort_hours`, `cost`, `fault_ours`, a mistake of `OurMistake`, `claim`, `evidence`,
            `new_facts`, `declined_for_fairness`, `engineer`, `engineer_assigned`, `promise_being_checked`,
            `commitment_recorded`, `takeover_by`, `takeover_asked`, `takeover_accepted`.
        value: `yes` or `no` for what a line may claim; an amount, hours, a person's Slack id or words for the rest.
        after: Key of the message it tells of, if it does.
        holds: Whether it counts: a fact that tells of a message counts once that message is out.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    value: str
    by: str
    at: datetime
    why: str = ""
    after: str | None = None
    holds: bool = True


class Severity(StrEnum):
    """Who is stopped by the fault (R17)."""

    SITE = "site"
    TEAM = "team"
    PERSON = "person"
    NOBODY = "nobody"


class OurMistake(StrEnum):
    """Which mistake of ours it was (R13); those that a line may name are facts of their own."""

    BREACH = "our_breach"
    LATE_REPLY = "our_late_reply"
    SAME_FAULT = "same_fault_again"
    OTHER = "other_mistake"


MISTAKE_FACTS = frozenset(OurMistake) - {OurMistake.OTHER}


def newest(recorded: Iterable[RecordedFact]) -> dict[str, RecordedFact]:
    """The newest fact of each name, from all of them in the order they were written."""
    return {each.name: each for each in recorded}


def current(recorded: Iterable[RecordedFact], *, declined_at: datetime | None = None) -> Mapping[str, str]:
    """What counts now, name → value.

    Args:
        declined_at: When an exception was last declined: only what is new since then reopens it (R34).
    """
    facts = newest(each for each in recorded if each.holds)
    if declined_at and "new_facts" in facts and facts["new_facts"].at <= declined_at:
        del facts["new_facts"]
    return {name: fact.value for name, fact in facts.items()}


class HoursError(StrEnum):
    """What is wrong with the hours somebody typed."""

    NOT_A_NUMBER = "not_a_number"
    NOT_POSITIVE = "not_positive"
    ABSURD = "absurd"


MOST_HOURS = Decimal(2_000)


def parse_hours(text: str) -> Decimal | HoursError:
    """Read hours of work as people type them: 2, 1.5 h, ２小時; more than a year's work is a slip of the finger."""
    plain = re.sub(r"(?i)hours?|hrs?|h|個?小時|個?小时|個?鐘頭|\s", "", unicodedata.normalize("NFKC", text))
    try:
        hours = Decimal(plain)
    except InvalidOperation:
        return HoursError.NOT_A_NUMBER
    if not hours.is_finite():
        return HoursError.NOT_A_NUMBER
    if hours <= 0:
        return HoursError.NOT_POSITIVE
    return HoursError.ABSURD if hours > MOST_HOURS else hours.quantize(Decimal("0.01"))


def spelt(number: Decimal) -> str:
    """A number as a fact's value: no exponent, no needless zeros."""
    return f"{number.normalize():f}"

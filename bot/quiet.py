"""Quiet by default: budgets and cooldowns, what somebody muted or paused, and what they said was wrong."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.playbook import Play
from bot.policy import WhisperPolicy
from bot.signals import Reading, Signal

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PAUSE_MINUTES = 60
LONGEST_PAUSE_MINUTES = 600
ANGER = "anger"


class Given(BaseModel):
    """Advice that this person was shown in this case before.

    Attributes:
        facts: What the case knew then.
        helpful: Whether they said that it helped.
    """

    model_config = ConfigDict(frozen=True)

    plays: tuple[str, ...]
    at: datetime
    facts: frozenset[str] = frozenset()
    helpful: bool = False


class Quiet(BaseModel):
    """What somebody does not want to hear.

    Attributes:
        paused_until: Until then nothing is whispered to them; None when they have not paused.
        plays: Ids of the plays they muted.
        cases: Ids of the cases they muted, the latest first.
    """

    model_config = ConfigDict(frozen=True)

    paused_until: datetime | None = None
    plays: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()


class Reason(StrEnum):
    """Why a whisper did not help; `aside playbook show --ratings` counts them."""

    NOT_TRUE = "not_true"
    WRONG_SIGNAL = "wrong_signal"
    TOO_LATE = "too_late"
    TOO_MUCH = "too_much"
    KNOWN = "known"
    BADLY_WORDED = "badly_worded"
    OTHER = "other"


class Rating(BaseModel):
    """What somebody thought of advice.

    Attributes:
        note: In their own words.
    """

    model_config = ConfigDict(frozen=True)

    helpful: bool
    reason: Reason | None = None
    note: str = ""


class Feedback(BaseModel):
    """How often a team was whispered to, and what they thought of it; numbers alone."""

    model_config = ConfigDict(frozen=True)

    given: int
    helpful: int
    unhelpful: int
    corrected: int


def audible(
    plays: Iterable[Play],
    given: Sequence[Given],
    policy: WhisperPolicy,
    now: datetime,
    *,
    facts: frozenset[str] = frozenset(),
    muted: frozenset[str] = frozenset(),
    elsewhere: int = 0,
) -> list[Play]:
    """The plays worth a whisper, most important first.

    Silent are: what was muted, what was whispered a moment ago, everything beyond a budget, and what was whispered
    a few times today while the case learnt nothing new. A play that is `always` heard, since it is about the
    person's own safety, knows neither budget nor wearing out; its cooldown and a mute hold all the same.

    Args:
        facts: What the case knows now.
        muted: Ids of the plays this person muted.
        elsewhere: How many whispers they were shown in other cases in the past hour.
    """
    last_hour = sum(each.at > now - HOUR for each in given)
    spent = last_hour >= policy.per_case_per_hour or last_hour + elsewhere >= policy.per_person_per_hour
    worn_out = _worn_out(given, policy, now, facts)
    last_given = _last_given(given)

    def is_heard(play: Play) -> bool:
        cooldown = policy.cooldown_seconds if play.cooldown_seconds is None else play.cooldown_seconds
        last = last_given.get(play.id)
        rested = last is None or last <= now - timedelta(seconds=cooldown)
        return play.id not in muted and rested and (play.always or not (spent or play.id in worn_out))

    return sorted(filter(is_heard, plays), key=lambda play: -play.priority)


def _last_given(given: Sequence[Given]) -> Mapping[str, datetime]:
    return {play: each.at for each in sorted(given, key=lambda each: each.at) for play in each.plays}


def _worn_out(given: Sequence[Given], policy: WhisperPolicy, now: datetime, facts: frozenset[str]) -> frozenset[str]:
    """The plays that were said often enough today: nothing came of them, and the case knows no more than it did."""
    in_vain = [each for each in given if each.at > now - DAY and each.facts == facts and not each.helpful]
    times = Counter(play for each in in_vain for play in each.plays)
    return frozenset(play for play, often in times.items() if often >= policy.same_play_per_day)


def pause_minutes(typed: str) -> int | None:
    """For how many minutes somebody wants to pause; None when that is no number we take."""
    if not typed:
        return PAUSE_MINUTES
    minutes = int(typed) if typed.isdecimal() and len(typed) <= len(str(LONGEST_PAUSE_MINUTES)) else 0
    return minutes if 1 <= minutes <= LONGEST_PAUSE_MINUTES else None


def corrected(reading: Reading, wrong: Mapping[str, str]) -> Reading:
    """What a message shows, after somebody said which signals it does not show.

    Args:
        wrong: The signals that are wrong, each with what it really was; empty when nobody said.
    """
    right = tuple(each for each in reading.signals if each.id not in wrong)
    shown = {each.id for each in right}
    instead = dict.fromkeys(really for really in wrong.values() if really and really not in shown)
    signals = (*right, *(Signal(id=each, score=1.0, words="") for each in instead))
    return Reading(signals, 0 if ANGER in wrong else reading.anger, reading.thread)


def corrected_ids(signals: Iterable[str], wrong: Mapping[str, str]) -> tuple[str, ...]:
    """The same for the signals' ids alone."""
    right = [each for each in signals if each not in wrong]
    return tuple(dict.fromkeys([*right, *filter(None, wrong.values())]))

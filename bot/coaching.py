"""Coaching: from what was noticed and what the case knows to what the agent is shown, or to silence."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from string import Formatter

from babel.dates import format_date
from pydantic import BaseModel, ConfigDict

from bot.case import Standing, has_reached
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import (
    Action,
    Conditions,
    DecisionRow,
    Language,
    Play,
    Playbook,
    Route,
    Stage,
    WhisperPolicy,
)
from bot.signals import Reading, Signal

MOST_PLAYS = 2


class Part(BaseModel):
    """A piece of advice is stored as it was given and never changed."""

    model_config = ConfigDict(frozen=True)


class OfferedLine(Part):
    """A line that is true for this case now."""

    lang: Language
    text: str
    claims: tuple[str, ...] = ()


class WithheldLine(Part):
    """A line that would not be true yet, and the facts that are missing."""

    text: str
    missing: tuple[str, ...]


class Advice(Part):
    """What an agent is shown (建議), and everything it came from.

    Attributes:
        row: Id of the row of the decision table; None when the advice is about the agent's own words.
        action: What the agent can do about it with one button.
        facts: The facts the case held.
    """

    signals: tuple[Signal, ...]
    anger: int
    plays: tuple[str, ...]
    rules: tuple[str, ...]
    stage: Stage
    row: str | None
    lines: tuple[OfferedLine, ...]
    withheld: tuple[WithheldLine, ...]
    routes: tuple[Route, ...]
    action: Action | None
    facts: tuple[str, ...]
    playbook_version: str


class StoredAdvice(Part):
    """Advice with whom it was given to, and about which message."""

    id: str
    case_id: str
    channel: str
    message_ts: str
    person: str
    given_at: datetime
    advice: Advice


class Situation(Part):
    """What the coach knows of the case.

    Attributes:
        values: What a line's placeholders stand for; a day is told as people write it.
        asked: Whether an exception has been asked for in this case.
    """

    standing: Standing
    stage: Stage
    facts: frozenset[str]
    values: Mapping[str, str | date] = {}
    asked: bool = False


class Given(Part):
    """A play that this person was shown in this case before."""

    plays: tuple[str, ...]
    at: datetime


def advise(
    playbook: Playbook,
    *,
    reading: Reading,
    speaker: Role,
    situation: Situation,
    given: Sequence[Given],
    language: Language,
    now: datetime,
) -> Advice | None:
    """What to whisper about a message; None when silence helps more.

    Args:
        speaker: `CUSTOMER`, or `AGENT` for the agent's own words.
        given: What this person was shown in this case before.
        language: The language the customer is spoken to in.
    """
    sure = tuple(each for each in reading.signals if each.score >= playbook.policy.whisper.sure_from)
    seen = frozenset(each.id for each in sure)
    fitting = [
        play
        for play in playbook.plays
        if play.speaker == speaker
        and (play.when.signals or play.when.all_signals)
        and fits(play.when, signals=seen, anger=reading.anger, situation=situation)
    ]
    plays = _audible(fitting, given, playbook.policy.whisper, now)
    if not plays:
        return None
    return _compose(playbook, plays, sure, reading.anger, speaker, situation, language)


def advise_on(
    playbook: Playbook, fact: str, *, situation: Situation, language: Language, anger: int = 0
) -> Advice | None:
    """What to whisper when a fact has just become true: the lines that can now be said."""
    plays = [
        play
        for play in playbook.plays
        if not (play.when.signals or play.when.all_signals)
        and any(fact in line.claims for line in play.lines)
        and fits(play.when, signals=frozenset(), anger=anger, situation=situation)
    ]
    if not plays:
        return None
    plays.sort(key=lambda play: -play.priority)
    return _compose(playbook, plays[:1], (), anger, Role.CUSTOMER, situation, language)


def fits(when: Conditions, *, signals: frozenset[str], anger: int, situation: Situation) -> bool:
    """Whether every stated condition holds."""
    return (
        (not when.signals or not signals.isdisjoint(when.signals))
        and signals.issuperset(when.all_signals)
        and signals.isdisjoint(when.no_signals)
        and when.min_anger <= anger <= when.max_anger
        and (not when.stages or situation.stage in when.stages)
        and all(situation.standing.value(name) in values for name, values in when.case.items())
    )


def decide(playbook: Playbook, stands: Standing) -> DecisionRow:
    """The row of the decision table: the first that fits; the playbook's check proves that one does."""
    return next(
        row for row in playbook.decisions if all(stands.value(name) in values for name, values in row.when.items())
    )


def may_ask_exception(row: DecisionRow, situation: Situation) -> bool:
    """Whether asking for an exception makes sense: the table leads there, and something is not covered.

    The window that asks for it asks about fault and cost as well (R17), so it also opens where the table still wants
    these assessed. Neither anger nor any threat is asked about here (architecture page, *Things that must hold*).
    """
    stands = situation.standing
    return (
        row.action in {Action.ASSESS, Action.ASK_EXCEPTION}
        and stands.entitlement in {Entitlement.EXPIRED, Entitlement.PARTLY}
        and stands.history == "clear"
        and not situation.asked
        and has_reached(Stage.CONFIRM, situation.stage)
    )


def _audible(plays: Iterable[Play], given: Sequence[Given], policy: WhisperPolicy, now: datetime) -> list[Play]:
    """The plays worth a whisper: most important first, none twice in a while, nothing beyond the budget."""
    last_hour = [each for each in given if each.at > now - timedelta(hours=1)]
    if len(last_hour) >= policy.per_case_per_hour:
        return []
    fresh = now - timedelta(seconds=policy.cooldown_seconds)
    lately = {play for each in given if each.at > fresh for play in each.plays}
    ordered = sorted(plays, key=lambda play: -play.priority)
    return [play for play in ordered if play.id not in lately][:MOST_PLAYS]


def _compose(
    playbook: Playbook,
    plays: Sequence[Play],
    signals: tuple[Signal, ...],
    anger: int,
    speaker: Role,
    situation: Situation,
    language: Language,
) -> Advice:
    row = decide(playbook, situation.standing) if speaker is Role.CUSTOMER else None
    offered, withheld = _lines(playbook, plays, situation, language)
    answered = {name for play in plays for name in (*play.when.signals, *play.when.all_signals)}
    sources: list[Play | DecisionRow] = [*plays, *([row] if row else [])]
    routes = dict.fromkeys(route for source in sources for route in source.routes)
    rules = dict.fromkeys(rule for source in sources for rule in source.rules)
    return Advice(
        signals=tuple(each for each in signals if each.id in answered),
        anger=anger,
        plays=tuple(play.id for play in plays),
        rules=tuple(rules),
        stage=situation.stage,
        row=row.id if row else None,
        lines=_shared_out(offered, playbook.policy.whisper.lines),
        withheld=tuple(withheld),
        routes=tuple(routes),
        action=Action.ASK_EXCEPTION if row and may_ask_exception(row, situation) else None,
        facts=tuple(sorted(situation.facts)),
        playbook_version=playbook.version,
    )


def _lines(
    playbook: Playbook, plays: Sequence[Play], situation: Situation, language: Language
) -> tuple[list[list[OfferedLine]], list[WithheldLine]]:
    words = playbook.words[language].plays
    offered: list[list[OfferedLine]] = []
    withheld: list[WithheldLine] = []
    for play in plays:
        of_play: list[OfferedLine] = []
        offered.append(of_play)
        if not has_reached(play.stage, situation.stage):
            continue
        for line in play.lines:
            text = words[play.id].lines[line.id]
            missing = [fact for fact in line.claims if fact not in situation.facts]
            missing += [name for name in placeholders(text) if name not in situation.values]
            if missing:
                withheld.append(WithheldLine(text=text, missing=tuple(missing)))
            else:
                filled = text.format_map({name: _spelt(value, language) for name, value in situation.values.items()})
                of_play.append(OfferedLine(lang=language, text=filled, claims=line.claims))
    return offered, withheld


def _shared_out(offered: Sequence[Sequence[OfferedLine]], most: int) -> tuple[OfferedLine, ...]:
    """At most so many lines: the first play's, but one of the second's when it has any."""
    first, *others = offered
    second = others[0] if others else ()
    kept = first[: most - 1] if second else first[:most]
    return (*kept, *second[: most - len(kept)])


def _spelt(value: str | date, language: Language) -> str:
    if isinstance(value, str):
        return value
    return format_date(value, "long", locale="en_GB") if language == "en" else value.isoformat()


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces in a line."""
    return tuple(name for _, name, _, _ in Formatter().parse(text) if name)

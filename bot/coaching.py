"""Coaching: from what was noticed and what the case knows to what the agent is shown, or to silence."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import filterfalse
from string import Formatter

from babel.dates import format_date

from bot.advice import Advice, OfferedLine, Situation, WithheldLine
from bot.case import has_reached
from bot.decision_table import beside, decide, is_recorded, keeps_promise, may_ask_exception, may_do, stage_of
from bot.message import Role
from bot.playbook import (
    PITCH,
    Action,
    Conditions,
    DecisionRow,
    Language,
    LineDefinition,
    Play,
    Playbook,
    Stage,
    Topic,
)
from bot.quiet import ANGER, Given, audible
from bot.signals import Reading, Signal

MOST_PLAYS = 2
MOST_ACTIONS = 3
ANGRY = 2
"""From this anger on nothing is pitched (R02)."""
OUR_MISTAKES = frozenset({"fault_ours", "our_breach", "our_late_reply", "same_fault_again", "commitment_missed"})
"""Facts by which we are the ones at fault."""
TELLS_OF_THE_YES = "exception_approved"
"""A line that claims this fact tells of a grant."""
TELLS_OF_THE_PROMISE = "promise_confirmed"
"""A line that claims this fact tells of a promise that is kept."""
SAID = frozenset({"slighted", "overpromised"})
"""Facts of the conversation that want a word whatever the customer answers: a play that names one needs no signal."""
REFUSALS = frozenset({"cites_policy", "refuses_early", "repeats_refusal"})
"""Words of ours that say no; who says them hears who could say more (R12)."""
ASKED_OF_OTHERS = frozenset({Action.ASK_EXCEPTION, Action.ASK_SALES})
"""What the agent can say that they asked for, once they did."""

_TIME_OF: Mapping[Topic, Stage] = {
    Topic.EXPIRY: Stage.TELL,
    Topic.PRICE: Stage.TELL,
    Topic.RENEWAL: Stage.TELL,
    Topic.CONCESSION: Stage.DECIDE,
}
_ASKED_BY: Mapping[Topic, frozenset[str]] = {
    Topic.EXPIRY: frozenset({"asks_coverage", "disputes_expiry"}),
    Topic.PRICE: frozenset({"asks_price", "disputes_charge"}),
    Topic.RENEWAL: frozenset({"asks_price", "raises_contract"}),
    Topic.CONCESSION: frozenset(
        {"asks_favour", "asks_secrecy", "claims_precedent", "claims_promise", "demands_compensation"}
    ),
}


def advise(
    playbook: Playbook,
    *,
    reading: Reading,
    speaker: Role,
    situation: Situation,
    given: Sequence[Given],
    language: Language,
    now: datetime,
    muted: frozenset[str] = frozenset(),
    elsewhere: int = 0,
) -> Advice | None:
    """What to whisper about a message; None when silence helps more.

    Args:
        speaker: `CUSTOMER`, or `AGENT` for the agent's own words.
        given: What this person was shown in this case before.
        language: The language the customer is spoken to in.
        muted: Ids of the plays this person muted.
        elsewhere: How many whispers they were shown in other cases in the past hour.
    """
    whisper = playbook.policy.whisper
    sure_from = whisper.sure_of_ours_from if speaker is Role.AGENT else whisper.sure_from
    sure = tuple(each for each in reading.signals if each.score >= sure_from)
    seen = frozenset(each.id for each in sure)

    def plays_for(signals: frozenset[str], anger: int) -> list[Play]:
        fitting = [
            play
            for play in playbook.plays
            if play.speaker == speaker
            and answers_words(play)
            and fits(play.when, signals=signals, anger=anger, situation=situation)
        ]
        policy, facts = playbook.policy.whisper, situation.facts
        heard = audible(fitting, given, policy, now, facts=facts, muted=muted, elsewhere=elsewhere)
        return heard if all(play in heard for play in fitting if play.always) else [*filterfalse(_only_comforts, heard)]

    heard = plays_for(seen, reading.anger)
    if not heard:
        return None
    plays = heard[:MOST_PLAYS]
    pressure = frozenset(each.id for each in playbook.signals if each.pressure)
    told = _Telling(playbook, situation, language, seen, reading.anger)
    calm = _Telling(playbook, situation, language, seen - pressure, 0)
    calmly = plays_for(calm.signals, 0)[:MOST_PLAYS] if reading.anger or seen != calm.signals else plays
    lines = _same_offer(told.lines(plays), calm.lines(calmly), playbook.policy.whisper.lines)
    unsaid = [play for play in heard[MOST_PLAYS:] if not (seen & pressure).isdisjoint(play.when.signals)]
    return _compose(told, plays, lines, sure, speaker, unsaid)


def advise_on(
    playbook: Playbook, fact: str, *, situation: Situation, language: Language, anger: int = 0
) -> Advice | None:
    """What to whisper when a fact has just become true: the lines that can now be said; None when there are none.

    Args:
        anger: How angry the customer was last.
    """
    told = _Telling(playbook, situation, language, frozenset(), anger)
    for play in sorted(playbook.plays, key=lambda play: -play.priority):
        if (
            not answers_words(play)
            and any(fact in line.claims for line in play.lines)
            and fits(play.when, signals=frozenset(), anger=anger, situation=situation)
            and (lines := told.lines([play])[0])
        ):
            return _compose(told, [play], tuple(lines[: playbook.policy.whisper.lines]), (), Role.CUSTOMER)
    return None


def answers_words(play: Play) -> bool:
    """Whether a play answers what was said; another is whispered when a fact has come true that its lines claim."""
    return bool(play.when.signals or play.when.all_signals) or not SAID.isdisjoint(play.when.facts)


def _only_comforts(play: Play) -> bool:
    """Whether a play answers anger alone: it is no answer to a threat whose own play is silent (R39)."""
    return play.when.signals == (ANGER,)


def fits(when: Conditions, *, signals: frozenset[str], anger: int, situation: Situation) -> bool:
    """Whether every stated condition holds."""
    return (
        (not when.signals or not signals.isdisjoint(when.signals))
        and signals.issuperset(when.all_signals)
        and signals.isdisjoint(when.no_signals)
        and when.min_anger <= anger <= when.max_anger
        and situation.facts.issuperset(when.facts)
        and situation.facts.isdisjoint(when.no_facts)
        and (not when.stages or stage_of(situation) in when.stages)
        and all(situation.standing.value(name) in values for name, values in when.case.items())
    )


def may_speak_of(topic: Topic, *, situation: Situation, signals: frozenset[str], anger: int) -> bool:
    """Whether something may be spoken of now.

    Asked for it directly, we answer at once (R01); otherwise it waits for its stage, and what is no concession is kept
    from who is angry (R02) or suffers from our mistake (R13). Price and renewal are a pitch: such a person does not
    hear it even when they ask, and nobody hears it unasked before it is known that the mistake is not ours. Nobody who
    threatens is shown a price unasked: it would look like an answer to the threat (R36, R37).

    Args:
        signals: What the message shows that is being answered.
    """
    asked = not signals.isdisjoint(_ASKED_BY[topic])
    if asked and topic not in PITCH:
        return True
    stands = situation.standing
    if topic is not Topic.CONCESSION and (
        anger >= ANGRY or stands.fault_ours == "yes" or not situation.facts.isdisjoint(OUR_MISTAKES)
    ):
        return False
    if topic in PITCH and not asked and stands.fault_ours == "unknown" and stands.decision == "none":
        return False
    if topic is Topic.PRICE and not asked and "threatened" in situation.facts:
        return False
    return asked or has_reached(_TIME_OF[topic], stage_of(situation))


def next_step(advice: Advice, playbook: Playbook, language: Language) -> str:
    """What to do next, told so that whatever it names has its button; empty for a play that is no more."""
    play = next((each for each in playbook.plays if each.id == advice.plays[0]), None)
    words = playbook.words[language].plays.get(advice.plays[0])
    if words is None:
        return ""
    if play and words.otherwise and not set(play.next) <= set(advice.actions):
        return words.otherwise
    return words.next_step


@dataclass(frozen=True)
class _Telling:
    """What of a play's words can be said in one case, to one message."""

    playbook: Playbook
    situation: Situation
    language: Language
    signals: frozenset[str]
    anger: int

    def lines(self, plays: Iterable[Play]) -> list[list[OfferedLine]]:
        """The lines that hold and whose time has come, play by play."""
        values = self._values()
        return [
            [
                OfferedLine(
                    lang=self.language,
                    text=self._text(play, line).format_map(values),
                    claims=line.claims,
                    speaks_of=line.speaks_of,
                )
                for line in play.lines
                if self._in_time(play, line) and not self._missing(play, line)
            ]
            for play in plays
        ]

    def withheld(self, plays: Iterable[Play]) -> list[WithheldLine]:
        """The lines whose time has come, but which would not be true."""
        values = defaultdict(lambda: "…", self._values())
        return [
            WithheldLine(text=self._text(play, line).format_map(values), missing=missing)
            for play in plays
            for line in play.lines
            if self._in_time(play, line) and (missing := self._missing(play, line))
        ]

    def awaited(self, actions: Iterable[Action | None], named: set[str]) -> list[WithheldLine]:
        """What can be said once somebody else was asked, where the case calls for it (R19, R24).

        Args:
            named: The facts that another line already waits for.
        """
        missing = {
            fact.id
            for fact in self.playbook.facts
            if fact.made_true_by in ASKED_OF_OTHERS.intersection(actions)
            and fact.id not in self.situation.facts | named
        }
        values = defaultdict(lambda: "…", self._values())
        return [
            WithheldLine(text=self._text(play, play.lines[0]).format_map(values), missing=play.lines[0].claims)
            for play in self.playbook.plays
            if not answers_words(play) and play.lines and set(play.lines[0].claims) <= missing and play.lines[0].claims
        ]

    def _values(self) -> dict[str, str]:
        return {name: spelt(value, self.language) for name, value in self.situation.values.items()}

    def _text(self, play: Play, line: LineDefinition) -> str:
        return self.playbook.words[self.language].plays[play.id].lines[line.id]

    def _missing(self, play: Play, line: LineDefinition) -> tuple[str, ...]:
        facts = [fact for fact in line.claims if fact not in self.situation.facts]
        values = [name for name in placeholders(self._text(play, line)) if name not in self.situation.values]
        return (*facts, *values)

    def _in_time(self, play: Play, line: LineDefinition) -> bool:
        return (
            has_reached(play.stage, stage_of(self.situation))
            and self.situation.facts.isdisjoint(line.unless)
            and all(
                may_speak_of(topic, situation=self.situation, signals=self.signals, anger=self.anger)
                for topic in line.speaks_of
            )
        )


def _compose(
    told: _Telling,
    plays: Sequence[Play],
    lines: tuple[OfferedLine, ...],
    signals: tuple[Signal, ...],
    speaker: Role,
    unsaid: Sequence[Play] = (),
) -> Advice:
    """Put the advice together.

    Args:
        unsaid: What heat or threats call for beyond the plays that are shown: who comes in is told all the same (R36).
    """
    situation = told.situation
    row = decide(told.playbook, situation.standing)
    may_ask = may_ask_exception(row, situation)
    from_customer = speaker is Role.CUSTOMER
    rows = (row, *beside(told.playbook, situation.standing)) if from_customer else ()
    answered = {name for play in plays for name in (*play.when.signals, *play.when.all_signals)}
    sources: list[Play | DecisionRow] = [*plays, *rows]
    comes_in = [each for each in (*sources, *unsaid) if not (each is row and is_recorded(row, situation.promised))]
    if not from_customer and not REFUSALS.isdisjoint(answered):
        comes_in.append(row)
    routes = dict.fromkeys(route for source in comes_in for route in source.routes)
    asking = [each for each in (row.action for row in rows) if may_ask or each is not Action.ASK_EXCEPTION]
    withheld = told.withheld(plays)
    withheld += told.awaited(asking, {fact for line in withheld for fact in line.missing})
    rules = dict.fromkeys(rule for source in sources for rule in source.rules)
    return Advice(
        signals=tuple(each for each in signals if each.id in answered),
        anger=told.anger,
        plays=tuple(play.id for play in plays),
        rules=tuple(rules),
        stage=stage_of(situation),
        row=row.id if from_customer else None,
        beside=tuple(each.id for each in rows[1:]),
        lines=lines,
        withheld=tuple(withheld),
        routes=tuple(routes),
        action=Action.ASK_EXCEPTION if from_customer and may_ask else None,
        actions=_actions(told, plays[0], withheld, row, rows),
        facts=tuple(sorted(situation.facts)),
        playbook_version=told.playbook.version,
        granted=situation.granted if any(TELLS_OF_THE_YES in line.claims for line in lines) else None,
        promised=situation.promised
        if any(TELLS_OF_THE_PROMISE in line.claims for line in lines) or (from_customer and keeps_promise(row))
        else None,
    )


def _actions(
    told: _Telling,
    play: Play,
    withheld: Sequence[WithheldLine],
    row: DecisionRow,
    rows: Sequence[DecisionRow],
) -> tuple[Action, ...]:
    """What the next step names, then what this message wants, then the case; nothing that would be refused.

    Whether an exception can be asked for is the case's to say.

    Args:
        play: The one whose next step is told.
        row: The row that decides.
        rows: The rows that are told: none when it is about the agent's own words.
    """
    makes = {fact.id: fact.made_true_by for fact in told.playbook.facts if fact.made_true_by}
    done = {action for action in makes.values() if _is_done(action, makes, told.situation.facts)}
    wanted: list[Action] = [*play.next, *(makes[fact] for line in withheld for fact in line.missing if fact in makes)]
    wanted += [each.action for each in rows if each.action and each.action not in done]
    may_ask = may_do(Action.ASK_EXCEPTION, row, told.situation)
    if may_ask and rows:
        wanted.append(Action.ASK_EXCEPTION)
    actions = [each for each in dict.fromkeys(wanted) if may_do(each, row, told.situation)]
    if Action.ASK_EXCEPTION in actions[MOST_ACTIONS:]:
        return (*actions[: MOST_ACTIONS - 1], Action.ASK_EXCEPTION)
    return tuple(actions[:MOST_ACTIONS])


def _is_done(action: Action, makes: Mapping[str, Action], facts: frozenset[str]) -> bool:
    return all(fact in facts for fact, made_by in makes.items() if made_by is action)


def _same_offer(
    said: Sequence[Sequence[OfferedLine]], calmly: Sequence[Sequence[OfferedLine]], most: int
) -> tuple[OfferedLine, ...]:
    """The lines to say, with exactly those on concessions that a calm customer would hear (R34, R36).

    Args:
        said: The lines of each play for the message as it is.
        calmly: The same for the message without its heat and its threats.
    """
    if said == calmly:
        return _shared_out(said, most)
    conceded = [line for line in _shared_out(calmly, most) if Topic.CONCESSION in line.speaks_of]
    others = [[line for line in lines if Topic.CONCESSION not in line.speaks_of] for lines in said]
    return (*_shared_out(others, most - len(conceded)), *conceded)


def _shared_out(offered: Sequence[Sequence[OfferedLine]], most: int) -> tuple[OfferedLine, ...]:
    """At most so many lines: the first play's, but one of the second's when it has any."""
    first, second = [*offered, (), ()][:2]
    kept = first[: max(most - 1, min(most, 1))] if second else first[:most]
    return (*kept, *second[: most - len(kept)])


def spelt(value: str | date, language: Language) -> str:
    """A placeholder's value as people write it: words as they are, a day in full."""
    if isinstance(value, str):
        return value
    if language == "zh-TW":
        return f"{value.year} 年 {value.month} 月 {value.day} 日"
    return format_date(value, "long", locale="en_GB" if language == "en" else "zh_Hans_CN")


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces in a line."""
    return tuple(name for _, name, _, _ in Formatter().parse(text) if name)

"""Replaying conversations: what the coach would have whispered, message by message, decided as in Slack.

Nothing is kept but what each conversation has come to, and only for the conversations heard most lately, so that a
million messages need no more memory than ten thousand.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bot import case as case_rules
from bot.advice import Advice, Situation
from bot.case import Course, Heard
from bot.coaching import advise, advise_on
from bot.entitlement import Entitlement
from bot.errors import UserError
from bot.language import language_of_text
from bot.message import Role
from bot.playbook import Language, Playbook
from bot.quiet import DAY, Given
from bot.signals import Detector, Reading, Thread

MOST_CONVERSATIONS = 5_000
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""When something can have been said; days around it can be counted in every time zone."""
_STANDS_FOR: Mapping[str, tuple[str, str]] = {
    "covered": ("entitlement", "covered"),
    "partly_covered": ("entitlement", "partly"),
    "expired": ("entitlement", "expired"),
    "earlier_exception": ("history", "used"),
    "exception_approved": ("decision", "granted"),
    "exception_declined": ("decision", "declined"),
    "promise_being_checked": ("claim", "pending"),
    "promise_confirmed": ("claim", "confirmed"),
    "promise_not_confirmed": ("claim", "not_confirmed"),
}
"""Facts that place a case in the decision table as well."""
_UNDECIDED: Mapping[str, str] = {"entitlement": "unknown", "history": "clear", "decision": "none", "claim": "none"}


class Line(BaseModel):
    """One message of a conversation to replay; what else a line holds is not looked at.

    Attributes:
        ts: When it was said.
        thread: Which conversation it belongs to.
        customer: Name or id of the customer, where it is known.
        facts: What has become known by now, as if somebody had recorded it: dimensions of the decision table with one
            of their values, or facts of the playbook with true or false.
    """

    model_config = ConfigDict(frozen=True)

    ts: Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST)]
    thread: str | int
    speaker: str
    role: Literal[Role.CUSTOMER, Role.AGENT, Role.SUPERVISOR, Role.SALES]
    text: str
    customer: str | None = None
    facts: Mapping[str, Any] = {}


class Known(BaseModel):
    """What the directory knows of a customer on the day of a message.

    Attributes:
        values: What a line's placeholders stand for.
    """

    model_config = ConfigDict(frozen=True)

    entitlement: Entitlement = Entitlement.UNKNOWN
    prices_on_file: bool = False
    values: Mapping[str, str | date] = {}


LookUp = Callable[[str, datetime], Known]
"""What is known of the customer of that name or id at that moment."""


@dataclass(frozen=True)
class Told:
    """What would have happened at one message.

    Attributes:
        to: Who would have read the advice; None when nobody of ours had spoken yet and it was for those on duty.
    """

    line: Line
    reading: Reading
    advice: Advice | None
    to: str | None


@dataclass
class _Conversation:
    """What one conversation has come to."""

    thread: Thread = field(default_factory=Thread)
    course: Course = field(default_factory=Course)
    recorded: dict[str, str] = field(default_factory=dict)
    given: dict[str | None, deque[Given]] = field(default_factory=dict)
    customer: str | None = None
    customer_text: str = ""
    agent: str | None = None


class Replay:
    """The coach, listening to conversations of the past."""

    def __init__(
        self,
        playbook: Playbook,
        detector: Detector,
        look_up: LookUp = lambda _name, _at: Known(),
        language: Language = "zh-TW",
        most_conversations: int = MOST_CONVERSATIONS,
    ) -> None:
        """Begin.

        Args:
            look_up: What is on file about a customer.
            language: Of the lines while nobody has written a word in any language.
            most_conversations: How many are remembered; one beyond them is begun anew when it goes on.
        """
        self._playbook = playbook
        self._detector = detector
        self._look_up = look_up
        self._language = language
        self._most = most_conversations
        self._conversations: OrderedDict[str | int, _Conversation] = OrderedDict()

    def hear(self, line: Line) -> Told:
        """Hear the next message.

        Raises:
            UserError: when a fact is none of the playbook's.
        """
        talk = self._conversations.pop(line.thread, None) or _Conversation()
        self._conversations[line.thread] = talk
        if len(self._conversations) > self._most:
            self._conversations.popitem(last=False)
        came_true = self._record(talk, line.facts)
        talk.customer = line.customer or talk.customer
        reading = self._detector.read(line.role, line.text, talk.thread)
        talk.thread = reading.thread or talk.thread
        talk.course = talk.course.after(Heard(role=line.role, signals=reading.ids))
        if line.role is Role.CUSTOMER:
            talk.customer_text = line.text
        elif line.role is Role.AGENT:
            talk.agent = line.speaker
        advice = self._advise(talk, line, reading, came_true)
        if advice:
            given = talk.given.setdefault(talk.agent, deque())
            given.append(Given(plays=advice.plays, at=line.ts, facts=frozenset(advice.facts)))
            while given[0].at <= line.ts - DAY:
                given.popleft()
        return Told(line, reading, advice, talk.agent if advice else None)

    def _record(self, talk: _Conversation, facts: Mapping[str, Any]) -> list[str]:
        """Write facts down; the ones that have come true by it."""
        came_true = []
        for name, value in facts.items():
            recorded = _recorded(self._playbook, name, value)
            if recorded == "yes" and talk.recorded.get(name) != "yes":
                came_true.append(name)
            talk.recorded[name] = recorded
            if name in _STANDS_FOR:
                dimension, stands = _STANDS_FOR[name]
                if recorded == "yes":
                    talk.recorded[dimension] = stands
                elif talk.recorded.get(dimension) == stands:
                    talk.recorded[dimension] = _UNDECIDED[dimension]
            came_true += [
                fact
                for fact, (dimension, stands) in _STANDS_FOR.items()
                if dimension == name and stands == recorded and talk.recorded.pop(fact, "") != "yes"
            ]
        if talk.recorded.get("decision", "none") != "none":
            talk.recorded.pop("exception_requested", None)
        return came_true

    def _advise(self, talk: _Conversation, line: Line, reading: Reading, came_true: list[str]) -> Advice | None:
        if line.role not in {Role.CUSTOMER, Role.AGENT}:
            return None
        language = language_of_text(talk.customer_text or line.text, self._language)
        situation = self._situation(talk, line.ts)
        advice = advise(
            self._playbook,
            reading=reading,
            speaker=line.role,
            situation=situation,
            given=tuple(talk.given.get(talk.agent, ())),
            language=language,
            now=line.ts,
        )
        if advice is None and line.role is Role.CUSTOMER:
            of_facts = (
                advise_on(self._playbook, fact, situation=situation, language=language, anger=reading.anger)
                for fact in came_true
            )
            advice = next((each for each in of_facts if each), None)
        return advice

    def _situation(self, talk: _Conversation, at: datetime) -> Situation:
        known = self._look_up(talk.customer, at) if talk.customer else Known()
        stands = case_rules.standing(
            entitlement=known.entitlement,
            promised=talk.course.promised,
            exceptions=(),
            recorded=talk.recorded,
            history_used=False,
            bands=self._playbook.policy.cost,
        )
        facts = case_rules.facts_held(
            stands,
            talk.recorded,
            understood=talk.course.replied and talk.thread.received,
            requested=False,
            sales_told=False,
            prices_on_file=known.prices_on_file,
            slighted=talk.course.slighted,
            overpromised=talk.course.overpromised,
            threatened=talk.course.threatened,
        )
        return Situation(
            standing=stands,
            stage=case_rules.stage_reached(talk.course, stands, facts),
            facts=facts,
            values=known.values,
            asked=stands.decision != "none" or "exception_requested" in facts,
        )


def _recorded(playbook: Playbook, name: str, value: object) -> str:
    """A fact's value as it would have been recorded."""
    if name in playbook.dimensions:
        spelt = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        if spelt in playbook.dimensions[name]:
            return str(spelt)
        if name == "cost" and (amount := _amount(value)) is not None:
            return str(amount)
        known = ", ".join(playbook.dimensions[name])
        raise UserError(f'The fact "{name}" is one of {known}, not {value!r}.', "Correct it and replay again.")
    facts = [fact.id for fact in playbook.facts]
    if name not in facts:
        known = ", ".join([*playbook.dimensions, *facts])
        raise UserError(f'There is no fact "{name}".', f"Known are: {known}.")
    if value in (True, "yes", "true"):
        return "yes"
    if value in (False, None, "no", "false"):
        return "no"
    raise UserError(f'The fact "{name}" is true or false, not {value!r}.', "Correct it and replay again.")


def _amount(value: object) -> Decimal | None:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


@dataclass
class Summary:
    """What a replay came to."""

    messages: int = 0
    whispers: int = 0
    signals: Counter[str] = field(default_factory=Counter)
    plays: Counter[str] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    withheld: int = 0
    different: int = 0

    def count(self, told: Told) -> None:
        """Take in one message."""
        self.messages += 1
        self.signals.update(told.reading.ids)
        if told.advice:
            self.whispers += 1
            self.plays.update(told.advice.plays)
            self.routes.update(told.advice.routes)
            self.withheld += len(told.advice.withheld)


def as_json(number: int, told: Told) -> dict[str, Any]:
    """One message's answer, as `aside replay --json` writes it."""
    return {
        "line": number,
        "signals": [{"id": each.id, "score": round(each.score, 3)} for each in told.reading.signals],
        "anger": told.reading.anger,
        "advice": advice_as_json(told),
    }


def advice_as_json(told: Told) -> dict[str, Any] | None:
    """The advice of one message; None for silence."""
    advice = told.advice
    if advice is None:
        return None
    return {
        "plays": list(advice.plays),
        "rules": list(advice.rules),
        "stage": advice.stage.value,
        "lines": [{"lang": line.lang, "text": line.text, "claims": list(line.claims)} for line in advice.lines],
        "routes": [route.value for route in advice.routes],
        "withheld": [{"text": line.text, "missing": list(line.missing)} for line in advice.withheld],
        "to": told.to,
    }


def differs(one: Told, other: Told) -> bool:
    """Whether two playbooks would have said different things at one message."""
    return advice_as_json(one) != advice_as_json(other)

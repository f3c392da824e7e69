"""Advice 建議: what an agent is shown, and what the coach knows of the case when it gives any."""

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from bot.case import Standing
from bot.claims import ClaimCheck
from bot.grants import Granted
from bot.playbook import Action, Language, Route, Stage, Topic
from bot.promises import Scope
from bot.signals import Signal


class Part(BaseModel):
    """A piece of advice is stored as it was given and never changed."""

    model_config = ConfigDict(frozen=True)


class OfferedLine(Part):
    """A line that is true for this case now."""

    lang: Language
    text: str
    claims: tuple[str, ...] = ()
    speaks_of: tuple[Topic, ...] = ()


class WithheldLine(Part):
    """A line that would not be true yet, and the facts that are missing."""

    text: str
    missing: tuple[str, ...]


class Advice(Part):
    """What an agent is shown (建議), and everything it came from.

    Attributes:
        row: Id of the row of the decision table; None when the advice is about the agent's own words. What the
            customer may hear about it stands in the row's words.
        beside: Ids of the rows that hold beside it: the part of the case that is served anyhow.
        action: `ASK_EXCEPTION` when asking for an exception makes sense here.
        actions: What the agent can do about it, most useful first: what would make the lines true that were withheld,
            and what the row calls for.
        facts: The facts the case held.
        checks: What the record says to the customer's claims.
        granted: What a yes allows, when a line tells of it: whoever says that line has its bounds in sight.
        promised: What was promised, as a supervisor recorded it, when a line tells of it or the row keeps it: likewise.
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
    beside: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    checks: tuple[ClaimCheck, ...] = ()
    granted: Granted | None = None
    promised: Scope | None = None


class StoredAdvice(Part):
    """Advice with whom it was given to, and about which message.

    Attributes:
        while_paused: It was kept for their Home, since they had paused; it was not whispered.
    """

    id: str
    case_id: str
    channel: str
    message_ts: str
    person: str
    given_at: datetime
    advice: Advice
    while_paused: bool = False


class Situation(Part):
    """What the coach knows of the case.

    Attributes:
        values: What a line's placeholders stand for; a day is told as people write it.
        asked: Whether an exception has been asked for in this case, and the request was not withdrawn and did not run
            out.
        granted: What was granted in it.
        promised: What was promised, once a supervisor recorded it.
    """

    standing: Standing
    stage: Stage
    facts: frozenset[str]
    values: Mapping[str, str | date] = {}
    asked: bool = False
    granted: Granted | None = None
    promised: Scope | None = None

"""The playbook: what the coach knows, as data a support manager can change.

Structure (ids, rules, conditions, claims) stands once; words stand once a language:

    playbooks/signals.yaml          what a message can show
    playbooks/facts.yaml            what a case can know, and what would make it true
    playbooks/plays.yaml            what to do about a signal, and which lines there are
    playbooks/decisions.yaml        the decision table, first match wins
    playbooks/policy.yaml           limits, approvers, windows, budgets
    playbooks/claims.yaml           what a draft can say that has to be true first, and what makes it true
    playbooks/rules.yaml            the rules of the trade, and where each one works
    playbooks/<language>/signals.yaml    name, meaning, patterns, vetoes, examples of each signal
    playbooks/<language>/neutral.yaml    messages that show nothing, a list a role
    playbooks/<language>/plays.yaml      title, meaning, next step, what to avoid, the lines
    playbooks/<language>/decisions.yaml  what each route means, told to the agent
    playbooks/<language>/rules.yaml      each rule in our own words; "why" quotes them
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, model_validator

from bot.message import Role
from bot.policy import Part, Policy

Language = Literal["zh-TW", "zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-TW", "zh-CN", "en")
Speaker = Literal[Role.CUSTOMER, Role.AGENT]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
LISTS: Mapping[str, int | None] = {"examples": None, "calm": 0, "annoyed": 1, "angry": 2, "furious": 3}
"""The lists of a signal's examples, and how angry what stands in them is; None as the signal's messages usually are."""
Rule = Annotated[str, Field(pattern=r"^R(0[1-9]|[1-4][0-9]|50)$")]


class Stage(StrEnum):
    """Where a case stands; what belongs to a later stage is not said earlier (R01, R03)."""

    RECEIVE = "receive"
    CONFIRM = "confirm"
    ASSESS = "assess"
    TELL = "tell"
    DECIDE = "decide"
    COMMIT = "commit"
    FOLLOW_UP = "follow_up"


class Route(StrEnum):
    """Who comes in."""

    SUPERVISOR = "supervisor"
    SALES = "sales"
    TAKEOVER = "takeover"
    LEGAL = "legal"
    ENGINEER = "engineer"
    PEER = "peer"


class Action(StrEnum):
    """What an agent can do from a suggestion; each makes facts true."""

    ASK_EXCEPTION = "ask_exception"
    ASK_SALES = "ask_sales"
    ASSIGN_ENGINEER = "assign_engineer"
    ASSESS = "assess"
    COMMIT = "commit"
    ASK_TAKEOVER = "ask_takeover"
    NEW_FACTS = "new_facts"


REFUSABLE = frozenset({Action.ASK_EXCEPTION, Action.ASK_SALES, Action.ASK_TAKEOVER})
"""What is not possible in every case: asked before, answered, or not where this case leads."""


class Topic(StrEnum):
    """What a line may speak of only when its time has come (R01, R02, R17); see `bot.coaching.may_speak_of`."""

    EXPIRY = "expiry"
    PRICE = "price"
    RENEWAL = "renewal"
    CONCESSION = "concession"


PITCH = frozenset({Topic.PRICE, Topic.RENEWAL})
"""What sells; never said to who is angry or suffers from our mistake."""


class Place(StrEnum):
    """Where a rule works."""

    PLAY = "play"
    REPORT = "report"
    EXCLUSION = "exclusion"


class RuleDefinition(Part):
    """A rule of the trade.

    Attributes:
        works_in: As a play or a row of the decision table, as a line of the report, or, for a reason told in
            `notes`, nowhere.
    """

    id: Rule
    works_in: tuple[Place, ...] = Field(min_length=1)


class RuleWords(Part):
    """The rules in one language.

    Attributes:
        rules: Each rule in one or two sentences.
        notes: What has to be said about where it works: which line of the report, or why it is excluded.
    """

    rules: Mapping[Rule, str] = {}
    notes: Mapping[Rule, str] = {}


class SignalDefinition(Part):
    """Something a message can show.

    Attributes:
        informative: Says what the message is about; no alarm by itself.
        pressure: Heat or a threat: it changes the tone and who is told, never what is on the table (R34, R36).
        temper: How angry messages that show it usually are, 0 calm to 3 furious; anger is learnt from it.
        rules: The rules of the domain page it belongs to.
    """

    id: Id
    speaker: Speaker
    informative: StrictBool = False
    pressure: StrictBool = False
    temper: float = Field(default=0.0, ge=0, le=3)
    rules: tuple[Rule, ...] = ()


class SignalWords(Part):
    """A signal in one language.

    Attributes:
        name: Two to six words for a card.
        meaning: One sentence: what it tells the agent.
        patterns: Regular expressions that are near certain. They are looked for in one sentence at a time,
            whatever its case, script (traditional or simplified) and width.
        vetoes: Regular expressions that take the signal back from the sentence in which they match: negation,
            reported speech, sarcasm.
        examples: What people write; the signal is learnt from these, and from the lists below.
        calm, annoyed, angry, furious: More of what people write, where it is known how angry whoever wrote it is; what
            stands under `examples` is taken to be as angry as messages with the signal usually are.
    """

    name: str
    meaning: str
    patterns: tuple[str, ...] = ()
    vetoes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    calm: tuple[str, ...] = ()
    annoyed: tuple[str, ...] = ()
    angry: tuple[str, ...] = ()
    furious: tuple[str, ...] = ()

    @property
    def all_examples(self) -> tuple[str, ...]:
        """The examples of every list."""
        return tuple(text for name in LISTS for text in getattr(self, name))


class NeutralWords(Part):
    """Messages that show no signal, and look-alikes of signals."""

    customer: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()


class FactDefinition(Part):
    """Something a case can know.

    Attributes:
        made_true_by: The action that would make it true; None when only the world can.
    """

    id: Id
    made_true_by: Action | None = None


class LineDefinition(Part):
    """A line to say 話術.

    Attributes:
        claims: The facts it claims; it is offered only when the case holds them all.
        unless: Once the case holds one of these facts, the line asks or says what is known, and is left out.
        speaks_of: What it speaks of that may be too early to say, or may be a pitch.
    """

    id: Id
    claims: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    speaks_of: tuple[Topic, ...] = ()

    @model_validator(mode="after")
    def _keeps_them_apart(self) -> Self:
        """What is conceded is said whatever the tone, a pitch is not: one line cannot be both."""
        if Topic.CONCESSION in self.speaks_of and not PITCH.isdisjoint(self.speaks_of):
            raise ValueError("a line that speaks of a concession speaks of no price or renewal; make two of it")
        return self


class Conditions(Part):
    """When a play fits. Every stated condition must hold; an empty one always does.

    Attributes:
        signals: Any one of these was seen in the message.
        all_signals: All of these were seen.
        no_signals: None of these was seen.
        min_anger: Anger at least, 0–3.
        max_anger: Anger at most, 0–3.
        case: Dimensions of the decision table, and for each the values that fit.
        facts: The case holds all of these.
        no_facts: The case holds none of these.
        stages: The stages of the case in which the play fits; all when empty.
    """

    signals: tuple[str, ...] = ()
    all_signals: tuple[str, ...] = ()
    no_signals: tuple[str, ...] = ()
    min_anger: int = Field(default=0, ge=0, le=3)
    max_anger: int = Field(default=3, ge=0, le=3)
    case: Mapping[str, tuple[str, ...]] = {}
    facts: tuple[str, ...] = ()
    no_facts: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()


class Play(Part):
    """What to do about a signal (劇本條目).

    Attributes:
        rules: The rules it serves; "why" quotes them.
        speaker: Whose message it answers.
        stage: Where its lines belong; a line is never offered before its stage.
        routes: Who comes in because of the signal itself; the decision table adds its own.
        next: What its next step tells the agent to do; each has its button beside it.
        priority: Higher wins when several plays fit.
        always: It is heard beyond every budget: the agent's own safety, or words that can be taken back only now.
        cooldown_seconds: It is not whispered again in a case before this; the policy's when None.
    """

    id: Id
    rules: tuple[Rule, ...] = Field(min_length=1)
    speaker: Speaker
    when: Conditions
    stage: Stage = Stage.RECEIVE
    routes: tuple[Route, ...] = ()
    next: tuple[Action, ...] = ()
    priority: int = 0
    always: StrictBool = False
    cooldown_seconds: int | None = Field(default=None, ge=0)
    lines: tuple[LineDefinition, ...] = ()


class PlayWords(Part):
    """A play in one language; `lines` by the ids of the play's lines.

    Attributes:
        title: A few words: what is going on.
        meaning: One or two sentences for the agent: what is behind it.
        next_step: One sentence: what to do next.
        otherwise: What to do next while something that the next step names cannot be done: an exception that cannot be
            asked for here, a question that is out already.
        avoid: One sentence: what not to do or say.
        instead: What could stand in a draft in place of the agent's words; claims nothing. Empty where none fits every
            case.
    """

    title: str
    meaning: str
    next_step: str
    otherwise: str = ""
    avoid: str
    instead: str = ""
    lines: Mapping[str, str] = {}


class DecisionRow(Part):
    """One row of the decision table.

    Attributes:
        when: Dimension → values that fit; a dimension not named fits always.
        routes: Who comes in.
        action: What the agent can do now.
        stage: How far the case may go on this row.
    """

    id: Id
    rules: tuple[Rule, ...] = Field(min_length=1)
    when: Mapping[str, tuple[str, ...]] = {}
    routes: tuple[Route, ...] = ()
    action: Action | None = None
    stage: Stage = Stage.DECIDE


class DecisionTable(Part):
    """The decision table as it stands in its file.

    Attributes:
        rows: The first that fits wins.
        beside: What holds beside that row, wherever it fits: the part of a case that is served anyhow.
    """

    dimensions: Mapping[str, tuple[str, ...]]
    rows: tuple[DecisionRow, ...] = Field(min_length=1)
    beside: tuple[DecisionRow, ...] = ()


class DecisionWords(Part):
    """A row of the decision table in one language.

    Attributes:
        route: One sentence to the agent: what happens with this case, and who comes in.
        customer_hears: One sentence: what the customer may hear about it.
    """

    route: str
    customer_hears: str


class ClaimDefinition(Part):
    """Something a draft can say that has to be true first (R32, R33).

    Attributes:
        true_by: Any one of these facts makes it true.
        granted_by: So does an approved exception of one of these kinds.
        action: What the agent can do so that it becomes true.
        from_stage: Before this stage it is not said, true or not (R01).
    """

    id: Id
    true_by: tuple[str, ...] = ()
    granted_by: tuple[Literal["full", "labour_waived", "discount", "extension"], ...] = ()
    action: Action | None = None
    from_stage: Stage | None = None


class ClaimWords(Part):
    """A claim in one language.

    Attributes:
        name: What is claimed, as it stands in "You write that …".
        patterns: Regular expressions by which a sentence is known to claim it.
    """

    name: str
    patterns: tuple[str, ...] = ()


class ClaimsWords(Part):
    """All claims in one language.

    Attributes:
        unsaid: What makes a sentence claim nothing: denied, asked, or made to depend on something.
    """

    claims: Mapping[Id, ClaimWords] = {}
    unsaid: tuple[str, ...] = ()


class Wording(Part):
    """Everything the playbook says in one language."""

    signals: Mapping[str, SignalWords]
    neutral: NeutralWords
    plays: Mapping[str, PlayWords]
    decisions: Mapping[str, DecisionWords]
    rules: Mapping[Rule, str] = {}
    rule_notes: Mapping[Rule, str] = {}
    claims: Mapping[Id, ClaimWords] = {}
    unsaid: tuple[str, ...] = ()


class Playbook(Part):
    """A whole playbook.

    Attributes:
        version: Twelve hexadecimal digits of the hash over all its files; advice is stored with it.
        dimensions: The decision table's dimensions and, for each, every value.
    """

    version: str
    signals: tuple[SignalDefinition, ...]
    facts: tuple[FactDefinition, ...]
    plays: tuple[Play, ...]
    dimensions: Mapping[str, tuple[str, ...]]
    decisions: tuple[DecisionRow, ...]
    beside: tuple[DecisionRow, ...] = ()
    rules: tuple[RuleDefinition, ...] = ()
    claims: tuple[ClaimDefinition, ...] = ()
    policy: Policy
    words: Mapping[Language, Wording]

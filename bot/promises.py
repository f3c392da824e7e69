"""Verification 查證 of what a customer says was promised: not denied, not confirmed, until sales answered (R24).

The account owner is asked, reminded, and passed over for whoever comes next; every answer is taken, also a late one,
and none is written over another. What counts is told by `bot.promise_moves.MOVES`: a yes with evidence binds whatever
anybody else says; a yes from memory, contradicted or not, waits for evidence or for a supervisor who takes their word
(R25).
"""

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.policy import Concession

CHANNEL = ""
"""The sales channel, among those who were asked."""


class VerificationState(StrEnum):
    """The life of a verification.

    `REMEMBERED` is a yes with nothing in writing, `CONTRADICTED` one beside a no: neither is settled. `LAPSED` is a
    promise that was made and is over.
    """

    ASKED = "asked"
    REMEMBERED = "remembered"
    CONTRADICTED = "contradicted"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    LAPSED = "lapsed"


OPEN = frozenset({VerificationState.ASKED, VerificationState.REMEMBERED, VerificationState.CONTRADICTED})
"""Nothing is settled; for the decision table the claim is pending."""
FOR_SUPERVISORS = frozenset({VerificationState.REMEMBERED, VerificationState.CONTRADICTED, VerificationState.CONFIRMED})
"""Somebody said yes: a supervisor records the scope, or questions the evidence."""


class Answer(StrEnum):
    """What sales can say."""

    YES = "yes"
    NO = "no"
    NOT_SURE = "not_sure"


class VerificationMove(StrEnum):
    """What can happen to it; `YES` is one with evidence, `REMEMBER` one without. The last five happen by themselves."""

    YES = "yes"
    REMEMBER = "remember"
    NO = "no"
    NOT_SURE = "not_sure"
    RECORD = "record"
    QUESTION = "question"
    REMIND = "remind"
    MOVE_UP = "move_up"
    GIVE_UP = "give_up"
    PRESS = "press"
    LAPSE = "lapse"


class EvidenceFile(BaseModel):
    """A file that came with an answer; it stays in Slack, and whoever Slack lets see it sees it.

    Attributes:
        id: Slack's.
        link: Where Slack shows it, to those who may.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    link: str


class Given(BaseModel):
    """An answer, as it was given; none is ever changed.

    Attributes:
        evidence: A link to a file or a message, or what is written there; with a no or not sure what they remember.
    """

    model_config = ConfigDict(frozen=True)

    answer: Answer
    by: str
    at: datetime
    evidence: str = ""
    files: tuple[EvidenceFile, ...] = ()

    @property
    def move(self) -> VerificationMove:
        """The move that it makes."""
        if self.answer is Answer.YES and not self.shown:
            return VerificationMove.REMEMBER
        return VerificationMove(self.answer)

    @property
    def shown(self) -> str:
        """What came with it, in one plain text: their words, and each file by its name; empty when nothing did."""
        return "\n".join(each for each in (self.evidence, *(file.name for file in self.files)) if each)


class Scope(BaseModel):
    """What was promised, and no more, in the words of the supervisor who recorded it: a bounded grant (R25).

    Attributes:
        until: The last day on which it holds, by the desk's clock; None when it has no end.
        cap: What keeping it may cost us at most; None when nobody said.
    """

    model_config = ConfigDict(frozen=True)

    concession: Concession
    what: str
    until: date | None = None
    cap: Decimal | None = None
    currency: str = "TWD"
    by: str
    at: datetime


class Verification(BaseModel):
    """A question to sales, as it stands.

    Attributes:
        claimed: The customer's words.
        told: Who got the question, in this order, Slack ids; `CHANNEL` for the sales channel.
        answers: Every answer, in the order in which they came.
        round: How often a supervisor questioned the evidence; what was said before does not count any more.
        round_told: How many had got the question when this round began.
        round_answers: How many answers there were then.
        question: What the supervisor asked then, why the evidence does not do.
        due_at: When the next thing happens by itself; None when nothing does.
        moves: How many moves were made, so that two at once are told apart.
    """

    model_config = ConfigDict(frozen=True)

    workspace: str
    id: str
    case_id: str
    customer_id: str | None
    claimed: str
    state: VerificationState = VerificationState.ASKED
    asked_by: str
    asked_at: datetime
    told: tuple[str, ...] = ()
    answers: tuple[Given, ...] = ()
    round: int = 0
    round_told: int = 0
    round_answers: int = 0
    question: str = ""
    questioned_by: str | None = None
    scope: Scope | None = None
    due_at: datetime | None = None
    due_move: VerificationMove | None = None
    moves: int = 0

    @property
    def asked(self) -> str | None:
        """Who has the question now; None when it is with the sales channel, or with nobody yet."""
        return (self.told[-1] or None) if self.told else None

    @property
    def counting(self) -> tuple[Given, ...]:
        """The answers that count: those since the evidence was questioned last."""
        return self.answers[self.round_answers :]

    @property
    def standing(self) -> Given | None:
        """The one answer that says how it stands; None while there is none, or where answers contradict each other."""
        move = {
            VerificationState.CONFIRMED: VerificationMove.YES,
            VerificationState.LAPSED: VerificationMove.YES,
            VerificationState.REMEMBERED: VerificationMove.REMEMBER,
            VerificationState.NOT_CONFIRMED: VerificationMove.NO,
            VerificationState.ASKED: VerificationMove.NOT_SURE,
        }.get(self.state)
        said = [each for each in self.counting if each.move is move]
        if not said and self.scope:  # a supervisor took their word
            said = [each for each in self.counting if each.answer is Answer.YES]
        return said[0] if said else None

    @property
    def otherwise(self) -> tuple[Given, ...]:
        """The answers that are shown beside the one that stands, since they say something else; not sure says nothing.

        Where nothing stands, all that say yes or no: side by side.
        """
        plain = [each for each in self.counting if each.answer is not Answer.NOT_SURE]
        if self.standing is None:
            return tuple(plain)
        return tuple(each for each in plain if each.answer is not self.standing.answer)

    @property
    def changed_answer(self) -> Given | None:
        """The last answer of whoever said both yes and no themselves, nobody else either; None where others differ."""
        if self.state is not VerificationState.CONTRADICTED:
            return None
        plain = self.otherwise
        return plain[-1] if len({each.by for each in plain}) == 1 else None


class EvidenceKind(StrEnum):
    """What somebody gave as evidence."""

    FILE = "file"
    LINK = "link"
    WORDS = "words"


_FILE = re.compile(
    r"https?://\S+/files(-pri)?/\S+|https?://\S+\.(pdf|docx?|xlsx?|pptx?|png|jpe?g|eml|msg)\b", re.IGNORECASE
)
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)


def kind_of(evidence: str) -> EvidenceKind:
    """Whether it is a link to a file, another link, or words."""
    if _FILE.search(evidence):
        return EvidenceKind.FILE
    return EvidenceKind.LINK if _LINK.search(evidence) else EvidenceKind.WORDS


def claim_value(state: VerificationState) -> str:
    """Where it puts the case in the decision table; what was promised and is over is no claim any more."""
    match state:
        case VerificationState.CONFIRMED:
            return "confirmed"
        case VerificationState.NOT_CONFIRMED:
            return "not_confirmed"
        case VerificationState.LAPSED:
            return "none"
        case _:
            return "pending"

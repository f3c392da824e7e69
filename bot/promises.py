"""Verification 查證 of what a customer says was promised: not denied, not confirmed, until sales answered (R24)."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.message import Role


class VerificationState(StrEnum):
    """The life of a verification; who is not sure leaves it asked."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"


class Answer(StrEnum):
    """What sales can say."""

    YES = "yes"
    NO = "no"
    NOT_SURE = "not_sure"


MOVES: dict[tuple[VerificationState, Answer], VerificationState] = {
    (VerificationState.ASKED, Answer.YES): VerificationState.CONFIRMED,
    (VerificationState.ASKED, Answer.NO): VerificationState.NOT_CONFIRMED,
    (VerificationState.ASKED, Answer.NOT_SURE): VerificationState.ASKED,
}


class Verification(BaseModel):
    """A question to sales, as it stands.

    Attributes:
        claimed: The customer's words.
        asked: Slack id of the account owner or their successor; None when the sales channel was asked.
        evidence: What is in writing, or what they remember, in the words of whoever answered.
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
    asked: str | None
    answered_by: str | None = None
    answered_at: datetime | None = None
    evidence: str = ""


class LaterAnswer(BaseModel):
    """An answer that came after the first yes or no and was not taken."""

    model_config = ConfigDict(frozen=True)

    answer: Answer
    by: str
    at: datetime
    evidence: str = ""


class AnswerRefusal(StrEnum):
    """Why an answer is not taken."""

    NOT_ASKED = "not_asked"
    OWN_QUESTION = "own_question"
    ALREADY_ANSWERED = "already_answered"


def refusal(verification: Verification, answer: Answer, *, actor: str, role: Role) -> AnswerRefusal | None:
    """Why this person may not answer this; None when they may (*Who clicked decides*).

    Whoever was asked may, and so may the rest of sales and the supervisors, but nobody answers their own question.
    The first answer stands: one that contradicts it is refused, never written over it.
    """
    if actor != verification.asked:
        if role not in {Role.SALES, Role.SUPERVISOR}:
            return AnswerRefusal.NOT_ASKED
        if actor == verification.asked_by:
            return AnswerRefusal.OWN_QUESTION
    return None if (verification.state, answer) in MOVES else AnswerRefusal.ALREADY_ANSWERED


def contradicting(verification: Verification, later: Iterable[LaterAnswer]) -> list[LaterAnswer]:
    """The later answers that say the opposite of the one that stands; who is not sure contradicts nobody."""
    opposite = {VerificationState.CONFIRMED: Answer.NO, VerificationState.NOT_CONFIRMED: Answer.YES}
    return [each for each in later if each.answer is opposite.get(verification.state)]


def answered(verification: Verification, answer: Answer, *, actor: str, evidence: str, now: datetime) -> Verification:
    """The verification after an answer that was not refused."""
    return verification.model_copy(
        update={
            "state": MOVES[verification.state, answer],
            "answered_by": actor,
            "answered_at": now,
            "evidence": evidence.strip(),
        }
    )

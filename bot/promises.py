"""Verification 查證 of what a customer says was promised: not denied, not confirmed, until sales answered (R24).

The account owner is asked, reminded, and passed over for whoever comes next; every answer is taken, also a late one,
and none is written over another. What counts is told by `MOVES`: a yes with evidence binds whatever anybody else
says; a yes from memory, contradicted or not, waits for evidence or for a supervisor who takes their word (R25).
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.authority import Authority
from bot.message import Role
from bot.policy import Concession, HoursPolicy, VerificationPolicy
from bot.working_hours import after as working_time_after
from bot.working_hours import desk_day, end_of

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


ANSWERS = frozenset({VerificationMove.YES, VerificationMove.REMEMBER, VerificationMove.NO, VerificationMove.NOT_SURE})
BY_ITSELF = frozenset(
    {
        VerificationMove.REMIND,
        VerificationMove.MOVE_UP,
        VerificationMove.GIVE_UP,
        VerificationMove.PRESS,
        VerificationMove.LAPSE,
    }
)


def _moves() -> dict[tuple[VerificationState, VerificationMove], VerificationState]:
    state, move = VerificationState, VerificationMove
    stays = {start: dict.fromkeys(sorted(ANSWERS), start) for start in state}
    proven = {move.YES: state.CONFIRMED}
    scoped = {move.RECORD: state.CONFIRMED, move.QUESTION: state.ASKED}
    by_state = {
        state.ASKED: stays[state.ASKED]
        | proven
        | {move.REMEMBER: state.REMEMBERED, move.NO: state.NOT_CONFIRMED}
        | dict.fromkeys((move.REMIND, move.MOVE_UP, move.GIVE_UP), state.ASKED),
        state.REMEMBERED: stays[state.REMEMBERED]
        | proven
        | {move.NO: state.CONTRADICTED, move.PRESS: state.REMEMBERED}
        | scoped,
        state.CONTRADICTED: stays[state.CONTRADICTED] | proven | {move.PRESS: state.CONTRADICTED} | scoped,
        state.NOT_CONFIRMED: stays[state.NOT_CONFIRMED] | proven | {move.REMEMBER: state.CONTRADICTED},
        state.CONFIRMED: stays[state.CONFIRMED] | {move.PRESS: state.CONFIRMED, move.LAPSE: state.LAPSED} | scoped,
        state.LAPSED: stays[state.LAPSED],
    }
    return {(start, each): end for start, moves in by_state.items() for each, end in moves.items()}


MOVES = _moves()
"""From which state which move leads where; what is not here cannot happen.

In whatever order the same answers come, they lead to the same state.
"""


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

    @property
    def move(self) -> VerificationMove:
        """The move that it makes."""
        if self.answer is Answer.YES and not self.evidence:
            return VerificationMove.REMEMBER
        return VerificationMove(self.answer)


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


# --- whom


def whom_next(verification: Verification, candidates: Iterable[str]) -> str | None:
    """Who is asked next: the first who was not asked in this round; nobody their own question. None when none is left.

    Args:
        candidates: Who can be asked now, in order, `CHANNEL` among them; nobody who has left.
    """
    been = {*verification.told[verification.round_told :], verification.asked_by}
    return next((each for each in candidates if each not in been), None)


def knows_of_it(verification: Verification) -> tuple[str, ...]:
    """Who said yes: whoever knows of the evidence is asked first when it is questioned."""
    return tuple(dict.fromkeys(each.by for each in verification.answers if each.answer is Answer.YES))


# --- answers


class AnswerRefusal(StrEnum):
    """Why an answer is not taken."""

    NOT_ASKED = "not_asked"
    OWN_QUESTION = "own_question"
    SAID_ALREADY = "said_already"


def refusal(verification: Verification, said: Given, *, role: Role) -> AnswerRefusal | None:
    """Why this person may not answer this; None when they may (*Who clicked decides*).

    Whoever was asked may, and so may the rest of sales and the supervisors, but nobody answers their own question. It
    is never too late: what comes after others were asked, or after it was settled, is taken and shown.
    """
    if said.by == verification.asked_by:
        allowed = said.by in verification.told or role in {Role.SALES, Role.SUPERVISOR}
        return AnswerRefusal.OWN_QUESTION if allowed else AnswerRefusal.NOT_ASKED
    if said.by not in verification.told and role not in {Role.SALES, Role.SUPERVISOR}:
        return AnswerRefusal.NOT_ASKED
    own = [each for each in verification.counting if each.by == said.by]
    if own and (own[-1].answer, own[-1].evidence) == (said.answer, said.evidence):
        return AnswerRefusal.SAID_ALREADY
    return None


# --- the supervisor


class Decider(BaseModel):
    """Whoever clicks on the supervisors' card, as they stand at that moment.

    Attributes:
        held: The authorities they hold now; empty for whoever decides nothing.
        took_part: They have talked to the customer in this case, or taken it over (R30).
    """

    model_config = ConfigDict(frozen=True)

    user: str
    held: tuple[Authority, ...] = ()
    took_part: bool = False


class ScopeRefusal(StrEnum):
    """Why a supervisor's move is not made."""

    NOT_SUPERVISOR = "not_supervisor"
    OWN = "own"
    TOOK_PART = "took_part"
    RECORDED = "recorded"
    NOT_NOW = "not_now"


def scope_refusal(verification: Verification, wanted: VerificationMove, decider: Decider) -> ScopeRefusal | None:
    """Why this person may not record the scope or question the evidence; None when they may.

    Nobody their own: neither whoever asked, nor whoever answered, nor by standing in for one of them. There is no way
    to decline: what was promised is kept (R25). What is recorded is relied on, so it is not questioned any more.
    """
    own = {verification.asked_by, *(each.by for each in verification.counting)}
    held = [each for each in decider.held if each.deputy_for not in own]
    refusals = (
        (ScopeRefusal.NOT_SUPERVISOR, not decider.held),
        (ScopeRefusal.OWN, decider.user in own or not held),
        (ScopeRefusal.TOOK_PART, decider.took_part),
        (ScopeRefusal.RECORDED, verification.scope is not None),
        (ScopeRefusal.NOT_NOW, (verification.state, wanted) not in MOVES),
    )
    return next((refused for refused, true in refusals if true), None)


# --- what becomes of it


def asked(
    verification: Verification, whom: str, now: datetime, policy: VerificationPolicy, hours: HoursPolicy
) -> Verification:
    """A question put for the first time, with what happens to it next by itself."""
    put = verification.model_copy(update={"told": (whom,)})
    return _with_next(put, verification.state, None, now, policy, hours)


def moved(
    verification: Verification,
    move: VerificationMove,
    *,
    now: datetime,
    policy: VerificationPolicy,
    hours: HoursPolicy,
    said: Given | None = None,
    scope: Scope | None = None,
    whom: str | None = None,
    by: str | None = None,
    question: str = "",
) -> Verification:
    """The verification after a move that was not refused, with what happens to it next by itself.

    Args:
        said: With an answer, the answer.
        scope: With `RECORD`, the scope.
        whom: With `MOVE_UP` and `QUESTION`, who is asked now.
        by: With `QUESTION`, whose it is.

    Raises:
        KeyError: When it cannot make the move from where it stands.
    """
    changed: dict[str, object] = {"state": MOVES[verification.state, move], "moves": verification.moves + 1}
    if said:
        changed["answers"] = (*verification.answers, said)
    if move is VerificationMove.RECORD:
        changed["scope"] = scope
    if move is VerificationMove.QUESTION:
        changed |= {
            "round": verification.round + 1,
            "round_told": len(verification.told),
            "round_answers": len(verification.answers),
            "question": question,
            "questioned_by": by,
        }
    if whom is not None:
        changed["told"] = (*verification.told, whom)
    after = verification.model_copy(update=changed)
    return _with_next(after, verification.state, move, now, policy, hours)


def _with_next(
    after: Verification,
    before: VerificationState,
    last: VerificationMove | None,
    now: datetime,
    policy: VerificationPolicy,
    hours: HoursPolicy,
) -> Verification:
    if _waits_as_before(after, before, last):
        return after
    due = due_next(after, last, now, policy, hours)
    return after.model_copy(update={"due_at": due[0] if due else None, "due_move": due[1] if due else None})


def _waits_as_before(after: Verification, before: VerificationState, last: VerificationMove | None) -> bool:
    """Whether an answer leaves the next time as it is; whoever has the question and is not sure passes it on."""
    if last not in ANSWERS:
        return False
    if after.state is VerificationState.ASKED:
        return after.due_at is None or after.answers[-1].by != after.asked
    both_wait = before in FOR_SUPERVISORS and after.state in FOR_SUPERVISORS
    return after.state is before or both_wait


def due_next(
    verification: Verification,
    last: VerificationMove | None,
    now: datetime,
    policy: VerificationPolicy,
    hours: HoursPolicy,
) -> tuple[datetime, VerificationMove] | None:
    """What happens next by itself, and when, in working time; None when nothing does.

    Args:
        last: The move just made; None for a question just put.
    """
    remind = timedelta(minutes=policy.remind_after_minutes)
    move_up = timedelta(minutes=policy.move_up_after_minutes)
    if verification.scope:
        until = verification.scope.until
        over = verification.state is not VerificationState.CONFIRMED or until is None
        return None if over or until is None else (end_of(until, hours), VerificationMove.LAPSE)
    if verification.state is VerificationState.ASKED:
        match last:
            case VerificationMove.GIVE_UP:
                return None
            case VerificationMove.NOT_SURE:
                return now, VerificationMove.MOVE_UP
            case VerificationMove.REMIND:
                return working_time_after(now, move_up - remind, hours), VerificationMove.MOVE_UP
            case _:
                return working_time_after(now, remind, hours), VerificationMove.REMIND
    if verification.state in FOR_SUPERVISORS and last is not VerificationMove.PRESS:
        wait = timedelta(minutes=policy.record_after_minutes)
        return working_time_after(now, wait, hours), VerificationMove.PRESS
    return None


def by_itself(
    verification: Verification, now: datetime, *, reached: bool, further: Sequence[str]
) -> VerificationMove | None:
    """What happens by itself now; None while nothing does.

    Args:
        reached: Whoever has the question is still here and got it; otherwise nobody is reminded and it moves up.
        further: Who could be asked next.
    """
    if verification.due_at is None or verification.due_at > now:
        return None
    move = verification.due_move
    if move is VerificationMove.REMIND and not reached:
        move = VerificationMove.MOVE_UP
    if move is VerificationMove.MOVE_UP and whom_next(verification, further) is None:
        return VerificationMove.GIVE_UP
    return move


def is_over(scope: Scope, now: datetime, hours: HoursPolicy) -> bool:
    """Whether the last day on which a promise holds has gone by."""
    return scope.until is not None and desk_day(now, hours.timezone) > scope.until

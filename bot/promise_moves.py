"""What can happen to a question to sales, and what does: who is asked, who may answer, what counts, what comes next."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.authority import Authority
from bot.message import Role
from bot.policy import HoursPolicy, VerificationPolicy
from bot.promises import FOR_SUPERVISORS, Answer, Given, Scope, Verification, VerificationMove, VerificationState
from bot.working_hours import after as working_time_after
from bot.working_hours import desk_day, end_of

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
    if own and (own[-1].answer, own[-1].evidence, own[-1].files) == (said.answer, said.evidence, said.files):
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


def claimed_anew(verification: Verification, claimed_at: datetime | None, hours: HoursPolicy) -> bool:
    """Whether the customer said once more that something was promised after what was promised was over.

    Args:
        claimed_at: When the customer said so last; None when they never did.
    """
    scope = verification.scope
    if verification.state is not VerificationState.LAPSED or claimed_at is None or scope is None or scope.until is None:
        return False
    return claimed_at > max(end_of(scope.until, hours), scope.at)


def is_over(scope: Scope, now: datetime, hours: HoursPolicy) -> bool:
    """Whether the last day on which a promise holds has gone by."""
    return scope.until is not None and desk_day(now, hours.timezone) > scope.until

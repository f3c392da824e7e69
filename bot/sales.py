"""Sales walks in: when, who, and what becomes of it (R20, R24, R27, R36, R44).

One opportunity 商機 a case; further reasons join it, and one that is graver is told anew. A threat brings people in and
puts nothing on the table (R36): nothing here looks at anger or threats to say what may be offered.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, model_validator

from bot.authority import members
from bot.customer import CustomerRecord
from bot.policy import HoursPolicy, SalesPolicy
from bot.sales_reasons import is_urgent, tell_at, weight
from bot.setup import Setup
from bot.working_hours import after as working_time_after
from bot.working_hours import days as working_days

CHANNEL = ""
"""The fallback channel, among those who were told."""


class OpportunityState(StrEnum):
    """The life of an opportunity 商機."""

    OPEN = "open"
    ASKED = "asked"
    SNOOZED = "snoozed"
    TAKEN = "taken"
    WON = "won"
    LOST = "lost"


SETTLED = frozenset({OpportunityState.WON, OpportunityState.LOST})


class SalesMove(StrEnum):
    """What can happen to it; from `TELL` on by itself, at a time.

    `LOOK` only sees whether whoever took it is still here.
    """

    TAKE = "take"
    SNOOZE = "snooze"
    HAND_ON = "hand_on"
    WIN = "win"
    LOSE = "lose"
    TELL = "tell"
    TELL_ANEW = "tell_anew"
    WAKE = "wake"
    MOVE_UP = "move_up"
    REMIND = "remind"
    ESCALATE = "escalate"
    LOOK = "look"


TELLS = frozenset({SalesMove.TELL, SalesMove.TELL_ANEW, SalesMove.WAKE, SalesMove.MOVE_UP})
"""With these sales is told why."""
FOLLOWS = (SalesMove.REMIND, SalesMove.ESCALATE, SalesMove.LOOK)
"""With these nobody forgets what somebody took; it stays as it is."""
BY_ITSELF = TELLS | frozenset(FOLLOWS)


def _moves() -> dict[tuple[OpportunityState, SalesMove], OpportunityState]:
    state, move = OpportunityState, SalesMove
    working = {
        move.SNOOZE: state.SNOOZED,
        move.HAND_ON: state.ASKED,
        move.WIN: state.WON,
        move.LOSE: state.LOST,
        move.MOVE_UP: state.ASKED,
    }
    by_state = {
        state.OPEN: {move.TELL: state.ASKED},
        state.ASKED: working | {move.TAKE: state.TAKEN, move.TELL_ANEW: state.ASKED},
        state.SNOOZED: working | {move.TAKE: state.TAKEN, move.TELL_ANEW: state.ASKED, move.WAKE: state.ASKED},
        state.TAKEN: working | {move.TELL_ANEW: state.TAKEN} | dict.fromkeys(FOLLOWS, state.TAKEN),
        state.LOST: {move.TELL_ANEW: state.ASKED},
    }
    return {(start, each): end for start, moves in by_state.items() for each, end in moves.items()}


MOVES = _moves()
"""From which state which move leads where.

What was taken moves up when whoever took it has left, which is seen whenever something is due; what was lost opens
again for an urgent reason alone.
"""


class LostReason(StrEnum):
    """Why a renewal was not sold (R45)."""

    PRICE = "price"
    BUDGET = "budget"
    COMPETITOR = "competitor"
    NO_NEED = "no_need"
    NO_ANSWER = "no_answer"
    OTHER = "other"


class Opportunity(BaseModel):
    """An opportunity, as it stands.

    Attributes:
        case_id: The case it comes from; None when it comes from a contract that ends.
        contract: The number of the contract that ends; None when it comes from a case.
        ends_on: The last day of that contract.
        customer_id: Whose it is; None while nobody knows whose case it is.
        reasons: Ids of signals, and of rows of the decision table after `ROW`; the first one first.
        told: Who got a card, in this order, Slack ids; `CHANNEL` for the sales channel. One may be there twice.
        card: Key of the message that holds the card of whoever was told last.
        weight: How grave the gravest reason was when sales was told last; None while nobody has been.
        told_at: When that was.
        due_at: When the next thing happens by itself; None when nothing does.
        taken_by: Who works on it.
        value: What was sold, per term.
        months: The term of what was sold.
        lost_reason: Why it was lost, also where it has come up again since.
        lost_note: What they said about why it was lost, in words.
    """

    model_config = ConfigDict(frozen=True)

    workspace: str
    id: str
    case_id: str | None = None
    contract: str | None = None
    ends_on: date | None = None
    customer_id: str | None = None
    state: OpportunityState = OpportunityState.OPEN
    reasons: tuple[str, ...]
    opened_at: datetime
    told: tuple[str, ...] = ()
    card: str | None = None
    told_at: datetime | None = None
    weight: int | None = None
    due_at: datetime | None = None
    due_move: SalesMove | None = None
    taken_by: str | None = None
    taken_at: datetime | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None
    value: Decimal | None = None
    currency: str | None = None
    months: int | None = None
    lost_reason: LostReason | None = None
    lost_note: str = ""

    @model_validator(mode="after")
    def _comes_from_one(self) -> Self:
        if (self.case_id is None) is (self.contract is None):
            raise ValueError("it comes from a case or from a contract")
        return self

    @property
    def root(self) -> str:
        """What the keys of its cards begin with, after `sales:`: the case's id, else its own."""
        return self.case_id or self.id

    @property
    def asked(self) -> str | None:
        """Who has it now, or `CHANNEL`; None while nobody was told."""
        return self.told[-1] if self.told else None

    @property
    def holder(self) -> str | None:
        """Whose it is: whoever took it, else whoever was told last."""
        return self.taken_by or self.asked


# --- when


def opened(opportunity: Opportunity, policy: SalesPolicy, hours: HoursPolicy) -> Opportunity:
    """A new opportunity, with when sales is told of it."""
    due_at = tell_at(weight(opportunity.reasons, policy), opportunity.opened_at, hours)
    return opportunity.model_copy(update={"due_at": due_at, "due_move": SalesMove.TELL})


def joined(
    opportunity: Opportunity, reasons: Iterable[str], now: datetime, policy: SalesPolicy, hours: HoursPolicy
) -> Opportunity:
    """The opportunity with further reasons; one that is graver than what sales has heard is told anew."""
    after = opportunity.model_copy(update={"reasons": tuple(dict.fromkeys((*opportunity.reasons, *reasons)))})
    new = weight(set(after.reasons) - set(opportunity.reasons), policy)
    if after.reasons == opportunity.reasons or after.state is OpportunityState.WON:
        return after
    move = SalesMove.TELL if after.state is OpportunityState.OPEN else SalesMove.TELL_ANEW
    if move is SalesMove.TELL_ANEW and (
        new <= (after.weight or 0) or (after.state is OpportunityState.LOST and not is_urgent(new))
    ):
        return after
    due_at = tell_at(new, now, hours)
    if after.due_move is move and after.due_at is not None:
        due_at = min(due_at, after.due_at)
    return after.model_copy(update={"due_at": due_at, "due_move": move})


def quiet_until(
    opportunity: Opportunity, others: Sequence[Opportunity], policy: SalesPolicy, hours: HoursPolicy, now: datetime
) -> datetime | None:
    """Until when the first word about a case waits, since sales has just heard about this customer; None for now.

    What is graver than what they heard does not wait.

    Args:
        others: The customer's other opportunities.
    """
    grave, window = weight(opportunity.reasons, policy), timedelta(days=policy.quiet_days)
    lately = [
        each.told_at
        for each in others
        if each.told_at is not None and each.told_at + window > now and (each.weight or 0) >= grave
    ]
    return tell_at(grave, max(lately) + window, hours) if lately else None


# --- who


def in_sales(user: str, setup: Setup, groups: Mapping[str, frozenset[str]]) -> bool:
    """Whether somebody sells, whatever else they are; whether they are one of us is asked elsewhere."""
    return user in members(setup.sales, groups) or manages_sales(user, setup, groups)


def manages_sales(user: str, setup: Setup, groups: Mapping[str, frozenset[str]]) -> bool:
    """Whether somebody is a sales manager."""
    return user in members(setup.sales_managers, groups)


def keepers(record: CustomerRecord | None) -> tuple[str, ...]:
    """Whose account it is, Slack ids: owner or successor, and their backup; nobody's while the customer is unknown."""
    on_file = (record.successor, record.backup) if record else ()
    return tuple(each.slack_user_id for each in on_file if each and each.slack_user_id)


def chain(record: CustomerRecord | None, setup: Setup, groups: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Who is told of a customer, first to last, Slack ids: owner or successor, their backup, the sales managers.

    Of a customer whom nobody knows it is the sales managers. Who of them has left or is none of us is asked of Slack.
    """
    named = setup.sales_managers.users
    return tuple(dict.fromkeys((*keepers(record), *named, *sorted(members(setup.sales_managers, groups)))))


class Seller(BaseModel):
    """Whoever clicks, as they stand at that moment."""

    model_config = ConfigDict(frozen=True)

    user: str
    sells: bool = False
    manages: bool = False


class SalesRefusal(StrEnum):
    """Why a move is not made."""

    NOT_SALES = "not_sales"
    NOT_YOURS = "not_yours"
    TAKEN = "taken"
    SETTLED = "settled"
    NOT_TOLD = "not_told"


def refusal(opportunity: Opportunity, move: SalesMove, seller: Seller) -> SalesRefusal | None:
    """Why this person may not do this; None when they may (*Who clicked decides*).

    Anybody in sales may take what nobody has taken. All else is for whoever has it, the sales managers, and, of what
    went to the sales channel, anybody in sales.
    """
    if not seller.sells or move in BY_ITSELF:
        return SalesRefusal.NOT_SALES
    if opportunity.state in SETTLED:
        return SalesRefusal.SETTLED
    if opportunity.state is OpportunityState.OPEN:
        return SalesRefusal.NOT_TOLD
    if (opportunity.state, move) not in MOVES:
        return SalesRefusal.TAKEN
    if move is SalesMove.TAKE or seller.manages:
        return None
    return None if opportunity.holder in {seller.user, CHANNEL} else SalesRefusal.NOT_YOURS


def may_act(opportunity: Opportunity, seller: Seller) -> bool:
    """Whether this person may do more than take it, as far as it is not settled; the sales channel is everybody's."""
    return seller.user == CHANNEL or refusal(opportunity, SalesMove.WIN, seller) is not SalesRefusal.NOT_YOURS


# --- what becomes of it


class Outcome(BaseModel):
    """What goes with a move.

    Attributes:
        whom: Who gets the card, `CHANNEL` for the sales channel.
    """

    model_config = ConfigDict(frozen=True)

    whom: str = CHANNEL
    until: datetime | None = None
    value: Decimal | None = None
    currency: str | None = None
    months: int | None = None
    lost_reason: LostReason | None = None
    lost_note: str = ""


def is_new_card(opportunity: Opportunity, move: SalesMove) -> bool:
    """Whether a move puts a whole card before somebody; whoever has one in sight gets a word beside it."""
    if move is SalesMove.TELL_ANEW:
        return opportunity.state in {OpportunityState.SNOOZED, OpportunityState.LOST}
    return move in {SalesMove.TELL, SalesMove.WAKE, SalesMove.MOVE_UP, SalesMove.HAND_ON}


def by_itself(opportunity: Opportunity, now: datetime, *, reached: bool = True) -> SalesMove | None:
    """What happens by itself now; None while nothing does.

    Args:
        reached: Whether the last card is out, or still may be; one that reached nobody makes room for the next.
    """
    if opportunity.state is OpportunityState.ASKED and not reached and opportunity.due_at is not None:
        return SalesMove.MOVE_UP
    if opportunity.due_at is None or opportunity.due_at > now:
        return None
    return opportunity.due_move


def moved(
    opportunity: Opportunity,
    move: SalesMove,
    *,
    by: str | None,
    now: datetime,
    policy: SalesPolicy,
    hours: HoursPolicy,
    said: Outcome | None = None,
) -> Opportunity:
    """The opportunity after a move that was not refused, with what happens to it next by itself.

    Args:
        by: Whose move it is; None when it happened by itself.
        said: To whom it goes, until when it sleeps, what was sold or why not.

    Raises:
        KeyError: When it cannot make the move from where it stands.
    """
    said = said or Outcome()
    state = MOVES[opportunity.state, move]
    changed: dict[str, object] = {"state": state, "due_at": None, "due_move": None}
    if is_new_card(opportunity, move):
        changed |= {"told": (*opportunity.told, said.whom), "taken_by": None, "taken_at": None}
        changed["card"] = card_key(opportunity.root, len(opportunity.told))
    if move in TELLS:
        changed |= {"told_at": now, "weight": weight(opportunity.reasons, policy)}
    match move:
        case SalesMove.TAKE:
            changed |= {"taken_by": by, "taken_at": now}
        case SalesMove.SNOOZE:
            changed |= {"due_at": said.until, "due_move": SalesMove.WAKE}
            changed |= {"taken_by": opportunity.taken_by or by}
        case SalesMove.WIN | SalesMove.LOSE:
            changed |= {"settled_by": by, "settled_at": now, "taken_by": opportunity.taken_by or by}
            changed |= said.model_dump(include={"value", "currency", "months", "lost_reason", "lost_note"})
        case SalesMove.TELL_ANEW if opportunity.state is OpportunityState.LOST:
            changed |= {"settled_by": None, "settled_at": None}
    if state is OpportunityState.ASKED:
        wait = timedelta(minutes=policy.answer_within_minutes)
        changed |= {"due_at": working_time_after(now, wait, hours), "due_move": SalesMove.MOVE_UP}
    if state is OpportunityState.TAKEN:
        follow = follow_at(now, policy, hours, opportunity.ends_on)
        changed |= {"due_at": follow, "due_move": FOLLOWED_BY.get(move, SalesMove.REMIND)}
    return opportunity.model_copy(update=changed)


FOLLOWED_BY: Mapping[SalesMove, SalesMove] = {
    SalesMove.REMIND: SalesMove.ESCALATE,
    SalesMove.ESCALATE: SalesMove.LOOK,
    SalesMove.LOOK: SalesMove.LOOK,
}
"""What happens next to what somebody has taken; after all else they are reminded."""


def follow_at(now: datetime, policy: SalesPolicy, hours: HoursPolicy, ends_on: date | None = None) -> datetime:
    """When somebody looks again at what was taken, unless there is news before.

    Args:
        ends_on: Of a contract: nobody asks before the next day on which it would be told of, had nobody taken it.
    """
    soon = working_time_after(now, working_days(policy.follow_taken_days, hours), hours)
    if ends_on is None:
        return soon
    told_on = (ends_on - timedelta(days=each) for each in policy.renewals_ahead_days)
    days = (datetime.combine(each, time(), ZoneInfo(hours.timezone)) for each in told_on)
    later = min((each for each in days if each > now), default=None)
    return max(soon, working_time_after(later, timedelta(0), hours)) if later else soon


def card_key(root: str, at: int) -> str:
    """The outbox key of an opportunity's card number `at`, from 0, by its `root`."""
    return f"sales:{root}" if at == 0 else f"sales:{root}:{at}"


LONGEST_SNOOZE = timedelta(days=180)
MOST_MONTHS = 120


class SnoozeError(StrEnum):
    """What is wrong with the time until which somebody wants to hear nothing."""

    MISSING = "missing"
    PAST = "past"
    TOO_FAR = "too_far"


def snooze_error(until: datetime | None, now: datetime) -> SnoozeError | None:
    """Why it does not sleep until then; None when it can."""
    if until is None:
        return SnoozeError.MISSING
    if until <= now:
        return SnoozeError.PAST
    return SnoozeError.TOO_FAR if until > now + LONGEST_SNOOZE else None

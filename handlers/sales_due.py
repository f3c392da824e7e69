"""What happens to an opportunity by itself: somebody is told, told anew, woken, or passed over for the next (R29)."""

from datetime import datetime, timedelta

import structlog

from bot.case import Case
from bot.sales import (
    CHANNEL,
    FOLLOWS,
    Opportunity,
    OpportunityState,
    Outcome,
    SalesMove,
    by_itself,
    follow_at,
    is_new_card,
    moved,
    quiet_until,
)
from bot.working_hours import after as working_time_after
from handlers import selling
from handlers.sales import OURSELVES, sellers
from handlers.services import Services
from handlers.situation import customer_of, moment
from storage import cases, opportunities

log = structlog.get_logger()


async def happen(services: Services, known: Opportunity) -> None:
    """What happens to one opportunity by itself, unless somebody was quicker.

    Raises:
        UnknownForNowError: When Slack could not be asked who they are.
    """
    with services.casebook.look() as connection:
        case = cases.get(connection, known.workspace, known.case_id) if known.case_id else None
        move = by_itself(known, moment(services), reached=opportunities.reached(connection, known))
    if move is None or (known.case_id and case is None):
        return
    opens = working_time_after(moment(services), timedelta(0), services.playbook.policy.hours)
    if move in FOLLOWS and opens > moment(services):
        _wait(services, known, opens)
        return
    move, whom = await _whom(services, known, move)
    if whom is None:
        _nobody(services, known)
    else:
        await _happen(services, known, case, move, whom)


async def _whom(services: Services, known: Opportunity, move: SalesMove) -> tuple[SalesMove, str | None]:
    """Who is told, and by which move: whoever has it, but for one who is not there any more.

    What somebody here has taken goes to nobody but whoever keeps the account.
    """
    team = await sellers(services)
    if move not in {SalesMove.TELL, SalesMove.MOVE_UP}:
        holder = known.settled_by or known.holder or CHANNEL
        if await team.is_here(holder):
            above = await team.above(holder) if move is SalesMove.ESCALATE else None
            if above is not None:
                return move, above
            return (SalesMove.REMIND if move is SalesMove.ESCALATE else move), holder
        if known.state is not OpportunityState.LOST:
            move = SalesMove.MOVE_UP
    customer = customer_of(services, known.customer_id)
    record = customer.record if customer else None
    if known.state is OpportunityState.TAKEN and await team.is_here(known.holder or CHANNEL):
        return move, await team.keeper(record, but_not=known.told)
    return move, await team.first(record, but_not=known.told)


def _nobody(services: Services, known: Opportunity) -> None:
    """There is nobody to tell: it is tried again later, but for what rests in the channel, where anybody takes it.

    Whoever put something off that is known to be another's now, who is not here, hears of it themselves.
    """
    log.warning("nobody_to_tell", opportunity=known.id, customer=known.customer_id)
    policy, now = services.playbook.policy, moment(services)
    if known.state is OpportunityState.OPEN:
        wait = timedelta(minutes=policy.sales.answer_within_minutes)
        _wait(services, known, working_time_after(now, wait, policy.hours))
        return
    again = follow_at(now, policy.sales, policy.hours)
    with services.casebook.look() as connection:
        reached = opportunities.reached(connection, known)
    if known.state is OpportunityState.TAKEN:
        _wait(services, known, again, SalesMove.REMIND)
    elif known.state is OpportunityState.SNOOZED and known.due_move is SalesMove.MOVE_UP:
        _wait(services, known, working_time_after(now, timedelta(0), policy.hours), SalesMove.WAKE)
    elif known.holder == CHANNEL or not reached:
        _wait(services, known, None)
    else:
        _wait(services, known, again)


def _wait(services: Services, known: Opportunity, until: datetime | None, move: SalesMove | None = None) -> None:
    """Nothing happens before then, or at all; nobody moved anything.

    Args:
        move: What happens then, if not what was due.
    """
    due_move = (move or known.due_move) if until else None
    with services.casebook.begin() as connection:
        opportunities.settle(connection, known, known.model_copy(update={"due_at": until, "due_move": due_move}))


async def _happen(services: Services, known: Opportunity, case: Case | None, move: SalesMove, whom: str) -> None:
    """In one transaction: the state compared and set, the audit row, the cards and the news."""
    policy, now = services.playbook.policy, moment(services)
    read_by = await selling.readers(services, known, case, whom)
    with services.casebook.begin() as connection:
        if case:  # of two cases of one customer, the second sees that sales has just heard
            cases.hold(connection, case.workspace, case.id)
        before = opportunities.get(connection, known.workspace, known.id)
        if before != known:
            return
        if move is SalesMove.TELL:
            whose = known.customer_id
            theirs = opportunities.of_customer(connection, known.workspace, whose) if whose else []
            others = [each for each in theirs if each.id != known.id]
            if later := quiet_until(before, others, policy.sales, policy.hours, now):
                opportunities.settle(connection, before, before.model_copy(update={"due_at": later}))
                return
        selling.make(
            services,
            connection,
            before=before,
            after=moved(
                before,
                move,
                by=None,
                now=now,
                policy=policy.sales,
                hours=policy.hours,
                said=Outcome(whom=whom if is_new_card(before, move) else CHANNEL),
            ),
            move=move,
            case=case,
            actor=OURSELVES,
            read_by=read_by,
            whom=whom,
        )

"""What happens to an opportunity by itself: somebody is told, told anew, woken, or passed over for the next (R29)."""

from datetime import timedelta

import structlog

from bot.case import Case
from bot.sales import (
    CHANNEL,
    Opportunity,
    OpportunityState,
    Outcome,
    SalesMove,
    by_itself,
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
    move, whom = await _whom(services, known, move)
    if whom is None:
        _nobody(services, known)
    else:
        await _happen(services, known, case, move, whom)


async def _whom(services: Services, known: Opportunity, move: SalesMove) -> tuple[SalesMove, str | None]:
    """Who is told, and by which move: whoever has it, but for one who is not there any more."""
    team = await sellers(services)
    if move not in {SalesMove.TELL, SalesMove.MOVE_UP}:
        holder = known.settled_by or known.holder or CHANNEL
        if await team.is_here(holder):
            return move, holder
        if known.state is not OpportunityState.LOST:
            move = SalesMove.MOVE_UP
    customer = customer_of(services, known.customer_id)
    return move, await team.first(customer.record if customer else None, but_not=known.told)


def _nobody(services: Services, known: Opportunity) -> None:
    """There is nobody to tell: what nobody has heard yet is tried again later, all else rests where it is."""
    log.warning("nobody_to_tell", opportunity=known.id, customer=known.customer_id)
    policy = services.playbook.policy
    wait = timedelta(minutes=policy.sales.answer_within_minutes)
    again = working_time_after(moment(services), wait, policy.hours)
    is_new = known.state is OpportunityState.OPEN
    rest: dict[str, object] = {"due_at": again} if is_new else {"due_at": None, "due_move": None}
    with services.casebook.begin() as connection:
        opportunities.settle(connection, known, known.model_copy(update=rest))


async def _happen(services: Services, known: Opportunity, case: Case | None, move: SalesMove, whom: str) -> None:
    """In one transaction: the state compared and set, the audit row, the cards and the news."""
    policy, now = services.playbook.policy, moment(services)
    read_by = await selling.readers(services, known, case, whom)
    with services.casebook.begin() as connection:
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
        )
